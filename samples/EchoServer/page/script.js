"use strict";

const MEASURE_EVERY = 200;     // ms between two round-trip messages
const MEASURE_POINTS = 150;    // shown in the plot
const MEASURE_TEXT = "round trip ";
const LOG_ROWS = 1000;
const PREVIEW_TEXT = 400;      // characters
const PREVIEW_BYTES = 32;

const byId = id => document.getElementById(id);
const plot = new Plot(byId("latency-plot"), MEASURE_POINTS, "ms");
const counts = {in: 0, out: 0};

let socket = null;
let measured = 0;
let measureTimer = 0;
let measureNumber = 0;
const underWay = new Map();    // round-trip message -> time it was sent at

//
// Connection
//
function connect() {
	showError("");
	try {
		socket = new WebSocket(byId("url").value.trim());
	}
	catch (error) {
		showError(error.message);
		return;
	}
	socket.binaryType = "arraybuffer";
	socket.onopen = () => {
		log("local", "open", null, socket.url);
		startMeasuring();
		showState();
	};
	socket.onmessage = event => received(event.data, performance.now());
	socket.onerror = () => log("local", "error", null, "The connection failed.");
	socket.onclose = event => closed(event);
	showState();
}

function disconnect() {
	showError("");
	const code = byId("close-code").value.trim();
	const reason = byId("close-reason").value;
	try {
		if (code === "" && reason !== "") throw new Error("A reason needs a close code.");
		if (code !== "" && !/^\d+$/.test(code)) throw new Error("The close code is not a number.");
		if (code === "") socket.close();
		else socket.close(Number(code), reason);
		log("out", "close", null, describeClose(code, reason));
	}
	catch (error) {
		showError(error.message);
	}
	showState();
}

function closed(event) {
	stopMeasuring();
	const text = describeClose(event.code, event.reason) + (event.wasClean ? "" : " — not a clean end");
	const row = log("in", "close", null, text);
	row.dataset.code = event.code;
	row.dataset.clean = event.wasClean;
	socket = null;
	showState();
}

function describeClose(code, reason) {
	return (code === "" ? "no code" : `code ${code}`) + (reason ? `, reason “${reason}”` : "");
}

function showState() {
	const names = ["connecting", "open", "closing", "closed"];
	const state = socket ? names[socket.readyState] : "closed";
	byId("state").dataset.state = state;
	byId("state").textContent = state;
	byId("url").disabled = state !== "closed";
	byId("connect").disabled = state !== "closed";
	byId("disconnect").disabled = state !== "open" && state !== "connecting";
	for (const id of ["send-text", "send-hex", "send-file"]) byId(id).disabled = state !== "open";
	for (const name of ["extensions", "protocol"])
		byId(name).textContent = state === "open" ? socket[name] || "none" : "–";
}

function showError(text) {
	byId("error").textContent = text;
	byId("error").hidden = text === "";
}

//
// Messages
//
function send(data) {
	if (!socket || socket.readyState !== WebSocket.OPEN) return;
	socket.send(data);
	logMessage("out", data);
}

function received(data, now) {
	if (underWay.has(data)) {
		addMeasurement(now - underWay.get(data));
		underWay.delete(data);
		logMessage("in", data, true);
	}
	else logMessage("in", data);
}

function sendHex() {
	showError("");
	const digits = byId("hex").value.replace(/0x|[\s,:]/gi, "");
	if (!/^([0-9a-f]{2})*$/i.test(digits)) {
		showError("Bytes are written as pairs of hexadecimal digits.");
		return;
	}
	send(Uint8Array.from(digits.match(/../g) ?? [], pair => parseInt(pair, 16)).buffer);
}

async function sendFile() {
	showError("");
	const file = byId("file").files[0];
	if (!file) {
		showError("Choose a file first.");
		return;
	}
	try {
		send(await file.arrayBuffer());
	}
	catch (error) {
		showError(error.message);
	}
}

//
// Round trips
//
function startMeasuring() {
	stopMeasuring();
	plot.clear();
	measured = 0;
	showFigures();
	measureTimer = setInterval(measure, MEASURE_EVERY);
}

function stopMeasuring() {
	clearInterval(measureTimer);
	underWay.clear();
}

function measure() {
	// Behind a large message the time would be that message's.
	if (!byId("measure").checked || socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > 0) return;
	const text = MEASURE_TEXT + ++measureNumber;
	underWay.set(text, performance.now());
	socket.send(text);
	logMessage("out", text, true);
}

function addMeasurement(time) {
	++measured;
	plot.add(time);
	showFigures();
}

function showFigures() {
	const format = time => time < 10 ? `${time.toFixed(2)} ms` : `${time.toFixed(0)} ms`;
	const any = plot.values.length > 0;
	byId("latency-last").textContent = any ? format(plot.values[plot.values.length - 1]) : "–";
	byId("latency-median").textContent = any ? format(plot.median()) : "–";
	byId("latency-max").textContent = any ? format(plot.max()) : "–";
	byId("latency-count").textContent = measured;
}

//
// Log
//
function logMessage(direction, data, measuring = false) {
	if (measuring) {
		if (!byId("log-measuring").checked) return;
	}
	else byId(`count-${direction}`).textContent = ++counts[direction];
	if (typeof data === "string")
		log(direction, "text", new TextEncoder().encode(data).length, shorten(data));
	else
		log(direction, "binary", data.byteLength, hexDump(data));
}

function log(direction, type, size, preview) {
	const list = byId("log");
	const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
	const row = document.createElement("li");
	row.dataset.direction = direction;
	row.dataset.type = type;
	if (size !== null) row.dataset.size = size;
	const cells = {
		time: clock(new Date()),
		direction: {in: "←", out: "→", local: "·"}[direction],
		type,
		size: size === null ? "" : `${size.toLocaleString("en")} B`,
		preview
	};
	for (const [name, text] of Object.entries(cells)) {
		const cell = document.createElement("span");
		cell.className = name;
		cell.textContent = text;
		row.append(cell);
	}
	list.append(row);
	if (list.children.length > LOG_ROWS) list.firstChild.remove();
	if (atEnd) list.scrollTop = list.scrollHeight;
	byId("log-empty").hidden = true;
	return row;
}

function clearLog() {
	byId("log").replaceChildren();
	byId("log-empty").hidden = false;
	counts.in = counts.out = 0;
	byId("count-in").textContent = byId("count-out").textContent = 0;
}

function clock(date) {
	const digits = (value, count) => String(value).padStart(count, "0");
	return `${digits(date.getHours(), 2)}:${digits(date.getMinutes(), 2)}:${digits(date.getSeconds(), 2)}`
		+ `.${digits(date.getMilliseconds(), 3)}`;
}

function shorten(text) {
	return text.length <= PREVIEW_TEXT ? text : text.slice(0, PREVIEW_TEXT) + " …";
}

function hexDump(buffer) {
	const bytes = new Uint8Array(buffer, 0, Math.min(buffer.byteLength, PREVIEW_BYTES));
	const text = Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join(" ");
	return text + (buffer.byteLength > PREVIEW_BYTES ? " …" : "");
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

byId("url").value = location.protocol.startsWith("http")
	? `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`
	: "ws://localhost:9002/";
onSubmit("connect-form", connect);
onSubmit("close-form", disconnect);
onSubmit("text-form", () => send(byId("text").value));
onSubmit("hex-form", sendHex);
onSubmit("file-form", sendFile);
byId("text").addEventListener("keydown", event => {
	if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
	event.preventDefault();
	send(byId("text").value);
});
byId("clear").addEventListener("click", clearLog);
showState();
showFigures();
plot.draw();
