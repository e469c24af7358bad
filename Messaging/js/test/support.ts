// What the tests need: a service (Messaging/testsuite/service/TestServer.cpp), a proxy that cuts connections, a server that says what a test wants.
//
// SPDX-License-Identifier: BSL-1.0

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHmac } from "node:crypto";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createInterface } from "node:readline";
import { WebSocket as OtherWebSocket, WebSocketServer } from "ws";
import type { Peer } from "ws";
import { MessageClient } from "../src/client";
import type { MessageClientOptions, State, StateInfo } from "../src/client";
import { binaryFormat, jsonFormat, Opcode } from "../src/format";
import type { Message } from "../src/format";

globalThis.WebSocket ??= OtherWebSocket; // Node before 22

const SECRET = "s".repeat(32);

export async function eventually(condition: () => boolean, what: string): Promise<void> {
	for (const end = Date.now() + 30000; !condition();) {
		if (Date.now() > end) throw new Error(`It does not come to this: ${what}`);
		await new Promise(resolve => setTimeout(resolve, 1));
	}
}

/** Returns a token of the services that have withTokens. */
export function token(claims: object, seconds = 3600, secret = SECRET): string {
	const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
	const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ exp: Math.floor(Date.now() / 1000) + seconds, ...claims })}`;
	return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** A real one. */
export class Service {
	static readonly withTokens = `--secret=${SECRET}`;
	readonly clients: MessageClient[] = [];
	private readonly _waiting: ((line: string) => void)[] = [];

	private constructor(private readonly _process: ChildProcess, public port = 0) {
	}

	static async start(...options: string[]): Promise<Service> {
		const server = process.env.TEST_SERVER ?? "../../build/debug/bin/TestServer";
		const child = spawn(server, options, { stdio: ["pipe", "pipe", "inherit"] });
		const service = new Service(child);
		const first = new Promise<string>((resolve, reject) => {
			service._waiting.push(resolve);
			child.once("error", reject);
			child.once("exit", code => reject(new Error(`${server} has ended: ${code}`)));
		});
		createInterface(child.stdout!).on("line", line => service._waiting.shift()?.(line));
		service.port = Number((await first).replace("port ", ""));
		return service;
	}

	/** Returns when it is done. */
	async order(command: string): Promise<void> {
		const done = new Promise<string>(resolve => this._waiting.push(resolve));
		this._process.stdin!.write(`${command}\n`);
		await done;
	}

	client(options: MessageClientOptions = {}, port = this.port): MessageClient {
		const client = new MessageClient(`ws://127.0.0.1:${port}/messages`, { minDelay: 1, maxDelay: 1000, requestTimeout: 20000, ...options });
		this.clients.push(client);
		return client;
	}

	async stop(): Promise<void> {
		for (const client of this.clients) client.close();
		const ended = new Promise(resolve => this._process.once("exit", resolve));
		this._process.stdin!.end();
		await ended;
	}
}

/** Notes the states of a client. */
export function statesOf(client: MessageClient): (StateInfo & { state: State })[] {
	const states: (StateInfo & { state: State })[] = [];
	client.onState = (state, info) => states.push({ state, ...info });
	return states;
}

export type Direction = "toClient" | "toServer";

/** Between a client and a service. */
export class Proxy {
	connections = 0;
	/** How many bytes went through the first connection. */
	readonly bytes = { toClient: 0, toServer: 0 };
	/** Nothing goes through. Connections stay. */
	silent = { toClient: false, toServer: false };
	private readonly _sockets = new Set<Socket>();
	private readonly _server: Server;

	private constructor(target: number, private readonly _cut?: { direction: Direction; after: number }) {
		this._server = createServer(client => {
			const first = ++this.connections === 1;
			const server = connect(target, "127.0.0.1");
			this._join(client, server, "toServer", first);
			this._join(server, client, "toClient", first);
		});
	}

	/** With cut, the first connection is cut behind so many bytes. */
	static async start(target: number, cut?: { direction: Direction; after: number }): Promise<Proxy> {
		const proxy = new Proxy(target, cut);
		await new Promise<void>(resolve => proxy._server.listen(0, "127.0.0.1", resolve));
		return proxy;
	}

	get port(): number {
		return (this._server.address() as AddressInfo).port;
	}

	cut(): void {
		for (const socket of this._sockets) socket.destroy();
	}

	stop(): void {
		this.cut();
		this._server.close();
	}

	private _join(from: Socket, to: Socket, direction: Direction, first: boolean): void {
		this._sockets.add(from);
		from.setNoDelay();
		from.on("data", data => {
			if (this.silent[direction]) return;
			if (!first) return void to.write(data);
			const left = this._cut?.direction === direction ? this._cut.after - this.bytes[direction] : Infinity;
			this.bytes[direction] += data.length;
			if (data.length < left) return void to.write(data);
			to.write(data.subarray(0, left), () => {
				from.destroy();
				to.destroy();
			});
			from.pause();
		});
		from.on("error", () => {});
		from.on("close", () => {
			this._sockets.delete(from);
			to.destroy();
		});
	}
}

/** A server that answers Connect, and else says what a test wants. */
export class FakeService {
	/** What clients have said, but for Connect. */
	readonly received: Message[] = [];
	connections = 0;
	/** Answers a request; what it returns is sent with the request's id. */
	answer: (message: Message) => Partial<Message> | undefined = () => undefined;
	peer: Peer | undefined;

	private constructor(private readonly _server: WebSocketServer, private readonly _format: typeof binaryFormat) {
		_server.on("connection", peer => {
			this.peer = peer;
			++this.connections;
			peer.on("message", data => {
				const bytes = Uint8Array.from(data);
				const message = _format.read(_format === jsonFormat ? new TextDecoder().decode(bytes) : bytes.buffer);
				if (message.opcode === Opcode.connect) return this.say({ opcode: Opcode.connected, id: message.id, session: `s-${this.connections}` });
				this.received.push(message);
				const answer = this.answer(message);
				if (answer) this.say({ ...answer, id: message.id });
			});
		});
	}

	static async start(json: boolean): Promise<FakeService> {
		const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
		await new Promise<void>(resolve => server.once("listening", resolve));
		return new FakeService(server, json ? jsonFormat : binaryFormat);
	}

	get port(): number {
		return this._server.address().port;
	}

	say(message: Partial<Message>): void {
		this.peer!.send(this._format.write(message));
	}

	stop(): void {
		for (const client of this._server.clients) client.terminate();
		this._server.close();
	}
}
