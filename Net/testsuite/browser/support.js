// support.js
//
// What the browser tests share: servers of ours, and Chromium.
//
// Environment: CHROMIUM, the browser (/usr/bin/chromium).
//
// SPDX-License-Identifier: BSL-1.0

"use strict";

const assert = require("node:assert/strict");
const {spawn} = require("node:child_process");
const {once} = require("node:events");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");
const {chromium} = require("playwright-core");

const DEADLINE = 30000; // ms for anything a page is waited for
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const CHROMIUM_ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync"];

// A program of ours that listens on a free port.
class Server {
	static async start(program, ...options) {
		const server = new Server();
		const port = options.some(option => option.startsWith("--port=")) ? [] : ["--port=0"];
		server.process = spawn(program, [...port, ...options], {stdio: ["ignore", "pipe", "pipe"]});
		server.errors = ""; // what it says on the standard error output
		server.process.stderr.on("data", data => {
			server.errors += data;
			process.stderr.write(data);
		});
		server.output = ""; // what it says on the standard output
		server.process.stdout.on("data", data => { server.output += data; });
		server.exit = once(server.process, "exit");
		const lines = readline.createInterface({input: server.process.stdout});
		const first = await Promise.race([once(lines, "line"), server.exit]);
		const match = /^(EchoServer|ChatServer|Cluster) listening on (https?:\/\/localhost:\d+\/)$/.exec(first[0]);
		assert.ok(match, `The server says: ${first}`);
		server.url = match[2];
		server.webSocketURL = server.url.replace(/^http/, "ws");
		return server;
	}

	// Returns the exit code.
	async stop(signal) {
		this.process.kill(signal);
		return (await this.exit)[0];
	}
}

// Chromium, with a profile of its own.
class Browser {
	static async start(...options) {
		assert.ok(fs.existsSync(CHROMIUM), `There is no Chromium at ${CHROMIUM}; the variable CHROMIUM says where it is.`);
		const browser = new Browser();
		browser.folder = fs.mkdtempSync(path.join(os.tmpdir(), "browser-"));
		browser.context = await chromium.launchPersistentContext(browser.folder, {
			executablePath: CHROMIUM, args: [...CHROMIUM_ARGUMENTS, ...options], viewport: {width: 1280, height: 860}});
		return browser;
	}

	newPage() {
		return this.context.newPage();
	}

	async stop() {
		await this.context.close();
		fs.rmSync(this.folder, {recursive: true, force: true, maxRetries: 10});
	}
}

// A page as its user sees it.
class Page {
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

	async fits() {
		for (const width of [320, 400, 768, 1280]) {
			await this.page.setViewportSize({width, height: 860});
			const needed = await this.page.evaluate(() => document.documentElement.scrollWidth);
			assert.ok(needed <= width, `${needed} of ${width} pixels`);
		}
	}

	needsNoOtherServer(server) {
		for (const url of this.requests)
			assert.ok(url.startsWith(server.url) || url.startsWith("data:"), url);
	}
}

module.exports = {Browser, Page, Server};
