// A client, made with ws, for InteropServer.
//
// usage: client.js <port> [<certificate>]
//
// SPDX-License-Identifier: BSL-1.0

import {readFileSync} from "node:fs";
import {WebSocket} from "ws";
import {
	check, FRAGMENTED_BINARY_LENGTH, FRAGMENTED_TEXT, pattern, Peer, PONG_REPORT, SERVER_CLOSE_CODE, SERVER_CLOSE_REASON, SUBPROTOCOL,
} from "./conversation.js";

const UTF8 = "1 byte: A, 2: ß, 3: 水, 4: 😀, and more";

const [port, certificate] = process.argv.slice(2);
const scheme = certificate ? "wss" : "ws";
const options = certificate ? {ca: readFileSync(certificate)} : {};

async function connect(path) {
	const ws = new WebSocket(`${scheme}://localhost:${port}${path}`, ["something-else", SUBPROTOCOL], {family: 4, ...options});
	const peer = new Peer(ws);
	peer.check(await peer.opened.get("the connection"), `connected to ${path}`);
	check(ws.protocol === SUBPROTOCOL, "the server chose the subprotocol");
	return peer;
}

async function messages(peer) {
	const payloads = ["Hello", UTF8, "", Buffer.alloc(0)];
	for (const length of [1, 125, 126, 127, 65535, 65536, 1 << 20]) payloads.push(pattern(length), "x".repeat(length));
	for (const payload of payloads) {
		peer.send(payload);
		await peer.expectMessage(payload);
	}
}

async function fragments(peer) {
	await peer.sendFragments(UTF8, 1); // cut inside characters
	await peer.expectMessage(UTF8);
	await peer.sendFragments(pattern(200000), 30000);
	await peer.expectMessage(pattern(200000));
}

async function pings(peer) {
	for (const payload of ["", "payload", "p".repeat(125)]) await peer.ping(Buffer.from(payload));
}

async function manyInFlight(peer) {
	const contents = Array.from({length: 1000}, (_, i) => String(i) + "f".repeat(i * 13 % 2000));
	for (const content of contents) peer.send(content);
	for (const content of contents) await peer.expectMessage(content);
}

function onEcho(step) {
	return async () => {
		const peer = await connect("/echo");
		await step(peer);
		await peer.close();
		await expectReport("1000 ");
	};
}

async function expectReport(text) {
	const peer = await connect("/report");
	await peer.expectMessage(text);
	await peer.close();
}

async function clientCloses() {
	const peer = await connect("/echo");
	await peer.close(4000, "genug für heute");
	await expectReport("4000 genug für heute");
}

async function serverCloses() {
	const peer = await connect("/close");
	await peer.expectClose(SERVER_CLOSE_CODE, SERVER_CLOSE_REASON);
}

async function serverPings() {
	const peer = await connect("/ping");
	await peer.expectMessage(PONG_REPORT);
	await peer.close();
}

async function serverFragments() {
	const peer = await connect("/fragments");
	await peer.expectMessage(FRAGMENTED_TEXT);
	await peer.expectMessage(pattern(FRAGMENTED_BINARY_LENGTH));
	await peer.close();
}

const STEPS = {
	"messages": onEcho(messages),
	"fragments": onEcho(fragments),
	"pings": onEcho(pings),
	"many in flight": onEcho(manyInFlight),
	"client closes": clientCloses,
	"server closes": serverCloses,
	"server pings": serverPings,
	"server fragments": serverFragments,
};

for (const [name, step] of Object.entries(STEPS)) {
	let outcome = "ok";
	try {
		await step();
	} catch (error) {
		outcome = error.message;
		process.exitCode = 1;
	}
	console.log(`client.js: ${name}: ${outcome}`);
}
process.exit();
