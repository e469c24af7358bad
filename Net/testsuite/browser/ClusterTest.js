// ClusterTest.js
//
// Chromium opens the page of Cluster, and the chat several times. While people talk all the time, a node and Redis are killed and a node is drained, by the
// page's buttons: each page shows each message once, and all pages show them in the same order.
//
// Environment: SERVER, the program; see support.js for the rest.
//
// SPDX-License-Identifier: BSL-1.0

"use strict";

const assert = require("node:assert/strict");
const {spawn} = require("node:child_process");
const {once} = require("node:events");
const http = require("node:http");
const net = require("node:net");
const {after, before, describe, test} = require("node:test");
const {Browser, Page, Server} = require("./support.js");

const NODES = ["n1", "n2", "n3"];
const MAX_PEOPLE = 9;
const DEADLINE = 20000; // ms, for what is refused
const LONG = 60000; // ms, for what takes a program to start or to be noticed

class ClusterPage extends Page {
	static async open(browser, url) {
		const page = new ClusterPage(await browser.newPage());
		await page.page.goto(url);
		return page;
	}

	press(what, name) {
		return this.page.click(`.node[data-name="${name}"] [data-do="${what}"]`);
	}

	nodeIs(name, state) {
		return this.page.waitForSelector(`.node[data-name="${name}"][data-state="${state}"]`, {timeout: LONG});
	}

	redisIs(state) {
		return this.page.waitForSelector(`#redis-state[data-state="${state}"]`, {timeout: LONG});
	}

	// Waits until the balancer says so of the node, too.
	balancerSays(name, status) {
		return this.page.waitForSelector(`.node[data-name="${name}"] .balancer:text-is("${status}")`, {timeout: LONG});
	}

	watcher(i) {
		return this.page.locator("#map .box").nth(i);
	}

	async allReady() {
		await this.redisIs("ready");
		for (const name of NODES) {
			await this.nodeIs(name, "ready");
			await this.balancerSays(name, "up");
		}
	}

	async count(id) {
		return Number(await this.text(id));
	}

	async sends(count) {
		const before = await this.count("sent");
		await this.page.waitForFunction(wanted => Number(document.getElementById("sent").textContent) >= wanted, before + count, {timeout: LONG});
	}

	// Waits until between two looks at the nodes so many messages have been sent.
	sendsAtOnce(count) {
		return this.page.evaluate(([wanted, time]) => new Promise((resolve, reject) => {
			const sent = byId("sent");
			let last = Number(sent.textContent);
			const observer = new MutationObserver(() => {
				const now = Number(sent.textContent);
				if (now - last >= wanted) resolve(observer.disconnect());
				last = now;
			});
			observer.observe(sent, {childList: true});
			setTimeout(() => reject(new Error("No " + wanted + " messages between two looks")), time);
		}), [count, LONG / 2]);
	}

	async says(id, text) {
		await this.page.waitForFunction(([name, expected]) => document.getElementById(name).textContent === expected, [id, text], {timeout: LONG});
	}
}

class Person extends Page {
	static async open(browser, url, name) { // with ?node=NAME in the URL, at that node
		const person = new Person(await browser.newPage());
		person.name = name;
		await person.page.goto(url);
		await person.fill("name", name);
		await person.click("join");
		await person.in();
		return person;
	}

	in() {
		return this.page.waitForSelector("#say:enabled", {timeout: LONG});
	}

	async node() {
		await this.in();
		await this.page.waitForFunction(() => document.getElementById("node").textContent !== "");
		return this.text("node");
	}

	// Says a number each second, until it is told to be silent.
	talk() {
		return this.page.evaluate(name => {
			window.said = 0;
			window.notes = new Set();
			new MutationObserver(() => notes.add(byId("note").textContent)).observe(byId("note"), {childList: true});
			window.talking = (async () => {
				for (window.silent = false; !window.silent; await new Promise(resolve => setTimeout(resolve, 1000))) {
					await client.publish(roomChannel(), `${name} ${++window.said}`);
				}
				return window.said;
			})();
		}, this.name);
	}

	said() {
		return this.page.evaluate(() => window.said);
	}

	async saysMore(count) {
		const before = await this.said();
		await this.page.waitForFunction(wanted => window.said >= wanted, before + count, {timeout: LONG});
	}

	// Has the page not hear that what it says is published, as long as it has this connection, and waits until somebody else has it.
	async unheard(other) {
		await this.page.evaluate(() => {
			const {onmessage} = client.socket;
			client.socket.onmessage = event => JSON.parse(event.data).opcode === "published" || onmessage(event);
		});
		await this.page.waitForFunction(() => client.requests.size > 0);
		await other.page.waitForSelector(`#lines .text:text-is("${this.name} ${await this.said()}")`);
	}

	silence() {
		return this.page.evaluate(() => {
			window.silent = true;
			return window.talking;
		});
	}

	lines() {
		return this.page.$$eval("#lines li:not(.private) .text", elements => elements.map(element => element.textContent));
	}

	async showsLines(count) {
		await this.page.waitForFunction(wanted => document.querySelectorAll("#lines li:not(.private)").length >= wanted, count, {timeout: LONG});
	}

	async showsPeople(names) {
		await this.page.waitForFunction(expected => JSON.stringify([...document.querySelectorAll("#people li")].map(element => element.textContent)) === expected,
			JSON.stringify(names), {timeout: LONG});
	}
}

// Starts the program as a terminal does, in a process group of its own, and returns its exit code and what it says on the standard error output.
async function run(...options) {
	const child = spawn(process.env.SERVER, options, {stdio: ["ignore", "ignore", "pipe"], detached: true});
	const timer = setTimeout(() => child.kill("SIGTERM"), DEADLINE); // it has started
	let errors = "";
	child.stderr.on("data", data => { errors += data; });
	const [code] = await once(child, "close");
	clearTimeout(timer);
	return {code, errors};
}

// Of ports in a row that nobody had, one is that of a server which answers everything, as a node or a balancer would. Calls action with the first port of the row.
async function withServerAt(index, action) {
	const listen = async port => {
		const server = http.createServer((request, response) => response.end()).listen(port, "127.0.0.1");
		await once(server, "listening");
		return server;
	};
	const close = servers => Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
	for (let servers = [];; servers = []) {
		try {
			for (let i = 0; i < 7; ++i) servers.push(await listen(i && servers[0].address().port + i));
		} catch {
			await close(servers);
			continue;
		}
		const [other] = servers.splice(index, 1);
		const first = other.address().port - index;
		await close(servers);
		try {
			return await action(first);
		} finally {
			other.closeAllConnections();
			await close([other]);
		}
	}
}

describe("the command line of a cluster", () => {
	for (const [i, what] of ["the balancer", "n1", "n2", "n3", "Redis", "the balancer's statistics"].entries()) {
		test(`says that the port of ${what} is in use`, () => withServerAt(i, async first => {
			const {code, errors} = await run("--port=0", `--first-port=${first}`);
			assert.equal(errors, `Cluster: port ${first + i}, for ${what}, is in use: --first-port takes others\n`);
			assert.equal(code, 69);
		}));
	}

	test("takes the ports behind that of the page", () => withServerAt(1, async page => {
		const {code, errors} = await run(`--port=${page}`);
		assert.equal(errors, `Cluster: port ${page + 1}, for the balancer, is in use: --first-port takes others\n`);
		assert.equal(code, 69);
	}));

	for (const options of [["--port=9003", "--first-port=9003"], ["--port=9008", "--first-port=9003"], ["--port=65530"], ["--first-port=65531"]]) {
		test(`refuses ${options.join(" ")}`, async () => {
			const {code, errors} = await run(...options);
			assert.match(errors, /first-port/);
			assert.equal(code, 64);
		});
	}

	test("listens on another address", async () => {
		const child = spawn(process.env.SERVER, ["--port=0", "--address=127.0.0.2"], {stdio: ["ignore", "pipe", "inherit"]});
		const exit = once(child, "exit");
		let output = "";
		for await (const data of child.stdout) {
			output += data;
			if (output.includes("^C")) break;
		}
		const urls = output.match(/http:\/\/127\.0\.0\.2:\d+\//g) ?? [];
		for (const url of urls) assert.equal((await fetch(url)).status, 200, url);
		assert.equal(urls.length, 2, output);
		child.kill("SIGTERM");
		assert.equal((await exit)[0], 0);
	});

	test("^C while it starts ends it, and all that it has started", () => withServerAt(6, async first => {
		const child = spawn(process.env.SERVER, ["--port=0", `--first-port=${first}`], {stdio: ["ignore", "ignore", "inherit"], detached: true});
		const exit = once(child, "exit");
		const redis = () => new Promise(resolve => {
			const socket = net.connect(first + 4, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
			socket.unref();
			socket.on("connect", () => socket.destroy());
		});
		while (!await redis()); // from then on it starts the nodes
		const timer = setInterval(() => process.kill(-child.pid, "SIGINT"), 1);
		const [code] = await exit;
		clearInterval(timer);
		assert.equal(code, 0);
		assert.equal(await redis(), false);
	}));
});

describe("a cluster", () => {
	let browser, server, cluster, chat;
	const people = [];

	const all = (list, action) => Promise.all(list.map(action));
	const names = () => people.map(({name}) => name).sort();
	const at = async node => {
		for (const person of people) {
			if (await person.node() === node) return person;
		}
		return null;
	};

	before(async () => {
		server = await Server.start(process.env.SERVER, "--first-port=0", "--operator-token");
		browser = await Browser.start();
		cluster = await ClusterPage.open(browser, server.url);
	});

	after(async () => {
		await browser?.stop();
		server?.process.kill("SIGKILL");
	});

	test("shows its nodes, and who is where", async () => {
		await cluster.allReady();
		chat = await cluster.page.getAttribute("#chat", "href");
		assert.ok(server.output.includes(`\nThe chat is on ${chat}, `), server.output);
		const where = new Set();
		while (where.size < NODES.length && people.length < MAX_PEOPLE) {
			const person = await Person.open(browser, chat, `Person ${people.length + 1}`);
			people.push(person);
			const node = await person.node();
			where.add(node);
			await cluster.page.waitForSelector(`.node[data-name="${node}"] .users li:text-is("${person.name}")`);
		}
		assert.equal(where.size, NODES.length, "Somebody is at each node");
		await all(people, person => person.showsPeople(names()));
	});

	test("shows the way of a message, from node to node", async () => {
		for (let i = 0; i < NODES.length; ++i) await cluster.watcher(i).locator(`.detail:text-is("is with ${NODES[i]}")`).waitFor({timeout: LONG});
		await cluster.page.click(`[data-client="2"]`);
		await cluster.page.waitForFunction(() => /^Message 1: client 2 → HAProxy → node n2 → Redis/.test(document.getElementById("path-text").textContent));
		const [row] = await cluster.page.$$eval("#paths tr", rows => rows.map(({cells}) => [...cells].map(cell => cell.textContent)));
		assert.match(row[1], /^[0-9a-f]{16}$/);
		assert.match(row[3], /^\d\d:\d\d:\d\d\.\d{3}$/);
		row.slice(5).forEach((text, i) => assert.match(text, new RegExp(`^[\\d.]+ ms ${NODES[i]}$`)));
	});

	test("a node tells of its Redis", async () => {
		const [, port] = /port (\d+)/.exec(await cluster.page.textContent(`.node[data-name="n1"] .about`));
		const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
		for (const line of ["messaging_healthy 1", "messaging_redis_servers 1", "messaging_redis_connected_servers 1", "messaging_redis_waiting_bytes 0"])
			assert.ok(metrics.includes(`\n${line}\n`), line);
	});

	test("a node knows its clients' addresses, not only the balancer's", async () => {
		const [, port] = /port (\d+)/.exec(await cluster.page.textContent(`.node[data-name="n2"] .about`));
		const handshake = http.get(`${chat}?node=n2`, {headers: {Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "poco.messaging.json.v1", "X-Forwarded-For": "203.0.113.7"}});
		const [, socket] = await once(handshake, "upgrade");
		const {connections} = await (await fetch(`http://127.0.0.1:${port}/connections`)).json();
		socket.destroy();
		const addresses = connections.map(({address}) => address.replace(/:\d+$/, ""));
		assert.ok(addresses.includes("203.0.113.7"), addresses.join(" "));
	});

	test("has private messages and typing between nodes", async () => {
		const [first, second] = [await at("n1"), await at("n2")];
		await first.page.click(`#people li[data-name="${second.name}"] button`);
		await first.fill("text", "psst");
		await first.click("say");
		for (const person of [first, second]) await person.page.waitForSelector(`#lines .private .text:text-is("psst")`);
		assert.equal(await first.page.isVisible("#error"), false);
		await first.click("everybody");
		await first.page.type("#text", "he");
		await second.page.waitForSelector(`#typing:has-text("${first.name} is typing")`);
		await first.fill("text", "");
	});

	test("shows operators one node, and lets them end its connections", async () => {
		const other = await at("n1");
		await other.page.click("#operator summary");
		await other.fill("operator-token", /Token for an operator: (\S+)/.exec(server.errors)[1]);
		await other.click("operator-enter");
		await other.page.waitForSelector("#operator-panel:not([hidden])");
		const node = await other.text("operator-node"); // the operator's connection is one of its own
		const rows = () => other.page.$$eval("#connections-rows tr td:first-child", cells => cells.map(({textContent}) => textContent));
		await other.page.waitForFunction(() => document.querySelectorAll("#connections-rows tr").length >= 3);
		assert.ok((await rows()).includes("watcher"));
		for (const each of people) assert.equal((await rows()).includes(each.name), await each.node() === node, each.name);

		// An operator's connection with one node may end a session of another one.
		const person = await at(NODES.find(name => name !== node && name !== "n1"));
		const session = await person.page.evaluate(() => client.session);
		await other.page.evaluate(id => operator.request({opcode: "disconnect", session: id, code: ENDED, text: "An operator has ended your connection."}), session);
		await person.state("closed");
		await person.click("offline");
		await person.in();
		await other.click("operator-leave");
		await all(people, each => each.showsPeople(names()));
	});

	test("goes on talking", async () => {
		await all(people, person => person.talk());
		await cluster.click("traffic");
		await all(people, person => person.saysMore(3));
	});

	test("loses a node", async () => {
		const person = await at("n1");
		await person.unheard(await at("n2")); // it says that again, at another node
		const mortal = await Person.open(browser, `${chat}?node=n1`, "Mortal");
		assert.equal(await mortal.node(), "n1");
		await all(people, each => each.showsPeople(["Mortal", ...names()]));
		await cluster.press("kill", "n1");
		await mortal.page.close();
		await cluster.nodeIs("n1", "dead");
		assert.match(await cluster.page.textContent(`.node[data-name="n1"] .words`), /killed by signal 9/);
		await person.page.waitForFunction(() => !["", "n1"].includes(document.getElementById("node").textContent), null, {timeout: LONG});
		assert.ok(["n2", "n3"].includes(await person.node()));
		await all(people, each => each.showsPeople(names())); // who was at the node and does not come back has left
		await all(people, each => each.saysMore(3));
		await cluster.press("start", "n1");
		await cluster.allReady();
	});

	test("loses Redis", async () => {
		await cluster.click("redis-kill");
		await cluster.redisIs("dead");
		for (const name of NODES) await cluster.nodeIs(name, "not ready");
		for (const name of NODES) await cluster.balancerSays(name, "down");
		const late = new Person(await browser.newPage()); // gets the page all the same
		await late.page.goto(chat);
		await late.fill("name", late.name = "Late");
		await late.click("join");
		await late.state("open");
		await cluster.click("redis-start");
		await cluster.allReady();
		await late.in();
		people.push(late);
		for (const person of people) await person.in();
		await all(people.slice(0, -1), person => person.saysMore(3));
		await late.talk();
	});

	test("drains a node", async () => {
		const person = await at("n2") ?? await at("n3");
		const node = await person.node();
		await cluster.press("drain", node);
		await cluster.nodeIs(node, "draining");
		await cluster.balancerSays(node, "down");
		await cluster.nodeIs(node, "dead");
		assert.match(await cluster.page.textContent(`.node[data-name="${node}"] .words`), /ended with exit code 0/);
		await all(people, each => each.saysMore(3));
		await cluster.press("start", node);
		await cluster.allReady();
		await all(people, each => each.saysMore(2));
	});

	test("each page has each message once, in the same order", async () => {
		await cluster.click("traffic");
		const expected = [];
		for (const person of people) {
			const count = await person.silence();
			for (let i = 1; i <= count; ++i) expected.push(`${person.name} ${i}`);
		}
		const shown = [];
		for (const person of people) {
			const lines = person.name === "Late" ? [] : expected;
			await person.showsLines(lines.length);
			shown.push(await person.lines());
		}
		const [first] = shown;
		assert.deepEqual([...first].sort(), [...expected].sort());
		people.forEach((person, i) => {
			if (person.name !== "Late") assert.deepEqual(shown[i], first, person.name);
			else assert.deepEqual(shown[i], first.slice(-shown[i].length)); // what was in the history when it came, and all since
		});
		for (const person of people) { // of each, in its order
			const own = first.filter(line => line.startsWith(`${person.name} `));
			own.forEach((line, i) => assert.equal(line, `${person.name} ${i + 1}`));
		}
		for (const person of people) {
			const notes = await person.page.evaluate(() => [...window.notes]);
			assert.deepEqual(notes.filter(note => note.includes("Not all")), [], person.name);
		}
		console.log(`${expected.length} messages, ${people.length} pages`);
	});

	test("everybody is here, once", async () => {
		await all(people, person => person.showsPeople(names()));
	});

	test("the cluster's own clients have missed nothing", async () => {
		for (const id of ["missing", "doubled", "lost"]) await cluster.says(id, "0");
		assert.ok(await cluster.count("sent") > 20);
		assert.deepEqual(cluster.problems, []);
	});

	test("a node that is silent does not hold up the clients of the others", async () => {
		const [, number] = /Process (\d+)/.exec(await cluster.page.textContent(`.node[data-name="n3"] .about`));
		await cluster.click("traffic");
		await cluster.sends(5);
		process.kill(Number(number), "SIGSTOP");
		try {
			await cluster.page.waitForSelector(`.node[data-name="n3"][data-state="not ready"]`, {timeout: LONG});
			await cluster.sendsAtOnce(4); // who waits for the node's answer for some seconds sends two
		} finally {
			process.kill(Number(number), "SIGCONT");
		}
		await cluster.allReady();
		await cluster.click("traffic");
	});

	test("the page fits on small and large screens", () => cluster.fits());

	test("ends everything", async () => {
		assert.equal(await server.stop("SIGTERM"), 0);
		for (const url of [chat, server.url]) await assert.rejects(fetch(url));
	});
});
