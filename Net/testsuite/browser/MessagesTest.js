// MessagesTest.js
//
// Chromium opens the ten-line page of docs/messaging.md twice.
//
// Environment: SERVER, the program Messages; PAGE, its page; see support.js for the rest.
//
// SPDX-License-Identifier: BSL-1.0

"use strict";

const assert = require("node:assert/strict");
const {spawn} = require("node:child_process");
const {once} = require("node:events");
const readline = require("node:readline");
const {after, before, test} = require("node:test");
const {Browser, Page} = require("./support.js");

let browser, server, url;

before(async () => {
	server = spawn(process.env.SERVER, [process.env.PAGE, "127.0.0.1:0"], {stdio: ["pipe", "pipe", "inherit"]});
	const [line] = await once(readline.createInterface({input: server.stdout}), "line");
	url = line.split(",")[0].replace("localhost", "127.0.0.1");
	browser = await Browser.start();
});

after(async () => {
	await browser?.stop();
	server?.kill("SIGKILL");
});

test("shows in both pages what is said in one, and the history to who comes later", async () => {
	const open = async () => {
		const page = new Page(await browser.newPage());
		await page.page.goto(url);
		return page;
	};
	const shows = (page, ...texts) => page.page.waitForFunction(expected =>
		JSON.stringify([...document.querySelectorAll("li")].map(element => element.textContent)) === expected, JSON.stringify(texts));
	const first = await open();
	const second = await open();
	for (const page of [first, second]) await page.page.waitForFunction(() => socket.readyState === WebSocket.OPEN);
	await first.page.fill("#text", "<b>one</b>");
	await first.page.press("#text", "Enter");
	for (const page of [first, second]) await shows(page, "<b>one</b>");
	await second.page.fill("#text", "two");
	await second.page.click("button");
	const third = await open();
	for (const page of [first, second]) await shows(page, "<b>one</b>", "two");
	await shows(third, "<b>one</b>", "two");
	for (const page of [first, second, third]) assert.deepEqual(page.problems, []);
	server.stdin.write("\n");
	assert.deepEqual(await once(server, "exit"), [0, null]);
});
