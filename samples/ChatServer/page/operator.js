"use strict";

// The panel for operators: the counts of the hub (NodeMetrics), the server's /metrics and /connections.

const POINTS = 120;       // of a plot, one each second
const COUNT_EVERY = 1000; // ms
const WATCH_EVERY = 2000; // ms, for what takes the server longer
const CHANNELS = 10;      // those with the most subscribers
const TOKEN_REFUSED = 4001, TOKEN_EXPIRED = 4003;

const plots = Object.fromEntries(["connections", "published", "delivered", "late"].map(name => [name, new Plot(byId(`${name}-plot`), POINTS, "")]));

let operator = null;      // the client with the operator's token
let operatorToken = "";   // is kept nowhere else
let operatorNode = "";    // the name of the node that is shown: that of the connection
let timers = [];
let previous = null;      // the counts before, and when

function showOperator(token) {
	operatorToken = token;
	operatorError("");
	operator = new MessagingClient(serviceURL, {
		token: () => Promise.resolve(token),
		onState: operatorState,
		onSubscribed() {},
		onMessage() {},
		isFinal: code => [TOKEN_REFUSED, TOKEN_EXPIRED, ENDED].includes(code)
	});
	operator.start();
}

function hideOperator() {
	operatorToken = "";
	const leaving = operator;
	operator = null;
	stopWatching();
	leaving?.stop();
	byId("operator-panel").hidden = true;
	byId("operator-form").hidden = false;
	byId("connections-rows").replaceChildren();
	byId("channels-rows").replaceChildren();
	byId("operator-token").focus();
}

function operatorState(state, reason) {
	byId("operator-state").textContent = state;
	stopWatching();
	if (state === "open") {
		const from = operator;
		count().then(async () => {
			operatorNode = await from.where();
			if (operator !== from || from.state !== "open") return;
			byId("operator-node").textContent = operatorNode;
			byId("operator-node-note").hidden = operatorNode === "";
			byId("operator-token").value = "";
			byId("operator-form").hidden = true;
			byId("operator-panel").hidden = false;
			watch();
			timers = [setInterval(() => count().catch(() => {}), COUNT_EVERY), setInterval(watch, WATCH_EVERY)];
		}, error => {
			if (error.code) endOperator(`${error.message}.`); // a token, but not an operator's
		});
	}
	else if (state === "closed" && operator) endOperator(reason.reason || "The connection has ended.");
}

function endOperator(text) {
	hideOperator();
	operatorError(text);
}

function operatorError(text) {
	byId("operator-error").textContent = text;
	byId("operator-error").hidden = text === "";
}

function stopWatching() {
	timers.forEach(clearInterval);
	timers = [];
	previous = null;
}

//
// Counts of the hub
//
async function count() {
	const {items} = await operator.request({opcode: "nodeMetrics", limit: CHANNELS});
	const counts = Object.fromEntries(items.filter(({text}) => text).map(({text, count = 0}) => [text, Number(count)]));
	const time = performance.now();
	const channels = new Map(items.filter(({channel}) => channel).map(({channel, count = 0, offset = 0}) => [channel, {subscribers: Number(count), publications: Number(offset)}]));
	showChannels(channels, previous && (time - previous.time) / 1000);
	for (const [id, name] of [["sessions", "sessions"], ["channels", "channels"], ["subscriptions", "subscriptions"], ["lagging", "lagging"],
		["dropped", "dropped"], ["slow", "closedAsSlow"]]) byId(id).textContent = counts[name];
	addPoint("connections", counts.connections, 0);
	counts.late = counts.lagging + counts.dropped;
	if (previous) {
		const seconds = (time - previous.time) / 1000;
		for (const name of ["published", "delivered", "late"]) {
			const rate = (counts[name] - previous[name]) / seconds;
			addPoint(name, rate, rate < 10 ? 1 : 0);
		}
	}
	previous = {...counts, channels, time};
}

function showChannels(channels, seconds) {
	byId("channels-rows").replaceChildren(...Array.from(channels, ([name, {subscribers, publications}]) => {
		const before = previous?.channels.get(name)?.publications ?? publications; // it may have begun anew
		const rate = seconds ? Math.max(0, publications - before) / seconds : 0;
		const row = document.createElement("tr");
		row.append(...[name, subscribers, publications, rate.toFixed(rate < 10 ? 1 : 0)].map(text => element("td", "", String(text))));
		return row;
	}));
}

function addPoint(name, value, digits) {
	plots[name].add(value);
	byId(name).textContent = value.toFixed(digits);
}

//
// The server's own
//
async function watch() {
	const token = operatorToken;
	const node = operatorNode === "" ? "" : `?node=${encodeURIComponent(operatorNode)}`; // a balancer may know where that is
	try {
		const [metrics, connections] = await Promise.all([fetch(`metrics${node}`), fetch(`connections${node}`, {headers: {Authorization: `Bearer ${token}`}})]);
		if (!metrics.ok || !connections.ok) return;
		const [text, list] = [await metrics.text(), await connections.json()];
		if (token !== operatorToken || list.node !== operatorNode) return; // it was hidden meanwhile, or the balancer has asked another one
		showMetrics(parseMetrics(text));
		showConnections(list);
	}
	catch {
		// the server is away, which the panel says already
	}
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
	byId("queued").textContent = sum(samples("queued_bytes"));
	byId("lag").textContent = `${(1000 * Math.max(0, ...samples("loop_lag_seconds").map(({value}) => value))).toFixed(1)} ms`;
	byId("reasons").textContent = [["Refused", refusals], ["Timed out", timeouts]]
		.filter(([, list]) => sum(list) > 0).map(([what, list]) => `${what}: ${named(list)}.`).join(" ");
}

// Rows stay where they are as long as their connections do: a button in one may have the focus.
function showConnections({connections, total}) {
	const body = byId("connections-rows");
	const rows = new Map([...body.rows].map(row => [row.dataset.id, row]));
	const now = Date.now();
	for (const connection of connections) {
		const row = rows.get(connection.id) ?? body.appendChild(connectionRow(connection));
		rows.delete(connection.id);
		const texts = [connection.user, connection.session, connection.address, openFor(now - connection.since), connection.messagesIn,
			connection.messagesOut, connection.bytesIn, connection.bytesOut, connection.queued];
		texts.forEach((text, i) => { row.cells[i].textContent = text; });
		const button = row.querySelector("button");
		button.dataset.session = connection.session;
		button.disabled = connection.session === "" || connection.session === operator.session;
		button.setAttribute("aria-label", `Disconnect ${connection.user || connection.address}`);
	}
	for (const row of rows.values()) row.remove();
	byId("connections-note").textContent = total > connections.length ? `${connections.length} of ${total}: the longest queues first, then the oldest.` : "";
}

function connectionRow({id}) {
	const row = document.createElement("tr");
	row.dataset.id = id;
	for (let i = 0; i < 9; ++i) row.append(document.createElement("td"));
	const button = element("button", "small", "Disconnect");
	button.type = "button";
	button.addEventListener("click", () => disconnect(button));
	const cell = document.createElement("td");
	cell.append(button);
	row.append(cell);
	return row;
}

async function disconnect(button) {
	operatorError("");
	try {
		await operator.request({opcode: "disconnect", session: button.dataset.session, code: ENDED, text: "An operator has ended your connection."});
		watch();
	}
	catch (error) {
		operatorError(`Not disconnected: ${error.message}.`);
	}
}

function openFor(milliseconds) {
	const seconds = Math.max(0, Math.round(milliseconds / 1000));
	return seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

onSubmit("operator-form", () => showOperator(byId("operator-token").value.trim()));
byId("operator-leave").addEventListener("click", hideOperator);
