"use strict";

// Whatever comes from people is put into the page as textContent, never as HTML.

const MAX_LINES = 500;     // shown
const TYPING_EVERY = 2000; // ms between two that say that we are typing
const TYPING_FOR = 5000;   // ms that one counts
const ENDED = 4000;        // the Close code of an operator
const SEEK_FOR = 3;        // s that a person is sought for, on all nodes
const ABSENT = [14, 15];   // codes of errors: nobody has acknowledged it in time, there is nobody

const byId = id => document.getElementById(id);
const serviceURL = location.href.replace(/^http/, "ws").replace(/#.*/, ""); // with ?node=NAME, which a balancer may know

let client = null;       // while we are in a room
let place = null;        // {room, name}, as long
let entered = false;     // the room's channel has answered
let people = new Set();
let asking = false;      // who is here
let askAgain = false;
let target = null;       // whom the next message is for; null: everybody
let awaited = null;      // {left, count} of messages that were missed, and are coming
let lastTyped = 0;
const typing = new Map(); // by name: the timer that ends it

const roomChannel = () => `presence-room-${place.room}`;
const typingChannel = () => `typing-${place.room}`;

//
// What the user does
//
async function fetchToken(name) {
	const response = await fetch("token", {method: "POST", body: name});
	const text = await response.text();
	if (!response.ok) throw Object.assign(new Error(text.trim()), {final: response.status === 400});
	return text;
}

function enter(room, name) {
	place = {room, name};
	byId("lines").replaceChildren();
	showError("");
	showNote("");
	location.hash = encodeURIComponent(room);
	client = new MessagingClient(serviceURL, {
		token: () => fetchToken(name),
		onState: showState,
		onSubscribed: subscribed,
		onMessage: message => receive[message.opcode]?.(message),
		isFinal: code => code === ENDED
	});
	client.subscribe(roomChannel());
	client.subscribe(typingChannel());
	client.start();
}

async function leave() {
	const leaving = client;
	await leaving.unsubscribe(roomChannel()).catch(() => {}); // or the others would see us for some seconds
	if (leaving !== client) return;
	place = null;
	leaving.stop();
	client = null;
	setTarget(null);
	showState("closed", "");
	showNote("");
	byId("name").focus();
}

async function say() {
	const text = byId("text").value;
	if (text.trim() === "") return;
	const to = target;
	showError("");
	byId("text").value = "";
	lastTyped = 0;
	try {
		if (to === null) return await client.publish(roomChannel(), text);
		await client.send(to, text, SEEK_FOR);
		showPrivate(place.name, to, text);
	}
	catch (error) {
		const reason = ABSENT.includes(error.code) ? `${to} is not here` : error.message;
		showError(`Not sent: ${reason}.`.replace(/\.\.$/, "."));
		if (byId("text").value === "") byId("text").value = text;
	}
}

function typed() {
	if (!entered || target !== null || byId("text").value === "" || Date.now() - lastTyped < TYPING_EVERY) return;
	lastTyped = Date.now();
	client.request({opcode: "publish", channel: typingChannel(), payload: "1"}).catch(() => {});
}

function setTarget(name) {
	target = name;
	byId("say-label").textContent = name === null ? "Message" : `Message for ${name} only`;
	byId("everybody").hidden = name === null;
	for (const button of byId("people").querySelectorAll("button")) button.setAttribute("aria-pressed", button.textContent === name);
}

//
// What the server says
//
const receive = {
	publication(message) {
		if (message.channel === typingChannel()) {
			if (message.sender !== place.name) setTyping(message.sender, true);
			return;
		}
		setTyping(message.sender, false);
		showLine(message);
		if (awaited && --awaited.left === 0) showRecovered();
	},

	send({sender, payload = ""}) {
		showPrivate(sender, place.name, payload);
	},

	join({channel, user}) {
		if (channel !== roomChannel()) return;
		people.add(user);
		peopleChanged();
	},

	leave({channel, user}) {
		if (channel !== roomChannel()) return;
		people.delete(user);
		setTyping(user, false);
		peopleChanged();
	},

	warning() {
		showError("You write a lot. A little more, and the server will refuse it.");
	},

	unsubscribed({text}) {
		showError(text);
	}
};

function subscribed(channel, how, count) {
	if (channel !== roomChannel()) return;
	entered = true;
	showState(client.state, "");
	loadPeople();
	if (how === "recovered") {
		awaited = {left: count, count};
		if (count === 0) showRecovered();
		return;
	}
	awaited = null;
	for (const row of byId("lines").querySelectorAll("[data-number]")) row.remove(); // private messages stay
	if (how === "lost") showNote("You are back. Not all that you have missed could be had: these are the last messages.");
	loadHistory(client, channel);
}

function showRecovered() {
	const {count} = awaited;
	awaited = null;
	showNote(count === 0 ? "You are back. You have missed nothing." : `You are back. All that you have missed has come: ${count} ${count === 1 ? "message" : "messages"}.`);
}

async function loadHistory(from, channel) {
	try {
		const {items = []} = await from.request({opcode: "history", channel, limit: 50});
		if (from === client && channel === roomChannel()) items.forEach(showLine);
	}
	catch {
		// the connection is lost: it comes with the next one
	}
}

// Who comes or goes while the answer is on its way may be missing in it: it is asked for again.
async function loadPeople() {
	askAgain = asking;
	if (asking) return;
	asking = true;
	const from = client;
	try {
		const {items = []} = await from.request({opcode: "presence", channel: roomChannel()});
		if (from === client) {
			people = new Set(items.map(({user}) => user));
			showPeople();
		}
	}
	catch {
		askAgain = false; // as above
	}
	asking = false;
	if (askAgain && client) loadPeople();
}

function peopleChanged() {
	askAgain = asking;
	showPeople();
}

//
// Showing
//
function showState(state, reason) {
	if (state !== "open") {
		entered = false;
		people.clear();
		showPeople();
		for (const name of [...typing.keys()]) setTyping(name, false);
	}
	if (reason) showReason(state, reason);
	else if (state === "open") showError("");
	const offline = place !== null && state === "closed";
	byId("state").dataset.state = state;
	byId("state").textContent = offline ? "offline" : state;
	byId("offline").hidden = place === null;
	byId("offline").textContent = offline ? "Come back" : "Go offline";
	byId("join-form").hidden = place !== null;
	byId("leave-form").hidden = place === null;
	byId("my-name").textContent = place?.name ?? "";
	byId("my-room").textContent = place?.room ?? "";
	byId("extensions").textContent = state === "open" ? client.extensions || "none" : "–";
	if (state === "open") showNode(client);
	const wasDisabled = byId("text").disabled;
	for (const id of ["text", "say"]) byId(id).disabled = !entered;
	if (wasDisabled && entered && [document.body, null, byId("join")].includes(document.activeElement)) byId("text").focus();
}

async function showNode(from) {
	const name = await from.where().catch(() => "");
	if (from !== client) return;
	byId("node").textContent = name;
	byId("node-note").hidden = name === "";
}

function showReason(state, reason) {
	if (typeof reason === "string") {
		if (state === "closed") { // the name is none
			showError(reason);
			place = client = null;
			byId("name").focus();
		}
		else if (byId("error").hidden) showError("The server cannot be reached. Trying again."); // or it says already how the connection was lost
	}
	else if (state === "closed") showError(reason.reason || `The connection has ended (code ${reason.code}).`);
	else showError(`The connection is lost (code ${reason.code}). Trying again.`);
}

function showError(text) {
	byId("error").textContent = text;
	byId("error").hidden = text === "";
}

function showNote(text) {
	byId("note").textContent = text;
	byId("note").hidden = text === "";
}

// The buttons of those who stay are left as they are: one may have the focus.
function showPeople() {
	const list = byId("people");
	const rows = new Map([...list.children].map(row => [row.dataset.name, row]));
	for (const [name, row] of rows) {
		if (!people.has(name)) row.remove();
	}
	let next = list.firstElementChild;
	for (const name of [...people].sort()) {
		if (next?.dataset.name === name) next = next.nextElementSibling;
		else list.insertBefore(personRow(name), next);
	}
}

function personRow(name) {
	const row = document.createElement("li");
	row.dataset.name = name;
	const button = element("button", "person", "");
	button.type = "button";
	button.append(element("bdi", "", name));
	button.disabled = name === place?.name;
	button.title = button.disabled ? "You" : "Write to this person only";
	button.setAttribute("aria-pressed", name === target);
	button.addEventListener("click", () => {
		setTarget(name);
		byId("text").focus();
	});
	row.append(button);
	return row;
}

function setTyping(name, is) {
	clearTimeout(typing.get(name));
	typing.delete(name);
	if (is) typing.set(name, setTimeout(() => setTyping(name, false), TYPING_FOR));
	const names = [...typing.keys()];
	byId("typing").textContent = names.length === 0 ? "\u200b" : names.length > 3 ? `${names.length} people are typing…` :
		`${names.join(", ")} ${names.length === 1 ? "is" : "are"} typing…`;
}

// Messages of the history may come behind live ones: they are put where they belong.
function showLine({offset, sender, payload = "", timestamp}) {
	const number = Number(offset);
	let before = null; // what comes next, if this line is late
	for (let row = byId("lines").lastElementChild; row; row = row.previousElementSibling) {
		const other = Number(row.dataset.number);
		if (other === number) return; // as part of the history, and by itself
		if (other < number) break;
		if (other > number) before = row; // none of a private message
	}
	const row = lineRow(timestamp, sender === place.name, element("bdi", "name", sender), payload);
	row.dataset.number = number;
	showRow(row, before);
}

function showPrivate(from, to, text) {
	const names = element("span", "name", "");
	names.append(element("bdi", "", from), " → ", element("bdi", "", to));
	const row = lineRow(Date.now(), from === place.name, names, text);
	row.classList.add("private");
	showRow(row, null);
}

function lineRow(timestamp, mine, name, text) {
	const row = document.createElement("li");
	row.dataset.mine = mine;
	row.append(element("time", "", new Date(timestamp).toTimeString().slice(0, 5)), name, element("bdi", "text", text));
	return row;
}

function showRow(row, before) {
	const list = byId("lines");
	const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
	list.insertBefore(row, before);
	if (list.children.length > MAX_LINES) list.firstElementChild.remove();
	if (atEnd) list.scrollTop = list.scrollHeight;
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

onSubmit("join-form", () => {
	const room = byId("room").value.trim(), name = byId("name").value.trim();
	if (room === "" || name === "") showError("A room and a name are needed.");
	else enter(room, name);
});
onSubmit("leave-form", leave);
onSubmit("say-form", say);
byId("text").addEventListener("input", typed);
byId("offline").addEventListener("click", () => {
	if (client.state === "closed") client.start();
	else {
		showError("");
		showNote("You are offline. Others see you leave in some seconds.");
		client.stop();
	}
});
byId("everybody").addEventListener("click", () => {
	setTarget(null);
	byId("text").focus();
});
document.addEventListener("keydown", event => {
	if (event.key === "Escape" && target !== null) {
		setTarget(null);
		byId("text").focus();
	}
});
byId("room").value = roomOfURL() || "lobby";
byId("name").focus();
