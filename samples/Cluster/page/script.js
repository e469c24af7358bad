"use strict";

// What comes from people is put into the page as textContent, never as HTML.

const RECONNECT_AFTER = 500; // ms
const NEW_FOR = 3000;        // ms that somebody counts as new at a node
const WATCHER = "watcher";   // the user that the page's own clients are

const byId = id => document.getElementById(id);
const map = new ClusterMap(byId("map"));
const cards = [];            // of the nodes
let socket = null;
let shownPath = 0;           // the number of the last message whose way was shown
let previous = null;         // counts of the nodes before, and when

const order = (what, to) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify({do: what, to}));

function connect() {
	showState("connecting");
	socket = new WebSocket(location.href.replace(/^http/, "ws").replace(/[?#].*/, ""));
	socket.onopen = () => showState("open");
	socket.onmessage = ({data}) => show(JSON.parse(data));
	socket.onclose = () => {
		showState("closed");
		for (const button of document.querySelectorAll("main button")) button.disabled = true;
		setTimeout(connect, RECONNECT_AFTER);
	};
}

function showState(state) {
	byId("state").dataset.state = byId("state").textContent = state;
}

function show(cluster) {
	const {nodes, redis, balancer, watchers} = cluster;
	// The balancer has no TLS, with --tls neither.
	byId("chat").href = `http://${location.hostname}:${balancer.port}/`;
	while (cards.length < nodes.length) addNode(nodes[cards.length]);
	const time = performance.now();
	nodes.forEach(({name}, i) => { cards[i].querySelector(".chat").href = `${byId("chat").href}?node=${name}`; });
	nodes.forEach((node, i) => showNode(cards[i], node, balancer.figures[node.name], previous?.nodes[i].figures, previous && (time - previous.time) / 1000));
	if (!previous || time - previous.time > 900) previous = {nodes, time};
	showRedis(redis);
	showWatchers(watchers);
	map.show({
		nodes: nodes.map(({name, state, figures}) => ({name: `Node ${name}`, state, detail: state === "ready" ? sessions(figures.sessions ?? 0) : state})),
		redis: {state: redis.state, detail: redis.state === "ready" ? `:${redis.port}` : redis.state},
		balancer: {state: balancer.state, detail: balancer.state === "ready" ? `:${balancer.port}` : balancer.state},
		clients: watchers.watchers.map(({node}) => node)
	});
	showPaths(watchers.paths, nodes);
}

function addNode({name}) {
	const card = byId("node-template").content.cloneNode(true).firstElementChild;
	card.dataset.name = name;
	card.querySelector("h2").textContent = `Node ${name}`;
	card.setAttribute("aria-label", `Node ${name}`);
	for (const button of card.querySelectorAll("button")) {
		button.setAttribute("aria-label", `${button.textContent} ${name}`);
		button.addEventListener("click", () => order(button.dataset.do, name));
	}
	byId("nodes").append(card);
	cards.push(card);
	const send = document.createElement("button");
	send.type = "button";
	send.className = "small";
	send.textContent = String(cards.length);
	send.setAttribute("aria-label", `Send a message from client ${cards.length}`);
	send.dataset.client = String(cards.length);
	send.addEventListener("click", () => order("send", name));
	byId("send-buttons").append(send);
}

function showNode(card, node, balanced, before, seconds) {
	const {state, port, process, figures, last, words, health} = node;
	card.dataset.state = state;
	setState(card.querySelector(".state"), state);
	card.querySelector(".about").textContent = process ? `Process ${process}, port ${port}.` : `Port ${port}.`;
	const text = (name, value) => { card.querySelector(`.${name}`).textContent = value; };
	text("sessions", figures.sessions ?? "–");
	if (before && seconds > 0.9) {
		for (const name of ["published", "delivered"]) {
			const rate = (Number(figures[name]) - Number(before[name])) / seconds;
			text(name, rate >= 0 ? rate.toFixed(1) : "–");
		}
	}
	text("balancer", balanced ? balanced.status.toLowerCase() : "–");
	showWords(card.querySelector(".words"), state, last, words, health);
	showUsers(card.querySelector(".users"), figures.users ?? []);
	const running = process !== 0;
	card.querySelector(`[data-do="kill"]`).disabled = !running;
	card.querySelector(`[data-do="drain"]`).disabled = !running || state === "draining";
	card.querySelector(`[data-do="start"]`).disabled = running;
}

function setState(element, state) {
	element.dataset.state = element.textContent = state;
}

function showWords(element, state, last, words, health) {
	const said = words.startsWith("ChatServer: ") ? `: ${words}` : "";
	element.textContent = last ? `It has ${last.startsWith("ended") ? last : `been ${last}`}${said}.` : state === "not ready" ? `It is not ready${health.trim() && `: ${health.trim()}`}.` : "";
	element.hidden = element.textContent === "";
}

function showUsers(list, users) {
	const rows = new Map([...list.children].map(row => [row.dataset.session, row]));
	for (const {user, session, since} of users) {
		if (!rows.has(session)) {
			const row = document.createElement("li");
			row.dataset.session = session;
			row.textContent = user || "operator";
			row.title = `Session ${session}, since ${new Date(since).toTimeString().slice(0, 8)}`;
			row.classList.toggle("watcher", user === WATCHER);
			row.classList.add("new");
			setTimeout(() => row.classList.remove("new"), NEW_FOR);
			list.append(row);
		}
		rows.delete(session);
	}
	for (const row of rows.values()) row.remove();
}

function showRedis({state, process, figures, last, port}) {
	setState(byId("redis-state"), state);
	for (const name of ["version", "commands", "memory", "clients"]) byId(`redis-${name}`).textContent = figures[name] || "–";
	byId("redis-words").textContent = last ? `It has ${last.startsWith("ended") ? last : `been ${last}`}. Its data are on the disk.` : "";
	byId("redis-words").hidden = !last;
	byId("redis-title").textContent = `Redis on port ${port}`;
	byId("redis-kill").disabled = process === 0;
	byId("redis-start").disabled = process !== 0;
}

function showWatchers({watchers, sent, traffic}) {
	byId("sent").textContent = sent;
	for (const name of ["missing", "doubled", "lost"]) {
		const counts = watchers.map(watcher => Number(watcher[name]));
		const total = counts.reduce((sum, count) => sum + count, 0);
		byId(name).textContent = total === 0 ? "0" : counts.join(" + ");
		byId(name).classList.toggle("bad", total > 0);
	}
	byId("traffic").setAttribute("aria-pressed", traffic);
	byId("traffic").disabled = false;
	for (const button of document.querySelectorAll("[data-client]")) button.disabled = watchers[button.dataset.client - 1].node === "";
}

const sessions = count => `${count} ${count === "1" ? "session" : "sessions"}`;
const milliseconds = us => us < 0 ? "–" : `${(us / 1000).toFixed(us < 10000 ? 2 : 0)} ms`;
const clock = time => time ? `${new Date(time).toTimeString().slice(0, 8)}.${String(time % 1000).padStart(3, "0")}` : "–";

function showPaths(paths, nodes) {
	byId("paths").replaceChildren(...paths.toReversed().map(path => {
		const row = document.createElement("tr");
		row.dataset.number = path.number;
		const cells = [`${path.number}, from client ${path.from + 1}`, path.trace.slice(0, 16), path.node || "–", clock(path.stored), path.error || milliseconds(path.answered),
			...path.received.map((time, i) => time < 0 ? "–" : `${milliseconds(time)} ${path.nodes[i]}`)];
		for (const text of cells) row.insertCell().textContent = text;
		row.cells[1].title = path.trace;
		return row;
	}));
	const last = paths.at(-1);
	if (!last || last.number <= shownPath) return;
	const here = last.received.map(time => time >= 0);
	const indexOf = name => nodes.findIndex(node => node.name === name);
	if (here.includes(false) || last.answered < 0 || indexOf(last.node) < 0) return; // not yet complete
	shownPath = last.number;
	byId("path-text").textContent = `Message ${last.number}: client ${last.from + 1} → HAProxy → node ${last.node} → Redis, which has stored it as number ${last.offset} of the room; answered after ${milliseconds(last.answered)}. `
		+ `From there to all nodes that have somebody in the room, and to their clients, who have it ${last.received.map(milliseconds).join(", ")} after it was sent. Its trace is ${last.trace}.`;
	map.play({from: last.from, via: indexOf(last.node), to: last.nodes.map(indexOf), times: last.received.map(milliseconds), stored: `stored ${clock(last.stored)}`});
}

byId("redis-kill").addEventListener("click", () => order("kill", "redis"));
byId("redis-start").addEventListener("click", () => order("start", "redis"));
byId("traffic").addEventListener("click", () => order("traffic", byId("traffic").getAttribute("aria-pressed") === "true" ? "off" : "on"));
connect();
