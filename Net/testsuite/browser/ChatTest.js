// ChatTest.js
//
// Chromium opens the page of ChatServer several times, and people talk.
//
// Environment: SERVER, the program; see support.js for the rest.
//
// SPDX-License-Identifier: BSL-1.0

"use strict";

const assert = require("node:assert/strict");
const {spawn} = require("node:child_process");
const crypto = require("node:crypto");
const {once} = require("node:events");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");
const {after, before, describe, test} = require("node:test");
const {Browser, Page, Server} = require("./support.js");

const SECRET = "s".repeat(32);

class ChatPage extends Page {
	static async open(browser, server) {
		const page = new ChatPage(await browser.newPage());
		await page.page.goto(server.url);
		return page;
	}

	async enter(room, name) {
		await this.fill("room", room);
		await this.fill("name", name);
		await this.click("join");
		await this.page.waitForSelector("#say:enabled");
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

	// Waits until the element has a text in which this is.
	async says(id, text) {
		await this.page.waitForFunction(([name, part]) => document.getElementById(name).textContent.includes(part), [id, text]).catch(async error => {
			throw new Error(`${error.message}; #${id} says "${await this.text(id)}", not "${text}"`);
		});
	}

	// The id of the element that has the focus.
	focus() {
		return this.page.evaluate(() => document.activeElement.id);
	}

	async showOperator(token) {
		if (!await this.page.isVisible("#operator-form")) await this.page.click("#operator summary");
		await this.fill("operator-token", token);
		await this.page.press("#operator-token", "Enter");
	}
}

// The page's own client says it, so that much can be said at once.
const publish = (page, from, to) => page.page.evaluate(async ([first, end]) => {
	for (let i = first; i < end; ++i) await client.request({opcode: "publish", channel: roomChannel(), payload: String(i)});
}, [from, to]);

const tokenOf = server => /Token for an operator: (\S+)/.exec(server.errors)[1];

function suite(extensions, ...options) {
	let browser, server, ann, bob, eve;

	const open = () => ChatPage.open(browser, server);

	before(async () => {
		server = await Server.start(process.env.SERVER, "--operator-token", ...options);
		browser = await Browser.start();
	});

	after(async () => {
		await browser?.stop();
		server?.process.kill("SIGKILL");
	});

	test("opens the pages, which connect when a room is entered", async () => {
		for (const page of [ann, bob, eve] = [await open(), await open(), await open()]) {
			await page.state("closed");
			assert.ok(await page.page.isDisabled("#say"));
		}
		await ann.enter("garden", "Ann");
		await ann.state("open");
		assert.match(await ann.text("extensions"), extensions);
	});

	test("shows who is in the room", async () => {
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
		await bob.showsLines(lines[0]);
		await bob.say(lines[1]);
		await ann.showsLines(lines[0], lines[1]);
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

	test("shows the history to who comes later, and names as they are", async () => {
		await eve.click("leave");
		await eve.showsPeople();
		await eve.enter("garden", "<b>E</b>");
		await eve.showsLines(...lines);
		for (const page of [ann, bob, eve]) await page.showsPeople("<b>E</b>", "Ann", "Bob");
		assert.equal(await ann.page.$$eval("#people b", elements => elements.length), 0);
	});

	test("shows who leaves at once", async () => {
		await eve.click("leave");
		for (const page of [ann, bob]) await page.showsPeople("Ann", "Bob");
		await eve.state("closed");
		await eve.enter("garden", "Eve");
		await ann.showsPeople("Ann", "Bob", "Eve");
	});

	test("has messages for one person", async () => {
		await ann.page.click("#people button:has-text(\"Bob\")");
		assert.equal(await ann.text("say-label"), "Message for Bob only");
		assert.equal(await ann.focus(), "text");
		await ann.say("psst");
		for (const page of [ann, bob]) await page.shows("#lines .private .name", "Ann → Bob");
		await bob.showsLines(...lines, "psst");
		await ann.page.press("#text", "Escape");
		assert.equal(await ann.text("say-label"), "Message");
		await ann.say("loud");
		await eve.showsLines(...lines, "loud");
		for (const page of [ann, bob]) await page.showsLines(...lines, "psst", "loud");
		assert.ok(await ann.page.isDisabled("#people button:has-text(\"Ann\")"));

		// Who has gone in the meantime gets nothing, and the text is not lost.
		await ann.page.click("#people button:has-text(\"Eve\")");
		await eve.click("leave");
		await eve.state("closed");
		await ann.page.waitForFunction(() => document.querySelectorAll("#people li").length === 2);
		await ann.say("too late");
		await ann.says("error", "Eve is not here");
		assert.equal(await ann.page.inputValue("#text"), "too late");
		await ann.click("everybody");
		await ann.fill("text", "");
		await eve.enter("garden", "Eve");
	});

	test("shows who is typing", async () => {
		await ann.page.type("#text", "he");
		for (const page of [bob, eve]) await page.says("typing", "Ann is typing");
		await ann.say("hello");
		await bob.page.waitForFunction(() => !document.getElementById("typing").textContent.includes("Ann"));
		await ann.page.type("#text", "x");
		await bob.says("typing", "Ann is typing");
		await bob.page.waitForFunction(() => !document.getElementById("typing").textContent.includes("Ann")); // some seconds later
		assert.doesNotMatch(await ann.text("typing"), /typing/);
		await ann.fill("text", "");
	});

	test("has missed nothing after it was offline", async () => {
		await ann.showsLines(...lines, "psst", "loud", "hello");
		await ann.click("offline");
		await ann.state("closed");
		assert.equal(await ann.text("state"), "offline");
		assert.ok(await ann.page.isDisabled("#say"));
		await bob.say("one");
		await eve.showsLines(...lines, "loud", "hello", "one");
		await eve.say("two");
		await bob.showsLines(...lines, "psst", "loud", "hello", "one", "two");
		await ann.showsLines(...lines, "psst", "loud", "hello");
		await bob.showsPeople("Bob", "Eve"); // after some seconds
		await ann.click("offline");
		await ann.state("open");
		await ann.says("note", "All that you have missed has come: 2 messages.");
		await ann.showsLines(...lines, "psst", "loud", "hello", "one", "two");
		for (const page of [ann, bob, eve]) await page.showsPeople("Ann", "Bob", "Eve");
		await ann.click("offline");
		await ann.state("closed");
		await ann.click("offline");
		await ann.says("note", "You have missed nothing.");
	});

	test("says that it was too much to have all of it", async () => {
		await ann.click("offline");
		await ann.state("closed");
		await publish(bob, 0, 30);
		await publish(eve, 30, 60);
		await ann.click("offline");
		await ann.says("note", "Not all that you have missed could be had");
		await ann.showsLines("psst", ...Array.from({length: 50}, (_, i) => String(i + 10)));
		await bob.says("error", "You write a lot");
	});

	test("says that a message was refused", async () => {
		await bob.page.evaluate(() => {
			for (let i = 0; i < 80; ++i) client.request({opcode: "publish", channel: roomChannel(), payload: "much"}).catch(() => {});
			byId("text").value = "more";
			say();
		});
		await bob.says("error", "Not sent: More than the quota allows.");
		assert.equal(await bob.page.inputValue("#text"), "more");
		await bob.fill("text", "");
	});

	test("tells who has a name that is none", async () => {
		const page = await open();
		await page.page.evaluate(() => { document.getElementById("name").value = "a\u0007b"; });
		await page.click("join");
		await page.says("error", "1 to 24 characters");
		assert.ok(await page.page.isVisible("#join"));
		await page.enter("elsewhere", "Ann"); // in two windows: one person
		await ann.page.waitForSelector("#state[data-state=open]");
		await page.page.close();
	});

	// The status code of an opening handshake from a page of another site.
	const refused = () => new Promise((resolve, reject) => {
		http.get(server.url, {headers: {Connection: "Upgrade", Upgrade: "websocket", Origin: "http://elsewhere.example", "Sec-WebSocket-Version": 13,
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "poco.messaging.json.v1"}}, response => {
			response.resume();
			response.on("end", () => resolve(response.statusCode));
		}).on("error", reject);
	});

	test("shows nothing to who is no operator", async () => {
		await eve.showOperator("nonsense");
		await eve.says("operator-error", "The token is not accepted");
		assert.ok(await eve.page.isHidden("#operator-panel"));
		await eve.showOperator(await eve.page.evaluate(() => fetchToken("Eve")));
		await eve.says("operator-error", "The token does not grant it.");
		assert.ok(await eve.page.isHidden("#operator-panel"));
	});

	test("shows operators what happens", async () => {
		assert.equal(await refused(), 403);
		await ann.showOperator(tokenOf(server));
		await ann.page.waitForSelector("#operator-panel:not([hidden])");
		await ann.says("reasons", "origin 1"); // a browser opens connections in advance, which may time out meanwhile
		assert.ok(Number(await ann.text("refused")) >= 1);
		assert.match(await ann.text("lag"), /^\d+\.\d ms$/);
		await ann.page.waitForFunction(() => document.getElementById("connections").textContent === "4"); // the pages, and the operator
		assert.equal(await ann.text("sessions"), "4");
		assert.equal(await ann.text("channels"), "2"); // the room, and who is typing in it
		assert.equal(await ann.text("subscriptions"), "6");

		const started = Date.now();
		while (Date.now() - started < 30000 && !await ann.page.evaluate(() => Number(document.getElementById("delivered").textContent) > 0)) {
			await eve.page.evaluate(() => client.request({opcode: "publish", channel: roomChannel(), payload: "."}).catch(() => {}));
			await ann.page.evaluate(() => new Promise(resolve => setTimeout(resolve, 300)));
		}
		await ann.page.waitForFunction(() => ["connections", "published", "delivered", "late"].every(name =>
			Number(document.getElementById(`${name}-plot`).dataset.points) >= 3));
		for (const name of ["connections", "published", "delivered", "late"])
			assert.doesNotMatch(await ann.page.getAttribute(`#${name}-plot .line`, "points"), /NaN/);
		assert.ok(await ann.page.evaluate(() => Math.max(...plots.delivered.values) > Math.max(...plots.published.values)));
	});

	test("shows operators the channels with the most subscribers", async () => {
		await ann.page.waitForFunction(() => document.querySelectorAll("#channels-rows tr").length === 2);
		const shown = await ann.page.$$eval("#channels-rows tr", elements => elements.map(row => [...row.cells].map(cell => cell.textContent)));
		assert.deepEqual(shown.map(([name]) => name.replace(/-[^-]*$/, "")).sort(), ["presence-room", "typing"]);
		for (const [name, subscribers, publications, rate] of shown) {
			assert.equal(subscribers, "3");
			assert.ok(Number(publications) > 0 || name.startsWith("typing"));
			assert.match(rate, /^\d+(\.\d)?$/);
		}
	});

	const rows = () => ann.page.$$eval("#connections-rows tr", elements => elements.map(row => [...row.cells].map(cell => cell.textContent)));

	test("shows operators the connections", async () => {
		await ann.page.waitForFunction(() => document.querySelectorAll("#connections-rows tr").length === 4);
		const shown = await rows();
		assert.deepEqual(shown.map(([user]) => user).sort(), ["", "Ann", "Bob", "Eve"]);
		for (const [, session, address, since, messagesIn, messagesOut, bytesIn, bytesOut, queued] of shown) {
			assert.match(session, /^\w+-\w+$/);
			assert.match(address, /^(127\.0\.0\.1|\[::1\]):\d+$/);
			assert.match(since, /^\d+ (s|min)$/);
			for (const count of [messagesIn, messagesOut, bytesIn, bytesOut]) assert.ok(Number(count) > 0, count);
			assert.match(queued, /^\d+$/);
		}
		assert.equal(new Set(shown.map(([, session]) => session)).size, 4);
	});

	test("lets operators end a connection, by keyboard too", async () => {
		const button = "#connections-rows tr:has(td:first-child:text-is(\"Eve\")) button";
		assert.equal(await ann.page.getAttribute(button, "aria-label"), "Disconnect Eve");
		await ann.page.focus(button);
		const before = await ann.page.$eval(button, element => element.closest("tr").cells[6].textContent + element.closest("tr").cells[3].textContent);
		await ann.page.waitForFunction(([text]) => {
			const row = document.activeElement.closest("tr");
			return row && row.cells[6].textContent + row.cells[3].textContent !== text;
		}, [before]); // the table is shown again, and the button keeps the focus
		await ann.page.keyboard.press("Enter");
		await eve.says("error", "An operator has ended your connection.");
		await eve.state("closed");
		assert.equal(await eve.text("offline"), "Come back");
		await ann.page.waitForFunction(() => document.querySelectorAll("#connections-rows tr").length === 3);
		await eve.click("offline");
		await eve.state("open");
		await eve.says("note", "You are back.");
		await ann.page.waitForFunction(() => document.querySelectorAll("#connections-rows tr").length === 4);
		assert.equal(await ann.page.$eval("#connections-rows tr:has(td:first-child:text-is(\"\")) button", element => element.disabled), true); // the operator's own
	});

	test("fits on small and large screens", async () => {
		for (const page of [ann, eve]) await page.fits();
	});

	test("hides the operator's panel again", async () => {
		await ann.click("operator-leave");
		assert.ok(await ann.page.isHidden("#operator-panel"));
		assert.equal(await ann.page.inputValue("#operator-token"), "");
		assert.equal(await ann.focus(), "operator-token");
		assert.deepEqual(await rows(), []);
	});

	test("needs no other server, and has no errors", () => {
		for (const page of [ann, bob, eve]) {
			page.needsNoOtherServer(server);
			assert.deepEqual(page.problems, []);
		}
	});

	test("comes back when the server does", async () => {
		const {port} = new URL(server.url);
		assert.equal(await server.stop("SIGTERM"), 0);
		await ann.says("error", "1001");
		server = await Server.start(process.env.SERVER, ...options, `--port=${port}`);
		for (const page of [ann, bob, eve]) await page.showsPeople("Ann", "Bob", "Eve");
		await ann.says("note", "Not all that you have missed could be had"); // the history has gone with the server
		await ann.page.waitForSelector("#say:enabled");
		await ann.say("again");
		await bob.showsLines("psst", "again");
	});
}

describe("compressed", () => suite(/^permessage-deflate(;|$)/));
describe("not compressed", () => suite(/^none$/, "--no-deflate", "--threads=3"));

// A token of our own, with the secret that the server has.
function sign(claims) {
	const encode = data => Buffer.from(data).toString("base64url");
	const text = `${encode(`{"alg":"HS256"}`)}.${encode(JSON.stringify(claims))}`;
	return `${text}.${crypto.createHmac("sha256", SECRET).update(text).digest("base64url")}`;
}

describe("with a secret in a file", () => {
	let browser, server, folder;

	before(async () => {
		folder = fs.mkdtempSync(path.join(os.tmpdir(), "secret-"));
		fs.writeFileSync(path.join(folder, "secret"), `${SECRET}\n`);
		server = await Server.start(process.env.SERVER, `--secret=${path.join(folder, "secret")}`);
		browser = await Browser.start();
	});

	after(async () => {
		await browser?.stop();
		server?.process.kill("SIGKILL");
		fs.rmSync(folder, {recursive: true, force: true});
	});

	test("a token that runs out is refreshed, and nothing is lost", async () => {
		const page = await ChatPage.open(browser, server);
		const grants = {"presence-room-*": ["read", "publish", "presence", "history"]};
		let tokens = 0;
		await page.page.route("**/token", route => ++tokens > 1 ? route.continue() :
			route.fulfill({body: sign({sub: "Ann", exp: Math.floor(Date.now() / 1000) + 20, grants})})); // is asked for at once
		const answers = [];
		page.page.on("websocket", socket => socket.on("framereceived", ({payload}) => {
			const {opcode, id, limit} = JSON.parse(payload);
			if (opcode === "refresh" && id) answers.push(limit);
		}));
		await page.enter("lobby", "Ann");
		const end = Date.now() + 30000;
		while (answers.length === 0 && Date.now() < end) await page.page.evaluate(() => new Promise(resolve => setTimeout(resolve, 20)));
		assert.equal(tokens, 2);
		assert.ok(answers[0] > 3000, answers);
		await page.say("still here");
		await page.showsLines("still here");
		await page.state("open");
		await page.page.close();
	});

	test("a connection that is cut comes back by itself, again and again", async () => {
		const page = await ChatPage.open(browser, server);
		await page.enter("cuts", "Ann");
		for (let i = 0; i < 3; ++i) { // the first time nothing was said yet
			await page.showsLines(...Array.from({length: i}, (_, j) => `after cut ${j}`));
			await page.page.evaluate(() => client.socket.close());
			await page.page.waitForSelector("#say:disabled");
			await page.page.waitForSelector("#say:enabled");
			await page.says("note", "You have missed nothing.");
			await page.say(`after cut ${i}`);
		}
		await page.page.close();
	});

	test("what nobody knows to be published is published again, once and in order", async () => {
		const page = await ChatPage.open(browser, server);
		const other = await ChatPage.open(browser, server);
		await page.enter("again", "Ann");
		await other.enter("again", "Bob");
		await page.page.evaluate(() => {
			const send = client.socket.send.bind(client.socket);
			client.socket.send = text => {
				send(text);
				if (text.includes("two")) setTimeout(() => client.socket.onmessage = null); // the answer does not come
				if (text.includes("two")) setTimeout(() => client.socket.close(), 200);
			};
			for (const text of ["one", "two", "three"]) client.publish(roomChannel(), text);
		});
		for (const each of [page, other]) await each.showsLines("one", "two", "three");
		await page.page.waitForSelector("#say:enabled");
		await page.say("four");
		for (const each of [page, other]) await each.showsLines("one", "two", "three", "four");
		for (const each of [page, other]) await each.page.close();
	});

	test("an acknowledged message that comes again is shown once", async () => {
		const page = await ChatPage.open(browser, server);
		const other = await ChatPage.open(browser, server);
		await page.enter("private", "Ann");
		await other.enter("private", "Bob");
		await page.showsPeople("Ann", "Bob");
		await other.page.evaluate(() => {
			const send = client.socket.send.bind(client.socket);
			client.dropped = 0;
			client.socket.send = text => text.includes('"ack"') && client.dropped++ === 0 || send(text);
		});
		await page.page.click("#people button:has-text(\"Bob\")");
		await page.say("psst");
		await page.shows("#lines .private .text", "psst"); // when the second one is acknowledged
		await other.shows("#lines .private .text", "psst");
		assert.equal(await other.page.evaluate(() => client.dropped), 2);
		for (const each of [page, other]) await each.page.close();
	});

	test("can be used by keyboard only", async () => {
		const page = await ChatPage.open(browser, server);
		const other = await ChatPage.open(browser, server);
		await other.enter("keys", "Bob");
		const {keyboard} = page.page;
		assert.equal(await page.focus(), "name");
		await keyboard.press("Shift+Tab");
		assert.equal(await page.focus(), "room");
		await keyboard.press("Control+a");
		await keyboard.type("keys");
		await keyboard.press("Tab");
		await keyboard.type("Ann");
		await keyboard.press("Enter");
		await page.showsPeople("Ann", "Bob");
		await page.page.waitForFunction(() => document.activeElement.id === "text");
		await keyboard.type("by keyboard");
		await keyboard.press("Enter");
		await other.showsLines("by keyboard");

		// Back to Bob's name.
		const reach = async (found, key) => {
			for (let i = 0; i < 30; ++i) {
				if (await page.page.evaluate(found)) return;
				await keyboard.press(key);
				const [width, style] = await page.page.evaluate(() => {
					const {outlineWidth, outlineStyle} = getComputedStyle(document.activeElement);
					return [parseFloat(outlineWidth), outlineStyle];
				});
				assert.ok(width >= 1 && style !== "none", "The focus can be seen");
			}
			assert.fail(`Cannot be reached: ${found}`);
		};
		await reach(() => document.activeElement.textContent === "Bob" && document.activeElement.tagName === "BUTTON", "Shift+Tab");
		await keyboard.press("Enter");
		assert.equal(await page.focus(), "text");
		await keyboard.type("only you");
		await keyboard.press("Enter");
		await other.shows("#lines .private .text", "only you");
		await page.showsLines("by keyboard", "only you");
		await keyboard.press("Escape");
		assert.equal(await page.text("say-label"), "Message");
		await reach(() => document.activeElement.id === "offline", "Shift+Tab");
		await keyboard.press("Enter");
		await page.state("closed");
		await keyboard.press("Space");
		await page.state("open");
		await page.says("note", "You have missed nothing.");
		await reach(() => document.activeElement.tagName === "SUMMARY", "Tab");
		await keyboard.press("Enter");
		await reach(() => document.activeElement.id === "operator-token", "Tab");
		await keyboard.type("nonsense");
		await keyboard.press("Enter");
		await page.says("operator-error", "not accepted");
		await reach(() => document.activeElement.id === "leave", "Shift+Tab");
		await keyboard.press("Enter");
		await other.showsPeople("Bob");
		assert.equal(await page.focus(), "name");
		for (const element of await page.page.$$("input, button, ol, ul, svg[role]")) {
			const name = await element.evaluate(node => node.labels?.[0]?.textContent.trim() || node.getAttribute("aria-label") || node.textContent.trim());
			assert.ok(name, await element.evaluate(node => node.outerHTML));
		}
		assert.deepEqual(page.problems, []);
		for (const each of [page, other]) await each.page.close();
	});

	test("can be read in the light and in the dark", async () => {
		const page = await ChatPage.open(browser, server);
		await page.enter("light", "Ann");
		await page.say("hello");
		await page.page.click("#operator summary");
		const backgrounds = new Set();
		for (const colorScheme of ["light", "dark"]) {
			await page.page.emulateMedia({colorScheme});
			const poor = await page.page.evaluate(() => {
				const channels = color => color.match(/[\d.]+/g).map(Number);
				const light = ([r, g, b]) => {
					const [x, y, z] = [r, g, b].map(c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
					return 0.2126 * x + 0.7152 * y + 0.0722 * z;
				};
				const behind = element => {
					for (let node = element; node; node = node.parentElement) {
						const color = channels(getComputedStyle(node).backgroundColor);
						if ((color[3] ?? 1) === 1) return color;
					}
					return [255, 255, 255];
				};
				const contrast = element => {
					const [a, b] = [light(channels(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
					return (a + 0.05) / (b + 0.05);
				};
				return [...document.querySelectorAll("h1, h2, p, label, input, button, time, bdi, .state, #lines .text")]
					.filter(element => element.checkVisibility() && !element.disabled).map(element => [element.id || element.tagName, contrast(element)]).filter(([, value]) => value < 4.5);
			});
			assert.deepEqual(poor, [], colorScheme); // WCAG 2.1, 1.4.3
			backgrounds.add(await page.page.evaluate(() => getComputedStyle(document.body).backgroundColor));
			await page.fits();
			await page.page.setViewportSize({width: 1280, height: 860});
		}
		assert.equal(backgrounds.size, 2);
		await page.page.close();
	});
});

describe("as a node", () => {
	let browser, server;

	const start = (...options) => Server.start(process.env.SERVER, "--name=north", "--drain=2", "--operator-token", ...options);
	const ready = async () => (await fetch(`${server.url}health/ready`)).status;

	before(async () => {
		server = await start();
		browser = await Browser.start();
	});

	after(async () => {
		await browser?.stop();
		server?.process.kill("SIGKILL");
	});

	test("says its name, to operators too", async () => {
		const page = await ChatPage.open(browser, server);
		await page.enter("lobby", "Ann");
		await page.says("node", "north");
		assert.ok(await page.page.isVisible("#node-note"));
		await page.showOperator(tokenOf(server));
		await page.says("operator-node", "north");
		await page.page.waitForFunction(() => document.querySelectorAll("#connections-rows tr").length === 2);
		assert.ok(page.requests.includes(`${server.url}connections?node=north`));
		await page.page.close();
	});

	test("drains: it is not ready first, and then sends its clients elsewhere", async () => {
		const page = await ChatPage.open(browser, server);
		await page.enter("lobby", "Ann");
		assert.equal(await ready(), 200);
		const {port} = new URL(server.url);
		const ended = server.stop("SIGTERM");
		while (await ready() === 200);
		assert.equal(await ready(), 503);
		await page.state("open"); // as yet
		await page.say("still here");
		await page.showsLines("still here");
		await page.says("error", "1012");
		assert.equal(await ended, 0);
		server = await start(`--port=${port}`);
		await page.page.waitForSelector("#say:enabled");
		await page.page.close();
	});

	const refused = async (...options) => {
		const child = spawn(process.env.SERVER, ["--port=0", ...options], {stdio: ["ignore", "ignore", "pipe"]});
		let text = "";
		child.stderr.on("data", data => { text += data; });
		const [code] = await once(child, "close");
		return [code, text];
	};

	test("refuses a proxy that is no address", async () => {
		const [code, text] = await refused("--trusted-proxy=127.0.0.1", "--trusted-proxy=balancer");
		assert.equal(code, 64);
		assert.match(text, /--trusted-proxy: .*balancer/);
	});

	test("needs the secret of the others", async () => {
		const [code, text] = await refused("--redis=redis://127.0.0.1:1/0");
		assert.equal(code, 64);
		assert.match(text, /--redis: needs --secret/);
	});

	test("says why it cannot be one", async () => {
		const folder = fs.mkdtempSync(path.join(os.tmpdir(), "secret-"));
		fs.writeFileSync(path.join(folder, "secret"), SECRET);
		const [code, text] = await refused(`--secret=${path.join(folder, "secret")}`, "--redis=redis://:hush@127.0.0.1:1/0");
		fs.rmSync(folder, {recursive: true});
		if (code === 64) assert.match(text, /built without Poco::MessagingRedis/);
		else {
			assert.equal(code, 69);
			assert.match(text, /--redis: .*127\.0\.0\.1.*1.*refused/i);
		}
		assert.doesNotMatch(text, /hush/);
	});
});
