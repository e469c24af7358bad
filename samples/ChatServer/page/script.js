"use strict";

// Whatever comes from people is put into the page as textContent, never as HTML.

const RETRY_AFTER = 2000;  // ms, when the connection is lost
const STATUS_POINTS = 120; // one each second
const MAX_LINES = 500;     // shown
const WATCH_EVERY = 2000;  // ms, while the panel for operators is open

const byId = id => document.getElementById(id);
const plots = {
	connections: new Plot(byId("connections-plot"), STATUS_POINTS, ""),
	messages: new Plot(byId("messages-plot"), STATUS_POINTS, ""),
	bytes: new Plot(byId("bytes-plot"), STATUS_POINTS, "")
};

let socket = null;
let wanted = null;         // the room and name that were asked for
let entered = false;       // and whether we are in
let peopleNumber = 0;      // of the event that the list of people is from

//
// Connection
//
function connect() {
	const scheme = location.protocol === "https:" ? "wss" : "ws";
	socket = new WebSocket(`${scheme}://${location.host}/`);
	socket.onopen = () => {
		byId("extensions").textContent = socket.extensions || "none";
		if (wanted) enter(wanted); // we were in a room when the connection was lost
		showState();
	};
	socket.onmessage = event => {
		const message = JSON.parse(event.data);
		receive[message.type]?.(message);
	};
	socket.onclose = event => {
		if (entered) showError(`The connection is lost (code ${event.code}). Trying again.`);
		entered = false;
		byId("people").replaceChildren();
		showState();
		setTimeout(connect, RETRY_AFTER);
	};
	showState();
}

function send(message) {
	if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

//
// What the server says
//
// Messages may overtake each other on their way, since the server has several threads. So events
// of a room are numbered: the newest list of people counts, and lines are put where they belong.
//
const receive = {
	joined(message) {
		if (message.room !== wanted?.room) return;
		entered = true;
		showError("");
		showPeople(message);
		for (const line of message.lines) showLine(line);
		showState();
		byId("text").focus();
	},

	people(message) {
		if (message.room === wanted?.room) showPeople(message);
	},

	said(message) {
		if (message.room === wanted?.room) showLine(message.line);
	},

	refused(message) {
		showError(message.text);
		if (!entered) wanted = null;
		showState();
	},

	status(message) {
		const messages = message.messagesIn + message.messagesOut;
		const bytes = (message.bytesIn + message.bytesOut) / 1024;
		plots.connections.add(message.connections);
		plots.messages.add(messages);
		plots.bytes.add(bytes);
		byId("connections").textContent = message.connections;
		byId("messages").textContent = messages.toFixed(messages < 10 ? 1 : 0);
		byId("bytes").textContent = bytes.toFixed(bytes < 10 ? 2 : 0);
		byId("rooms").replaceChildren(...message.rooms.map(room => {
			const option = element("option", "", `${room.people} there`);
			option.value = room.name;
			return option;
		}));
	}
};

//
// What the user does
//
function enter(place) {
	wanted = place;
	peopleNumber = 0;
	byId("lines").replaceChildren();
	send({type: "join", ...place});
	location.hash = encodeURIComponent(place.room);
}

function leave() {
	send({type: "leave"});
	wanted = null;
	entered = false;
	byId("people").replaceChildren();
	showState();
}

function say() {
	const text = byId("text").value;
	if (text.trim() === "") return;
	showError("");
	send({type: "say", text});
	byId("text").value = "";
}

//
// Showing
//
function showState() {
	const state = ["connecting", "open", "closing", "closed"][socket.readyState];
	byId("state").dataset.state = state;
	byId("state").textContent = state;
	byId("join").disabled = state !== "open";
	byId("join-form").hidden = entered;
	byId("leave-form").hidden = !entered;
	byId("my-name").textContent = wanted?.name ?? "";
	byId("my-room").textContent = wanted?.room ?? "";
	for (const id of ["text", "say"]) byId(id).disabled = !entered;
}

function showError(text) {
	byId("error").textContent = text;
	byId("error").hidden = text === "";
}

function showPeople({people, number}) {
	if (number < peopleNumber) return;
	peopleNumber = number;
	byId("people").replaceChildren(...people.map(name => element("li", "", name)));
}

function showLine(line) {
	const list = byId("lines");
	const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
	let before = null; // what comes next, if this line is late
	for (let row = list.lastElementChild; row; row = row.previousElementSibling) {
		const number = Number(row.dataset.number);
		if (number === line.number) return; // as part of the history, and by itself
		if (number < line.number) break;
		before = row;
	}
	const row = document.createElement("li");
	row.dataset.number = line.number;
	row.dataset.mine = line.name === wanted.name;
	const time = new Date(line.time).toTimeString().slice(0, 5);
	row.append(element("time", "", time), element("bdi", "name", line.name), element("bdi", "text", line.text));
	list.insertBefore(row, before);
	if (list.children.length > MAX_LINES) list.firstElementChild.remove();
	if (atEnd) list.scrollTop = list.scrollHeight;
}

//
// The panel for operators shows /metrics and /connections, which the library's own counts and snapshot are behind.
//
let watching = false;

async function watch() {
	if (watching) return; // it has been closed and opened meanwhile
	watching = true;
	while (byId("operator").open) {
		try {
			const [metrics, connections] = await Promise.all([fetch("/metrics"), fetch("/connections")]);
			if (metrics.ok) showMetrics(parseMetrics(await metrics.text()));
			showConnections(connections.ok ? await connections.json() : null);
		}
		catch {
			// the server is away, which the page says already
		}
		await new Promise(resolve => setTimeout(resolve, WATCH_EVERY));
	}
	watching = false;
}

// The samples of each metric, with the value of their first label, or "".
function parseMetrics(text) {
	const metrics = new Map();
	for (const [, name, label, value] of text.matchAll(/^(\w+)(?:\{\w+="([^"]*)"[^}]*\})? (\S+)$/gm)) {
		if (!metrics.has(name)) metrics.set(name, []);
		metrics.get(name).push({label: label ?? "", value: Number(value)});
	}
	return metrics;
}

function showMetrics(metrics) {
	const samples = name => metrics.get(`websocket_${name}`) ?? [];
	const sum = list => list.reduce((total, sample) => total + sample.value, 0);
	const named = list => list.filter(sample => sample.value > 0).map(sample => `${sample.label} ${sample.value}`).join(", ");
	const outcomes = samples("handshakes_total");
	const refusals = outcomes.filter(({label}) => label !== "opened" && label !== "abandoned");
	const timeouts = samples("timeouts_total");
	byId("handshakes").textContent = sum(outcomes.filter(({label}) => label === "opened"));
	byId("abandoned").textContent = sum(outcomes.filter(({label}) => label === "abandoned"));
	byId("refused").textContent = sum(refusals);
	byId("timeouts").textContent = sum(timeouts);
	byId("dropped").textContent = sum(samples("dropped_messages_total"));
	byId("queued").textContent = sum(samples("queued_bytes"));
	byId("lag").textContent = `${(1000 * Math.max(0, ...samples("loop_lag_seconds").map(({value}) => value))).toFixed(1)} ms`;
	byId("reasons").textContent = [["Refused", refusals], ["Timed out", timeouts]]
		.filter(([, list]) => sum(list) > 0).map(([what, list]) => `${what}: ${named(list)}.`).join(" ");
}

function showConnections(list) {
	const now = Date.now();
	byId("connections-rows").replaceChildren(...(list?.connections ?? []).map(connection => {
		const row = document.createElement("tr");
		for (const text of [connection.id.slice(0, 8), connection.address, openFor(now - connection.since), connection.messagesIn,
			connection.messagesOut, connection.bytesIn, connection.bytesOut, connection.queued])
			row.append(element("td", "", text));
		row.title = connection.id;
		return row;
	}));
	byId("connections-note").textContent = list === null ? "Connections are shown on the server's own machine only." :
		list.total > list.connections.length ? `${list.connections.length} of ${list.total}: the longest queues first, then the oldest.` : "";
}

function openFor(milliseconds) {
	const seconds = Math.max(0, Math.round(milliseconds / 1000));
	return seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

function element(name, className, text) {
	const result = document.createElement(name);
	result.className = className;
	result.textContent = text;
	return result;
}

//
// Start
//
function onSubmit(id, action) {
	byId(id).addEventListener("submit", event => {
		event.preventDefault();
		action();
	});
}

function roomOfURL() {
	try {
		return decodeURIComponent(location.hash.slice(1));
	}
	catch {
		return ""; // somebody has typed a strange one
	}
}

onSubmit("join-form", () => enter({room: byId("room").value.trim(), name: byId("name").value.trim()}));
onSubmit("leave-form", leave);
onSubmit("say-form", say);
byId("operator").addEventListener("toggle", watch);
byId("room").value = roomOfURL() || "lobby";
byId("name").focus();
connect();
