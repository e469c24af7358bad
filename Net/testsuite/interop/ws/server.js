// A server, made with ws, for InteropClient. What it does on which path, and how it starts and
// ends, is as in InteropServer.
//
// usage: server.js [<certificate> <key>]
//
// SPDX-License-Identifier: BSL-1.0

import {readFileSync} from "node:fs";
import {createServer} from "node:http";
import {createServer as createSecureServer} from "node:https";
import {WebSocketServer} from "ws";
import {
	FRAGMENTED_BINARY_LENGTH, FRAGMENTED_TEXT, pattern, Peer, PING_PAYLOAD, PONG_REPORT, Queue, SERVER_CLOSE_CODE, SERVER_CLOSE_REASON, SUBPROTOCOL,
} from "./conversation.js";

const reports = new Queue();

async function echo(peer) {
	peer.ws.on("message", (data, isBinary) => peer.ws.send(data, {binary: isBinary}));
	const close = await peer.closes.get("the client's Close");
	reports.put(`${close.code} ${close.reason}`);
}

const PATHS = {
	"/echo": echo,

	"/report": async (peer) => {
		peer.send(await reports.get("an /echo was closed"));
		await peer.expectClose();
	},

	"/close": (peer) => peer.close(SERVER_CLOSE_CODE, SERVER_CLOSE_REASON),

	"/ping": async (peer) => {
		await peer.ping(PING_PAYLOAD);
		peer.send(PONG_REPORT);
		await peer.expectClose();
	},

	"/fragments": async (peer) => {
		await peer.sendFragments(FRAGMENTED_TEXT, 5);
		await peer.sendFragments(pattern(FRAGMENTED_BINARY_LENGTH), 30000);
		await peer.expectClose();
	},
};

async function serve(ws, request) {
	try {
		await PATHS[request.url](new Peer(ws));
	} catch (error) {
		process.exitCode = 1;
		console.error(`server.js: ${request.url}: ${error.message}`);
	}
}

const [certificate, key] = process.argv.slice(2);
const listener = certificate
	? createSecureServer({cert: readFileSync(certificate), key: readFileSync(key)})
	: createServer();
const server = new WebSocketServer({
	server: listener,
	handleProtocols: (protocols) => protocols.has(SUBPROTOCOL) && SUBPROTOCOL,
});
server.on("connection", serve);
listener.listen(0, "127.0.0.1", () => console.log(`port ${listener.address().port}`));

process.stdin.on("end", () => process.exit()).resume();
