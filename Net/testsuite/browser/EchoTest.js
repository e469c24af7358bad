// EchoTest.js
//
// Chromium opens the page of EchoServer, and uses it as a person would.
//
// Environment: SERVER, the program; see support.js for the rest.
//
// SPDX-License-Identifier: BSL-1.0

"use strict";

const assert = require("node:assert/strict");
const {execFileSync} = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const {after, before, describe, test} = require("node:test");
const {Browser, Page, Server} = require("./support.js");

// The page as its user sees it.
class EchoPage extends Page {
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
	let browser, server, echo;

	before(async () => {
		server = await Server.start(process.env.SERVER, ...serverOptions());
		browser = await Browser.start(...browserOptions);
		echo = new EchoPage(await browser.newPage());
		await echo.page.goto(server.url);
	});

	after(async () => {
		await browser?.stop();
		server?.process.kill("SIGKILL");
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

	test("fits on small and large screens", () => echo.fits());

	test("needs no other server, and has no errors", () => {
		echo.needsNoOtherServer(server);
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

const MESSAGES = "--engine=messages"; // the default is events
const FRAMES = "--engine=frames";

describe("http", () => suite(NONE, () => [], []));
describe("http, compressed", () => suite(DEFLATE, () => ["--deflate"], []));
describe("http, messages", () => suite(NONE, () => [MESSAGES], []));
describe("http, messages, compressed", () => suite(DEFLATE, () => [MESSAGES, "--deflate"], []));
describe("http, frames", () => suite(NONE, () => [FRAMES], []));

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
	describe("messages, compressed", () => secure(DEFLATE, MESSAGES, "--deflate"));
});
