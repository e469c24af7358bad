// BrowserTest.js
//
// Chromium opens the page of EchoServer, and uses it as a person would.
//
// Environment: ECHO_SERVER, the program; CHROMIUM, the browser (/usr/bin/chromium).
//
// SPDX-License-Identifier: BSL-1.0

"use strict";

const assert = require("node:assert/strict");
const {execFileSync, spawn} = require("node:child_process");
const {once} = require("node:events");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");
const {after, before, describe, test} = require("node:test");
const {chromium} = require("playwright-core");

const DEADLINE = 30000; // ms for anything the page is waited for
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const CHROMIUM_ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync"];

class EchoServer {
	static async start(...options) {
		const server = new EchoServer();
		server.process = spawn(process.env.ECHO_SERVER, ["--port=0", ...options], {stdio: ["ignore", "pipe", "inherit"]});
		server.exit = once(server.process, "exit");
		const lines = readline.createInterface({input: server.process.stdout});
		const first = await Promise.race([once(lines, "line"), server.exit]);
		const match = /^EchoServer listening on (https?:\/\/localhost:\d+\/)$/.exec(first[0]);
		assert.ok(match, `EchoServer says: ${first}`);
		server.url = match[1];
		server.webSocketURL = server.url.replace(/^http/, "ws");
		return server;
	}

	// Returns the exit code.
	async stop(signal) {
		this.process.kill(signal);
		return (await this.exit)[0];
	}
}

// The page as its user sees it.
class EchoPage {
	constructor(page) {
		this.page = page;
		this.problems = [];
		this.requests = [];
		page.setDefaultTimeout(DEADLINE);
		page.on("pageerror", error => this.problems.push(String(error)));
		page.on("console", message => {
			if (message.type() === "error") this.problems.push(message.text());
		});
		page.on("request", request => this.requests.push(request.url()));
	}

	click(id) {
		return this.page.click(`#${id}`);
	}

	fill(id, text) {
		return this.page.fill(`#${id}`, text);
	}

	text(id) {
		return this.page.textContent(`#${id}`);
	}

	state(name) {
		return this.page.waitForSelector(`#state[data-state="${name}"]`);
	}

	async connect() {
		await this.click("connect");
		await this.state("open");
	}

	// The rows of the log, when there are that many of those wanted.
	async log(count, wanted) {
		await this.page.waitForFunction(([selector, number]) =>
			document.querySelectorAll(selector).length >= number, [`#log li${wanted}`, count]);
		return this.page.$$eval(`#log li${wanted}`, rows => rows.map(row => ({
			...row.dataset, preview: row.querySelector(".preview").textContent})));
	}

	// Checks that what was sent last came back, as a message of that kind.
	async comesBack(number, type, size, preview) {
		for (const direction of ["out", "in"]) {
			const rows = await this.log(number, `[data-direction="${direction}"]:is([data-type="text"],[data-type="binary"])`);
			assert.equal(rows.length, number);
			assert.deepEqual(rows[number - 1], {direction, type, size: String(size), preview});
		}
	}
}

function hexDump(bytes) {
	return [...bytes.subarray(0, 32)].map(byte => byte.toString(16).padStart(2, "0")).join(" ")
		+ (bytes.length > 32 ? " …" : "");
}

// The tests; made for each way to serve the page. extensions: what browser and server agree on.
function suite(extensions, serverOptions, browserOptions) {
	let folder, context, server, echo;

	before(async () => {
		assert.ok(fs.existsSync(CHROMIUM), `There is no Chromium at ${CHROMIUM}; the variable CHROMIUM says where it is.`);
		server = await EchoServer.start(...serverOptions());
		folder = fs.mkdtempSync(path.join(os.tmpdir(), "browser-"));
		context = await chromium.launchPersistentContext(folder, {
			executablePath: CHROMIUM, args: [...CHROMIUM_ARGUMENTS, ...browserOptions], viewport: {width: 1280, height: 860}});
		echo = new EchoPage(await context.newPage());
		await echo.page.goto(server.url);
	});

	after(async () => {
		await context?.close();
		server?.process.kill("SIGKILL");
		if (folder) fs.rmSync(folder, {recursive: true, force: true, maxRetries: 10});
	});

	test("opens the page, which knows its server", async () => {
		assert.equal(await echo.page.title(), "WebSocket echo");
		assert.equal(await echo.page.inputValue("#url"), server.webSocketURL);
		assert.equal(await echo.text("state"), "closed");
		for (const id of ["disconnect", "send-text", "send-hex", "send-file"])
			assert.ok(await echo.page.isDisabled(`#${id}`), id);
		for (const id of ["extensions", "protocol"]) assert.equal(await echo.text(id), "–");
	});

	test("connects", async () => {
		await echo.connect();
		assert.ok(await echo.page.isDisabled("#connect"));
		assert.match(await echo.text("extensions"), extensions);
		assert.equal(await echo.text("protocol"), "none");
	});

	let messages = 0;

	test("sends text, and gets it back", async () => {
		for (const text of ["Hello", "Grüße aus Kärnten – 世界 🌍", "two\nlines", "", "x".repeat(400)]) {
			await echo.fill("text", text);
			await echo.click("send-text");
			await echo.comesBack(++messages, "text", Buffer.byteLength(text), text);
		}
		await echo.fill("text", "sent by the Enter key");
		await echo.page.press("#text", "Enter");
		await echo.comesBack(++messages, "text", 21, "sent by the Enter key");
	});

	test("sends bytes, and gets them back", async () => {
		for (const [text, dump] of [["00 01 7f 80 FF", "00 01 7f 80 ff"], ["", ""], ["0xde, 0xad:beef", "de ad be ef"]]) {
			await echo.fill("hex", text);
			await echo.click("send-hex");
			await echo.comesBack(++messages, "binary", dump.split(" ").filter(Boolean).length, dump);
		}
		await echo.fill("hex", "abc");
		await echo.click("send-hex");
		assert.match(await echo.text("error"), /hexadecimal/);
	});

	test("sends a file of 1 MiB, and gets it back", async () => {
		const content = Buffer.from(Uint8Array.from({length: 1 << 20}, (_, i) => (i * 31 + (i >> 8)) & 0xff));
		await echo.page.setInputFiles("#file", {name: "file.bin", mimeType: "application/octet-stream", buffer: content});
		await echo.click("send-file");
		await echo.comesBack(++messages, "binary", 1 << 20, hexDump(content));
		assert.equal(await echo.text("count-in"), String(messages));
		assert.equal(await echo.text("count-out"), String(messages));
	});

	for (const content of ["bytes", "text"]) {
		test(`gets every byte of 1 MiB of ${content} back`, async () => {
			const outcome = await echo.page.evaluate(([url, asText]) => new Promise((resolve, reject) => {
				const bytes = Uint8Array.from({length: 1 << 20}, (_, i) => (i * 7 + (i >> 10)) & (asText ? 0x7f : 0xff));
				const sent = asText ? new TextDecoder().decode(bytes) : bytes;
				const socket = new WebSocket(url + "another/path?query");
				socket.binaryType = "arraybuffer";
				socket.onerror = () => reject(new Error("failed"));
				socket.onopen = () => socket.send(sent);
				socket.onmessage = event => {
					const received = asText ? event.data : new Uint8Array(event.data);
					const {extensions} = socket;
					socket.close(1000);
					socket.onclose = closed => resolve({
						same: asText ? received === sent : received.length === sent.length && received.every((byte, i) => byte === sent[i]),
						code: closed.code, clean: closed.wasClean, extensions: extensions || "none"});
				};
			}), [server.webSocketURL, content === "text"]);
			assert.match(outcome.extensions, extensions);
			delete outcome.extensions;
			assert.deepEqual(outcome, {same: true, code: 1000, clean: true});
		});
	}

	test("plots the round-trip times", async () => {
		await echo.page.waitForFunction(() => Number(document.getElementById("latency-plot").dataset.points) >= 5);
		const points = await echo.page.getAttribute("#latency-plot .line", "points");
		assert.ok(points.split(" ").length >= 5, points);
		assert.doesNotMatch(points, /NaN/);
		for (const id of ["latency-last", "latency-median", "latency-max"])
			assert.match(await echo.text(id), /^\d+(\.\d\d)? ms$/);
		assert.ok(Number(await echo.text("latency-count")) >= 5);
	});

	test("shows the round-trip messages if asked to", async () => {
		await echo.click("clear");
		assert.equal(await echo.page.$$eval("#log li", rows => rows.length), 0);
		await echo.click("log-measuring");
		const [row] = await echo.log(1, `[data-direction="in"]`);
		assert.match(row.preview, /^round trip \d+$/);
		await echo.click("log-measuring");
		await echo.click("measure");
		await echo.click("clear");
	});

	test("refuses close codes that a browser may not send", async () => {
		await echo.fill("close-code", "1001");
		await echo.click("disconnect");
		assert.match(await echo.text("error"), /1001/);
		assert.equal(await echo.text("state"), "open");
	});

	test("closes with the code and reason of the user's choice", async () => {
		await echo.fill("close-code", "4001");
		await echo.fill("close-reason", "genug für heute");
		await echo.click("disconnect");
		const [sent] = await echo.log(1, `[data-direction="out"][data-type="close"]`);
		assert.equal(sent.preview, "code 4001, reason “genug für heute”");
		const [row] = await echo.log(1, `[data-direction="in"][data-type="close"]`);
		assert.equal(row.code, "4001");
		assert.equal(row.clean, "true");
		assert.match(row.preview, /^code 4001(, reason “genug für heute”)?$/); // the answer need not repeat the reason
		await echo.state("closed");
		assert.ok(await echo.page.isHidden("#error"));
	});

	test("connects again, and closes without a code", async () => {
		await echo.click("clear");
		await echo.connect();
		await echo.fill("close-code", "");
		await echo.fill("close-reason", "");
		await echo.click("disconnect");
		const [row] = await echo.log(1, `[data-direction="in"][data-type="close"]`);
		assert.equal(row.code, "1005");
		assert.equal(row.clean, "true");
	});

	test("fits on small and large screens", async () => {
		for (const width of [320, 400, 768, 1280]) {
			await echo.page.setViewportSize({width, height: 860});
			const needed = await echo.page.evaluate(() => document.documentElement.scrollWidth);
			assert.ok(needed <= width, `${needed} of ${width} pixels`);
		}
	});

	test("needs no other server, and has no errors", () => {
		for (const url of echo.requests)
			assert.ok(url.startsWith(server.url) || url.startsWith("data:"), url);
		assert.deepEqual(echo.problems, []);
	});

	test("sees code 1001 when the server is stopped", async () => {
		await echo.click("clear");
		await echo.connect();
		assert.equal(await server.stop("SIGTERM"), 0);
		const [row] = await echo.log(1, `[data-direction="in"][data-type="close"]`);
		assert.equal(row.code, "1001");
		assert.equal(row.clean, "true");
		await echo.state("closed");
	});

	test("says so when there is no server", async () => {
		await echo.click("clear");
		await echo.click("connect");
		const [row] = await echo.log(1, `[data-direction="in"][data-type="close"]`);
		assert.equal(row.code, "1006");
		assert.equal(row.clean, "false");
		await echo.state("closed");
	});
}

const NONE = /^none$/;
const DEFLATE = /^permessage-deflate(;|$)/;

describe("http", () => suite(NONE, () => [], []));
describe("http, frames", () => suite(NONE, () => ["--engine=frames"], []));
describe("http, compressed", () => suite(DEFLATE, () => ["--deflate"], []));

describe("https", () => {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "certificate-"));
	const certificate = path.join(folder, "certificate.pem");
	const key = path.join(folder, "key.pem");
	const secure = (extensions, ...options) => suite(extensions,
		() => ["--tls", "--certificate", certificate, "--key", key, ...options], ["--ignore-certificate-errors"]);
	before(() => execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
		"-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
		"-addext", "subjectAltName=DNS:localhost"], {stdio: "pipe"}));
	after(() => fs.rmSync(folder, {recursive: true, force: true}));
	describe("plain", () => secure(NONE));
	describe("compressed", () => secure(DEFLATE, "--deflate"));
});
