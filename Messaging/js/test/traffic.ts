// Clients that do what a test of nodes in C++ says (Messaging/testsuite/support/ScriptClients.h), and say what they get: both as lines of JSON.
//
// It is told "client" (number, port, json, token), "subscribe" (client, channel), "publish" (client, number, channel, payload, transaction), "cut" (client)
// and "end"; it ends with its input, too. It tells "subscribed", "publication", "lost", "presence", "dropped", "ended" and "answered". 64-bit numbers are texts.
//
// SPDX-License-Identifier: BSL-1.0

import { createInterface } from "node:readline";
import { WebSocket as OtherWebSocket } from "ws";
import { MessageClient, MessageError, toText } from "../src/client";
import type { Position } from "../src/client";

interface Order {
	do: "client" | "subscribe" | "publish" | "cut" | "end";
	client: number;
	number: number;
	port: number;
	json: boolean;
	token: string;
	channel: string;
	payload: string;
	transaction: string;
}

/** Its connections, so that they can be cut. */
const sockets = new Map<number, { terminate(): void }>();

globalThis.WebSocket = class extends OtherWebSocket {
	constructor(url: string | URL, protocols?: string | string[]) {
		super(url, protocols);
		sockets.set(Number(new URL(url).searchParams.get("client")), this as unknown as { terminate(): void });
	}
};

const clients = new Map<number, MessageClient>();

function tell(what: object): void {
	process.stdout.write(`${JSON.stringify(what)}\n`);
}

function numbers(position: Position | undefined): { epoch: string; offset: string } {
	return { epoch: String(position?.epoch ?? 0n), offset: String(position?.offset ?? 0n) };
}

function begin({ number, port, json, token }: Order): void {
	const url = `ws://127.0.0.1:${port}/messages?client=${number}`;
	clients.set(number, new MessageClient(url, { json, token, minDelay: 20, maxDelay: 1000, requestTimeout: 5000 }));
}

function subscribe(client: MessageClient, { client: number, channel }: Order): void {
	const say = (event: string, fields: object) => tell({ event, client: number, channel, ...fields });
	const subscription = client.subscribe(channel);
	subscription.on("subscribed", recovered => say("subscribed", { recovered, ...numbers(subscription.position) }))
		.on("publication", publication => say("publication", { payload: toText(publication.payload), ...numbers(publication) }))
		.on("lost", (since, now) => say("lost", { last: numbers(since), next: numbers(now) }))
		.on("join", member => say("presence", { member: member.id, joined: true }))
		.on("leave", member => say("presence", { member: member.id, joined: false }))
		.on("dropped", count => say("dropped", { count: String(count) }))
		.on("unsubscribed", (reason, error) => { if (reason === "revoked" || reason === "refused") say("ended", { reason, text: error.message }); });
}

function publish(client: MessageClient, { number, channel, payload, transaction }: Order): void {
	client.publish(channel, payload, { transaction }).then(
		answer => tell({ event: "answered", number, kind: "done", duplicate: answer.duplicate, ...numbers(answer) }),
		(error: MessageError) => tell({ event: "answered", number, kind: error.kind, code: error.code, text: error.message }));
}

function end(): void {
	for (const client of clients.values()) client.close();
	process.exit();
}

createInterface(process.stdin).on("line", line => {
	const order = JSON.parse(line) as Order;
	const client = clients.get(order.client);
	switch (order.do) {
	case "client": return begin(order);
	case "subscribe": return subscribe(client!, order);
	case "publish": return publish(client!, order);
	case "cut": return sockets.get(order.client)?.terminate();
	case "end": return end();
	}
}).on("close", end);
