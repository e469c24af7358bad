//
// socketio.js
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  socketio
//
// A node as NodeBenchmark.cpp, by Socket.IO with its Redis adapter or its Redis Streams adapter: node socketio.js redis|streams PORT, in a
// folder with their packages. Or a single one: node socketio.js alone; or, by ws with a loop, whose clients are all in one room: node socketio.js ws.
//
// SPDX-License-Identifier: BSL-1.0
//

"use strict";

const {createRequire} = require("node:module");
const {createServer} = require("node:http");
const readline = require("node:readline");
const load = createRequire(process.cwd() + "/");

const DATA = 100; // bytes of a publication

function payload()
{
	return ("#" + String(process.hrtime.bigint()).padStart(20, "0")).padEnd(DATA, "x");
}

async function adapter(kind, port)
{
	const {createClient} = load("redis");
	const client = createClient({url: `redis://127.0.0.1:${port}`});
	await client.connect();
	if (kind === "streams") return load("@socket.io/redis-streams-adapter").createAdapter(client);
	const subscriber = client.duplicate();
	await subscriber.connect();
	return load("@socket.io/redis-adapter").createAdapter(client, subscriber);
}

// Publishes in all rooms in turns: what is due, once in a millisecond or as often as a timer comes.
function publish(send, rooms, rate, seconds)
{
	const begin = process.hrtime.bigint();
	const count = Math.floor(rate*seconds);
	let sent = 0;
	const timer = setInterval(() =>
	{
		const time = Number(process.hrtime.bigint() - begin)/1e9;
		for (const due = Math.min(count, rate*time); sent + 1 <= due; ++sent) send("c" + sent % rooms, payload());
		if (sent < count) return;
		clearInterval(timer);
		console.log(JSON.stringify({published: sent, refused: 0, seconds: time}));
	}, 1);
}

function sendInLoop()
{
	const {WebSocketServer} = load("ws");
	const server = new WebSocketServer({host: "127.0.0.1", port: 0, perMessageDeflate: false});
	server.on("listening", () => console.log(`${server.address().port} ${process.pid}`));
	return (room, data) =>
	{
		for (const client of server.clients) client.send(data);
	};
}

async function sendInRooms(kind, port)
{
	const {Server} = load("socket.io");
	const server = createServer();
	const io = new Server(server, {...(kind === "alone" ? {} : {adapter: await adapter(kind, port)}), transports: ["websocket"], perMessageDeflate: false, pingInterval: 300000, serveClient: false});
	io.on("connection", socket => socket.on("join", async (room, done) =>
	{
		await socket.join(room);
		done();
	}));
	server.listen(0, "127.0.0.1", () => console.log(`${server.address().port} ${process.pid}`));
	return (room, data) => io.to(room).emit("m", data);
}

async function main(kind, port)
{
	const send = kind === "ws" ? sendInLoop() : await sendInRooms(kind, port);
	readline.createInterface({input: process.stdin}).on("line", line => publish(send, ...line.split(" ").map(Number))).on("close", () => process.exit(0));
}

main(process.argv[2], process.argv[3]);
