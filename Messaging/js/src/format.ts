// What clients and a MessageService say to each other, and the two ways to write it: Messaging/include/Poco/Messaging/Message.h.
//
// SPDX-License-Identifier: BSL-1.0

import * as flatbuffers from "flatbuffers";
import { Message as Table } from "../generated/poco/messaging/wire/message";
import { Trace } from "../generated/poco/messaging/wire/trace";

/** What a message is about. The application's opcodes begin with 200. */
export const Opcode = {
	connect: 1, connected: 2, ping: 3, pong: 4, error: 5, refresh: 6, disconnect: 7, whoAmI: 8, warning: 9,
	subscribe: 10, subscribed: 11, unsubscribe: 12, unsubscribed: 13, publish: 14, published: 15, publication: 16, send: 17, broadcast: 18, ack: 19,
	history: 20, historyResult: 21, presence: 22, presenceResult: 23, presenceStats: 24, join: 25, leave: 26, dropped: 27,
	setQuota: 30, getQuota: 31, nodeMetrics: 32,
} as const;

/** Why a request was not done: the code of an Error. The application's begin with 1000. */
export const ErrorCode = {
	malformed: 1, opcode: 2, notConnected: 3, connected: 4, token: 5, forbidden: 6, channelName: 7, tooLarge: 8, tooMany: 9, notSubscribed: 10, busy: 11,
	unavailable: 12, noHistory: 13, timedOut: 14, nobody: 15, quota: 16, internal: 17,
} as const;

/** Bits of Message.flags. */
export const Flag = { since: 1, recovered: 2, existing: 4, duplicate: 8, acknowledged: 16 } as const;

/** A message. Absent fields are empty or 0. Which opcode has which fields: docs/messaging.md. */
export interface Message {
	opcode: number;
	/** Of a request, and of its answer; 0: a push. */
	id: number;
	transaction: string;
	channel: string;
	session: string;
	sender: string;
	user: string;
	epoch: bigint;
	offset: bigint;
	flags: number;
	code: number;
	text: string;
	token: string;
	payload: Uint8Array;
	items: Message[];
	limit: number;
	/** Milliseconds since 1970. */
	timestamp: bigint;
	count: bigint;
	/** W3C Trace Context. */
	traceparent: string;
}

/** A way to write messages. */
export interface Format {
	readonly subprotocol: string;
	write(message: Partial<Message>): string | Uint8Array;
	/** Throws an Error if it is no message. */
	read(data: unknown): Message;
}

const MAX_DEPTH = 4;
const NOTHING = new Uint8Array(0);
const TEXTS = ["transaction", "channel", "session", "sender", "user", "text", "token"] as const;
const NUMBERS = ["id", "flags", "code", "limit"] as const;
const LARGE = ["epoch", "offset", "timestamp", "count"] as const;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** Returns the bytes of a text, in UTF-8, or a copy of the bytes. */
export function toBytes(payload: string | Uint8Array): Uint8Array {
	return typeof payload === "string" ? encoder.encode(payload) : new Uint8Array(payload);
}

/** Returns the text that has these bytes in UTF-8. */
export function toText(payload: Uint8Array): string {
	return decoder.decode(payload);
}

function empty(): Message {
	return {
		opcode: 0, id: 0, transaction: "", channel: "", session: "", sender: "", user: "", epoch: 0n, offset: 0n, flags: 0, code: 0, text: "", token: "",
		payload: NOTHING, items: [], limit: 0, timestamp: 0n, count: 0n, traceparent: "",
	};
}

const hexadecimal = (value: bigint): string => value.toString(16).padStart(16, "0");

/** FlatBuffers, in binary messages. */
export const binaryFormat: Format = {
	subprotocol: "poco.messaging.v1",

	write(message) {
		const builder = new flatbuffers.Builder(256);
		const table = writeTable(builder, message);
		Table.finishMessageBuffer(builder, table);
		return builder.asUint8Array();
	},

	read(data) {
		if (!(data instanceof ArrayBuffer)) throw new Error("Not a binary message");
		const buffer = new flatbuffers.ByteBuffer(new Uint8Array(data));
		if (data.byteLength < 8 || !Table.bufferHasIdentifier(buffer)) throw new Error("Not a message of " + this.subprotocol);
		return readTable(Table.getRootAsMessage(buffer), data.byteLength, MAX_DEPTH);
	},
};

function writeTable(builder: flatbuffers.Builder, message: Partial<Message>): flatbuffers.Offset {
	const items = message.items?.length ? Table.createItemsVector(builder, message.items.map(item => writeTable(builder, item))) : 0;
	const payload = message.payload?.length ? Table.createPayloadVector(builder, message.payload) : 0;
	const [transaction, channel, session, sender, user, text, token] = TEXTS.map(name => message[name] ? builder.createString(message[name]!) : 0) as
		[number, number, number, number, number, number, number];
	const trace = /^..-(.{16})(.{16})-(.{16})-..$/.exec(message.traceparent ?? "");
	Table.startMessage(builder);
	if (trace) Table.addTrace(builder, Trace.createTrace(builder, BigInt("0x" + trace[1]), BigInt("0x" + trace[2]), BigInt("0x" + trace[3]), 0n));
	Table.addCount(builder, message.count ?? 0n);
	Table.addTimestamp(builder, message.timestamp ?? 0n);
	Table.addOffset(builder, message.offset ?? 0n);
	Table.addEpoch(builder, message.epoch ?? 0n);
	Table.addLimit(builder, message.limit ?? 0);
	Table.addCode(builder, message.code ?? 0);
	Table.addFlags(builder, message.flags ?? 0);
	Table.addId(builder, message.id ?? 0);
	if (items) Table.addItems(builder, items);
	if (payload) Table.addPayload(builder, payload);
	if (token) Table.addToken(builder, token);
	if (text) Table.addText(builder, text);
	if (user) Table.addUser(builder, user);
	if (sender) Table.addSender(builder, sender);
	if (session) Table.addSession(builder, session);
	if (channel) Table.addChannel(builder, channel);
	if (transaction) Table.addTransaction(builder, transaction);
	Table.addOpcode(builder, message.opcode ?? 0);
	return Table.endMessage(builder);
}

function readTable(table: Table, size: number, depth: number): Message {
	if (depth === 0 || table.itemsLength() > size) throw new Error("Not a message: its items");
	const message = empty();
	message.opcode = table.opcode();
	for (const name of TEXTS) message[name] = table[name]() ?? "";
	for (const name of NUMBERS) message[name] = table[name]();
	for (const name of LARGE) message[name] = table[name]();
	message.payload = table.payloadArray() ?? NOTHING;
	for (let i = 0; i < table.itemsLength(); ++i) message.items.push(readTable(table.items(i)!, size, depth - 1));
	const trace = table.trace();
	if (trace) message.traceparent = `00-${hexadecimal(trace.traceHigh())}${hexadecimal(trace.traceLow())}-${hexadecimal(trace.span())}-01`;
	return message;
}

/** JSON, in text messages: for tools, and for looking at what is said. */
export const jsonFormat: Format = {
	subprotocol: "poco.messaging.json.v1",

	write(message) {
		return JSON.stringify(toObject(message));
	},

	read(data) {
		if (typeof data !== "string") throw new Error("Not a text message");
		return fromObject(JSON.parse(data), MAX_DEPTH);
	},
};

const NAMES = new Map<number, string>(Object.entries(Opcode).map(([name, opcode]) => [opcode, name]));
type Fields = Record<string, unknown>;

function toObject(message: Partial<Message>): Fields {
	const fields: Fields = { opcode: NAMES.get(message.opcode!) ?? message.opcode };
	for (const name of [...TEXTS, ...NUMBERS, "traceparent"] as const) if (message[name]) fields[name] = message[name];
	for (const name of LARGE) {
		const value = message[name];
		if (value) fields[name] = value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
	}
	if (message.payload?.length) {
		try {
			fields.payload = strictDecoder.decode(message.payload);
		}
		catch { // it is no UTF-8
			let bytes = "";
			for (const byte of message.payload) bytes += String.fromCharCode(byte);
			fields.payload64 = btoa(bytes);
		}
	}
	if (message.items?.length) fields.items = message.items.map(toObject);
	return fields;
}

function fromObject(value: unknown, depth: number): Message {
	if (typeof value !== "object" || value === null || depth === 0) throw new Error("Not a message");
	const fields = value as Fields;
	const message = empty();
	const opcode = fields.opcode;
	message.opcode = typeof opcode === "string" ? (Opcode as Record<string, number>)[opcode] ?? 0 : Number(opcode ?? 0);
	for (const name of [...TEXTS, "traceparent"] as const) message[name] = String(fields[name] ?? "");
	for (const name of NUMBERS) message[name] = Number(fields[name] ?? 0);
	for (const name of LARGE) message[name] = BigInt(fields[name] as string | number ?? 0); // what a double does not hold is a string
	if (fields.payload64 !== undefined) message.payload = Uint8Array.from(atob(String(fields.payload64)), c => c.charCodeAt(0));
	else if (fields.payload !== undefined) message.payload = encoder.encode(String(fields.payload));
	if (Array.isArray(fields.items)) message.items = fields.items.map(item => fromObject(item, depth - 1));
	return message;
}
