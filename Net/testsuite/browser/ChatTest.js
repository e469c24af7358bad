// ChatTest.js
//
// Chromium opens the page of ChatServer several times, and people talk.
//
// Environment: SERVER, the program; see support.js for the rest.
//
// SPDX-License-Identifier: BSL-1.0

"use strict";

const assert = require("node:assert/strict");
const http = require("node:http");
const {after, before, describe, test} = require("node:test");
const {Browser, Page, Server} = require("./support.js");

class ChatPage extends Page {
	async enter(room, name) {
		await this.state("open");
		await this.fill("room", room);
		await this.fill("name", name);
		await this.click("join");
	}

	async say(text) {
		await this.fill("text", text);
		await this.click("say");
	}

	// Waits until the page shows just these.
	async shows(selector, ...texts) {
		const seen = () => this.page.$$eval(selector, elements => elements.map(element => element.textContent));
		await this.page.waitForFunction(([wanted, expected]) => {
			const found = [...document.querySelectorAll(wanted)].map(element => element.textContent);
			return JSON.stringify(found) === expected;
		}, [selector, JSON.stringify(texts)]).catch(async error => {
			throw new Error(`${error.message}; there are ${JSON.stringify(await seen())}, not ${JSON.stringify(texts)}`);
		});
	}

	showsLines(...texts) {
		return this.shows("#lines .text", ...texts);
	}

	showsPeople(...names) {
		return this.shows("#people li", ...names);
	}
}

function suite(extensions, ...options) {
	let browser, server, ann, bob, eve;

	const open = async () => {
		const page = new ChatPage(await browser.newPage());
		await page.page.goto(server.url);
		return page;
	};

	before(async () => {
		server = await Server.start(process.env.SERVER, ...options);
		browser = await Browser.start();
	});

	after(async () => {
		await browser?.stop();
		server?.process.kill("SIGKILL");
	});

	test("opens the pages, which connect", async () => {
		for (const page of [ann, bob, eve] = [await open(), await open(), await open()]) {
			await page.state("open");
			assert.match(await page.text("extensions"), extensions);
			assert.ok(await page.page.isDisabled("#say"));
		}
	});

	test("shows who is in the room", async () => {
		await ann.enter("garden", "Ann");
		await ann.showsPeople("Ann");
		await bob.enter("garden", "Bob");
		await eve.enter("cellar", "Eve");
		await eve.showsPeople("Eve");
		for (const page of [ann, bob]) await page.showsPeople("Ann", "Bob");
		assert.equal(await bob.text("my-name"), "Bob");
		assert.equal(await bob.text("my-room"), "garden");
	});

	const lines = ["Grüße – 世界 🌍", "<img src=x onerror=alert(1)> & <b>bold</b>", "a  b"];

	test("shows to the room what is said, and to no other", async () => {
		await ann.say(lines[0]);
		await bob.say(lines[1]);
		for (const page of [ann, bob]) await page.page.waitForSelector("#lines li:nth-child(2)");
		await ann.page.fill("#text", lines[2]);
		await ann.page.press("#text", "Enter");
		for (const page of [ann, bob]) {
			await page.showsLines(...lines);
			await page.shows("#lines .name", "Ann", "Bob", "Ann");
			await page.shows(`#lines li[data-mine="true"] .name`, ...(page === ann ? ["Ann", "Ann"] : ["Bob"]));
		}
		await eve.say("alone");
		await eve.showsLines("alone");
		assert.equal(await ann.page.$$eval("#lines img, #lines b", elements => elements.length), 0);
	});

	test("shows the history to who comes later", async () => {
		await eve.click("leave");
		await eve.showsPeople();
		await eve.enter("garden", "Eve");
		await eve.showsLines(...lines);
		for (const page of [ann, bob, eve]) await page.showsPeople("Ann", "Bob", "Eve");
	});

	test("refuses a name that somebody has", async () => {
		await eve.click("leave");
		await eve.enter("garden", "Ann");
		await eve.page.waitForFunction(() => document.getElementById("error").textContent.includes("has that name"));
		assert.ok(await eve.page.isDisabled("#say"));
	});

	test("shows who has gone", async () => {
		await bob.page.close();
		await ann.showsPeople("Ann");
	});

	test("shows how busy the server is", async () => {
		await ann.page.waitForFunction(() => document.getElementById("connections").textContent === "2");
		await ann.page.waitForFunction(() => ["connections", "messages", "bytes"].every(name =>
			Number(document.getElementById(`${name}-plot`).dataset.points) >= 3 && Number(document.getElementById(name).textContent) > 0));
		for (const name of ["connections", "messages", "bytes"])
			assert.doesNotMatch(await ann.page.getAttribute(`#${name}-plot .line`, "points"), /NaN/);
		await ann.page.waitForSelector(`#rooms option[value="garden"]`, {state: "attached"});
	});

	// The status code of an opening handshake from a page of another site.
	const refused = () => new Promise((resolve, reject) => {
		http.get(server.url, {headers: {Connection: "Upgrade", Upgrade: "websocket", Origin: "http://elsewhere.example",
			"Sec-WebSocket-Version": 13, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}}, response => {
			response.resume();
			response.on("end", () => resolve(response.statusCode));
		}).on("error", reject);
	});

	test("shows operators what the library counts, and its connections", async () => {
		const rows = () => ann.page.$$eval("#connections-rows tr", elements => elements.map(row => [...row.cells].map(cell => cell.textContent)));
		assert.equal(await refused(), 403);
		await ann.page.click("#operator summary");
		await ann.page.waitForFunction(() => document.getElementById("refused").textContent === "1");
		assert.equal(await ann.text("reasons"), "Refused: origin 1.");
		assert.equal(await ann.text("handshakes"), "3"); // the pages
		assert.equal(await ann.text("abandoned"), "0");
		assert.match(await ann.text("lag"), /^\d+\.\d ms$/);
		const [first, second, ...more] = await rows();
		assert.deepEqual(more, []);
		for (const [id, address, since, messagesIn, messagesOut, bytesIn, bytesOut, queued] of [first, second]) {
			assert.match(id, /^[0-9a-f]{8}$/);
			assert.match(address, /^(127\.0\.0\.1|\[::1\]):\d+$/);
			assert.match(since, /^\d+ (s|min)$/);
			for (const count of [messagesIn, messagesOut, bytesIn, bytesOut]) assert.ok(Number(count) > 0, count);
			assert.match(queued, /^\d+$/);
		}
		assert.notEqual(first[0], second[0]);

		// What happens meanwhile is shown.
		assert.equal(await refused(), 403);
		const late = await open();
		await late.state("open");
		await ann.page.waitForFunction(() => document.getElementById("refused").textContent === "2");
		await ann.page.waitForFunction(() => document.querySelectorAll("#connections-rows tr").length === 3);
		assert.equal(await ann.text("handshakes"), "4");
		await late.page.close();
		await ann.page.waitForFunction(() => document.querySelectorAll("#connections-rows tr").length === 2);
	});

	test("fits on small and large screens", () => ann.fits());

	test("needs no other server, and has no errors", () => {
		for (const page of [ann, bob, eve]) {
			page.needsNoOtherServer(server);
			assert.deepEqual(page.problems, []);
		}
	});

	test("comes back when the server does", async () => {
		const {port} = new URL(server.url);
		assert.equal(await server.stop("SIGTERM"), 0);
		await ann.page.waitForFunction(() => document.getElementById("error").textContent.includes("1001"));
		server = await Server.start(process.env.SERVER, ...options, `--port=${port}`);
		await ann.showsPeople("Ann");
		await ann.page.waitForSelector("#say:enabled");
	});
}

describe("compressed", () => suite(/^permessage-deflate(;|$)/));
describe("not compressed", () => suite(/^none$/, "--no-deflate", "--threads=3"));
