// A client of a MessageService, for browsers and Node. README.md has an example; docs/messaging.md says what the service guarantees.
//
// SPDX-License-Identifier: BSL-1.0

import { binaryFormat, ErrorCode, Flag, jsonFormat, Opcode, toBytes } from "./format";
import type { Format, Message } from "./format";

export { ErrorCode, Opcode, toBytes, toText } from "./format";
export type { Message } from "./format";

/** A place in the history of a channel: behind the publication that has this offset. */
export interface Position {
	epoch: bigint;
	offset: bigint;
}

/** What was published in a channel. */
export interface Publication {
	channel: string;
	payload: Uint8Array;
	/** A user, or a session; empty: the server's program. */
	sender: string;
	transaction: string;
	/** 0n in a channel without history. */
	epoch: bigint;
	offset: bigint;
	/** Milliseconds since 1970. */
	timestamp: bigint;
	traceparent: string;
}

/** What publish() has done. */
export interface Published {
	/** Where it stands; 0n in a channel without history. */
	epoch: bigint;
	offset: bigint;
	/** It was published before, with the same transaction. */
	duplicate: boolean;
	/** Subscribers on the server's node. */
	count: bigint;
}

export interface Member {
	/** A user; a session, if it has no user. */
	id: string;
	info: string;
}

/** What was sent to this session, or its user, or to all. */
export interface DirectMessage {
	payload: Uint8Array;
	sender: string;
	transaction: string;
	traceparent: string;
}

/** The server warns of a quota; or an Error that answers no request, or a refused refresh of the token. */
export interface Warning {
	/** ErrorCode. */
	code: number;
	text: string;
}

export type State =
	| "connecting"
	| "connected"
	/** The connection was lost, or was not made. It is tried again after StateInfo.delay. */
	| "waiting"
	/** For good: close() was called, or trying again makes no sense. */
	| "closed";

export interface StateInfo {
	/** Of the Close frame; 1006: there was none; 0: the client itself has ended it. */
	code: number;
	reason: string;
	/** Milliseconds; 0 if it is not tried again. */
	delay: number;
}

export interface MessageClientOptions {
	/** Without a function, codes 4001 and 4003 end the client: the same token would be refused again. */
	token?: string | (() => Promise<string>);
	/** What others see of this client in presences, if the token does not say it. */
	info?: string;
	/** The JSON format. Default: binary. */
	json?: boolean;
	/** Milliseconds until it connects again, at first; doubled each time up to maxDelay, minus up to 50 % jitter. From the beginning again after a connection that has held for maxDelay. Default: 500. */
	minDelay?: number;
	/** Milliseconds. After such a silence, or twice that, the server is asked for a sign of life. Default: 20,000. */
	maxDelay?: number;
	/** Milliseconds for the answer to a request, waiting for a connection included; at most 240,000. Default: 10,000. */
	requestTimeout?: number;
}

/** Why a request was not done. */
export class MessageError extends Error {
	constructor(
		/** "server": it was refused. "lost": the connection went before the answer, it may have been done. "timeout": the same. "closed": by close(). */
		readonly kind: "server" | "lost" | "timeout" | "closed",
		message: string,
		/** ErrorCode, or the application's; 0 if it is not the server's. */
		readonly code = 0) {
		super(message);
		this.name = "MessageError";
	}
}

export interface SubscriptionEvents {
	publication(publication: Publication): void;
	join(member: Member): void;
	/** Its info is not told again. */
	leave(member: Member): void;
	/** In a channel without history so many messages were dropped, because this client was too slow. */
	dropped(count: bigint): void;
	/** It is in the channel, for the first time or again. recovered: everything that was published since its position follows. */
	subscribed(recovered: boolean): void;
	/** In a channel with history, publications behind since are lost up to now (not given: it has no history). What follows is complete again. */
	lost(since: Position, now: Position | undefined): void;
	/** "gap", "epoch" and "failed": it subscribes anew by itself. "revoked" (by the server's program) and "refused" (with the error): it is at its end. */
	unsubscribed(reason: "gap" | "epoch" | "failed" | "revoked" | "refused", error: MessageError): void;
}

/** What runs user code: its errors are its own. Returns false if it has thrown. */
function guarded(call: () => void): boolean {
	try {
		call();
		return true;
	}
	catch (error) {
		queueMicrotask(() => { throw error; });
		return false;
	}
}

/** A channel that the client is in, or comes into as soon as it can: MessageClient.subscribe(). */
export class Subscription {
	/** @internal */
	_position: Position | undefined;
	/** @internal By the application: no event follows. */
	_left = false;
	/** @internal */
	_failures = 0;
	/** @internal */
	_timer: ReturnType<typeof setTimeout> | undefined;
	private readonly _listeners: { [Name in keyof SubscriptionEvents]?: SubscriptionEvents[Name][] } = {};

	/** @internal */
	constructor(readonly channel: string, private readonly _leave: (subscription: Subscription) => void, since: Position | undefined) {
		this._position = since;
	}

	/** Adds a listener. */
	on<Name extends keyof SubscriptionEvents>(name: Name, listener: SubscriptionEvents[Name]): this {
		((this._listeners[name] ??= []) as SubscriptionEvents[Name][]).push(listener);
		return this;
	}

	/** Behind what was handed over; undefined: not known yet, or the channel has no history. What a later client gives subscribe() as since. */
	get position(): Position | undefined {
		return this._position && { ...this._position };
	}

	/** Leaves the channel. No event follows. */
	unsubscribe(): void {
		this._leave(this);
	}

	/** @internal */
	_emit<Name extends keyof SubscriptionEvents>(name: Name, ...values: Parameters<SubscriptionEvents[Name]>): void {
		for (const listener of [...this._listeners[name] ?? []]) {
			if (!this._left) guarded(() => (listener as (...values: unknown[]) => void)(...values));
		}
	}
}

/** What the server knows of a channel in this connection. */
interface Entry {
	subscription: Subscription;
	/** Between Subscribed and Unsubscribe. */
	live: boolean;
}

interface Request {
	message: Partial<Message> & { opcode: number; id: number };
	done(answer: Message): void;
	failed(error: MessageError): void;
	timer: ReturnType<typeof setTimeout>;
	/** In this connection or an earlier one. */
	sent: boolean;
	/** It is sent again in the next connection, if the channel has history: its transaction is known there. */
	repeats: boolean;
	/** That of the channel, if it was known when it was sent. */
	epoch: bigint;
}

const CLOSE_TOKEN = 4001;
const CLOSE_EXPIRED = 4003;
const MAX_SEEN = 10000;
const TEMPORARY: readonly number[] = [ErrorCode.busy, ErrorCode.unavailable, ErrorCode.quota, ErrorCode.internal];
const REASONS = ["failed", "gap", "epoch", "revoked"] as const;

function positionOf(message: Message): Position | undefined {
	return message.epoch === 0n ? undefined : { epoch: message.epoch, offset: message.offset };
}

function randomName(): string {
	const values = new Uint32Array(4);
	if (globalThis.crypto?.getRandomValues) globalThis.crypto.getRandomValues(values);
	else values.forEach((_, i) => { values[i] = Math.random() * 2 ** 32; });
	return Array.from(values, value => value.toString(16).padStart(8, "0")).join("");
}

/**
 * A client of a MessageService. It connects at once, and again after any loss of the connection, until close() is called.
 *
 * In a channel with history a Subscription gets each publication once and in order, over any number of connections, or its "lost" event.
 * In one without history it gets each at most once.
 *
 * Node before 22 has no WebSocket: set globalThis.WebSocket to that of the package ws first.
 */
export class MessageClient {
	/** Something was sent to this session. If the sender asks for an acknowledgement it is given when this has returned: if it throws, the message comes again. Other repetitions are not handed over. */
	onMessage: ((message: DirectMessage) => void) | undefined;
	onWarning: ((warning: Warning) => void) | undefined;
	/** Called for each new state. The first one is "connecting". */
	onState: ((state: State, info: StateInfo) => void) | undefined;

	private readonly _options: Required<Omit<MessageClientOptions, "token">> & Pick<MessageClientOptions, "token">;
	private readonly _format: Format;
	private readonly _subscriptions = new Map<string, Subscription>();
	private readonly _entries = new Map<string, Entry>();
	private readonly _requests = new Map<number, Request>();
	/** Channels whose publications wait until it is known whether those of the last connection may be repeated. */
	private readonly _held = new Set<string>();
	/** Transactions of messages that were handed over. */
	private readonly _seen = new Set<string>();
	private _state: State = "waiting";
	private _socket: WebSocket | undefined;
	private _timer: ReturnType<typeof setTimeout> | undefined;
	private _watch: ReturnType<typeof setInterval> | undefined;
	private _heard = false;
	private _failures = 0;
	private _connectedAt = 0;
	private _attempt = 0;
	private _lastId = 0;
	private _session = "";
	private _user = "";

	/** Throws a RangeError for a number that is out of range, and an Error if there is no WebSocket. */
	constructor(private readonly _url: string, options: MessageClientOptions = {}) {
		this._options = { info: "", json: false, minDelay: 500, maxDelay: 20000, requestTimeout: 10000, ...options };
		const { minDelay, maxDelay, requestTimeout } = this._options;
		if (!(minDelay > 0 && maxDelay >= minDelay && maxDelay < 2 ** 31)) throw new RangeError("minDelay, maxDelay");
		if (!(requestTimeout > 0 && requestTimeout <= 240000)) throw new RangeError("requestTimeout"); // the server knows transactions for 5 minutes
		if (!globalThis.WebSocket) throw new Error("There is no WebSocket: set globalThis.WebSocket");
		this._format = this._options.json ? jsonFormat : binaryFormat;
		queueMicrotask(() => { if (this._state !== "closed") void this._connect(); });
	}

	get state(): State {
		return this._state;
	}

	/** The id of the session; empty before the first one, and another one after each reconnect. */
	get session(): string {
		return this._session;
	}

	/** The user that the token names. */
	get user(): string {
		return this._user;
	}

	/** Comes into a channel, behind a position if there is one, and stays in it over all connections. Returns the same object while it is in it. */
	subscribe(channel: string, options: { since?: Position } = {}): Subscription {
		if (this._state === "closed") throw new MessageError("closed", "The client is closed");
		let subscription = this._subscriptions.get(channel);
		if (subscription) return subscription;
		subscription = new Subscription(channel, left => {
			left._left = true;
			if (this._subscriptions.get(channel) === left) this._forget(left);
		}, options.since && { ...options.since });
		this._subscriptions.set(channel, subscription);
		queueMicrotask(() => this._sync(channel)); // when it has its listeners
		return subscription;
	}

	/**
	 * Publishes. If the connection goes before the answer, it is sent again in the next one, with the same transaction, if the channel has history: it
	 * is there once. Without history it is rejected then ("lost"), since it would come twice.
	 */
	publish(channel: string, payload: string | Uint8Array, options: { transaction?: string } = {}): Promise<Published> {
		const message = { opcode: Opcode.publish, channel, payload: toBytes(payload), transaction: options.transaction || randomName() };
		return this._promise(message, { repeats: true }).then(answer => ({
			epoch: answer.epoch, offset: answer.offset, duplicate: (answer.flags & Flag.duplicate) !== 0, count: answer.count,
		}));
	}

	/** Sends to a session. With acknowledged it is repeated for so many seconds (up to 300) until it is acknowledged. Returns to how many it went on the server's node. */
	send(session: string, payload: string | Uint8Array, options: { acknowledged?: number } = {}): Promise<bigint> {
		return this._send({ session, payload: toBytes(payload) }, options.acknowledged);
	}

	/** The same, to all sessions of a user. With acknowledged: until one of them has acknowledged it. */
	sendToUser(user: string, payload: string | Uint8Array, options: { acknowledged?: number } = {}): Promise<bigint> {
		return this._send({ user, payload: toBytes(payload) }, options.acknowledged);
	}

	/** Sends to all sessions. Returns to how many on the server's node. */
	broadcast(payload: string | Uint8Array): Promise<bigint> {
		return this._promise({ opcode: Opcode.broadcast, payload: toBytes(payload) }).then(answer => answer.count);
	}

	/** Reads the history of a channel: the last publications, or the first ones behind a position. */
	history(channel: string, options: { since?: Position; limit?: number } = {}): Promise<{ position: Position; publications: Publication[] }> {
		const { since, limit = 100 } = options;
		return this._promise({ opcode: Opcode.history, channel, limit, flags: since ? Flag.since : 0, epoch: since?.epoch ?? 0n, offset: since?.offset ?? 0n })
			.then(answer => ({ position: { epoch: answer.epoch, offset: answer.offset }, publications: answer.items.map(item => publicationOf(item, channel)) }));
	}

	/** Returns who is in a channel. */
	presence(channel: string): Promise<Member[]> {
		return this._promise({ opcode: Opcode.presence, channel }).then(answer => answer.items.map(memberOf));
	}

	/** Returns how many are in a channel. */
	presenceStats(channel: string): Promise<bigint> {
		return this._promise({ opcode: Opcode.presenceStats, channel }).then(answer => answer.count);
	}

	/** Asks what the application answers, or a built-in opcode that has no function here. Returns the answer. */
	request(opcode: number, payload: string | Uint8Array = "", fields: Partial<Message> = {}): Promise<Message> {
		return this._promise({ ...fields, opcode, payload: toBytes(payload) });
	}

	/** Closes the connection for good. Requests are rejected ("closed"), subscriptions have no further events. Does nothing the second time. */
	close(): void {
		this._end(0, "close() was called");
	}

	//
	// Connections
	//
	private async _connect(): Promise<void> {
		const attempt = ++this._attempt;
		this._setState("connecting");
		if (attempt !== this._attempt) return; // the application has closed it
		this._timer = setTimeout(() => this._lost(0, "No connection in time"), this._options.requestTimeout);
		let token: string;
		try {
			token = await this._token();
		}
		catch (error) {
			if (attempt === this._attempt) this._lost(0, `No token: ${String(error)}`);
			return;
		}
		if (attempt !== this._attempt) return;
		try {
			this._socket = new WebSocket(this._url, this._format.subprotocol);
		}
		catch (error) {
			return this._end(0, String(error)); // the URL is wrong
		}
		const socket = this._socket;
		const id = this._nextId();
		socket.binaryType = "arraybuffer";
		socket.onerror = () => {}; // the Close event follows
		socket.onopen = () => socket.send(this._format.write({ opcode: Opcode.connect, id, token, text: this._options.info }));
		socket.onclose = event => this._lost(event.code, event.reason);
		socket.onmessage = event => {
			let message: Message;
			try {
				message = this._format.read(event.data);
			}
			catch (error) {
				return this._lost(0, String(error));
			}
			this._heard = true;
			if (this._state === "connected") this._receive(message);
			else if (message.opcode === Opcode.connected) this._connected(message);
			else if (message.opcode === Opcode.error && message.id === id) this._lost(message.code === ErrorCode.token ? CLOSE_TOKEN : 0, message.text);
		};
	}

	private async _token(): Promise<string> {
		const { token } = this._options;
		return typeof token === "function" ? token() : token ?? "";
	}

	private _connected(message: Message): void {
		clearTimeout(this._timer);
		this._connectedAt = performance.now();
		this._session = message.session;
		this._user = message.user;
		this._state = "connected";
		this._heard = true;
		this._watch = setInterval(() => {
			if (!this._heard) this._ask({ opcode: Opcode.ping }, () => {}, error => { if (error.kind === "timeout") this._lost(0, "The server is silent"); });
			this._heard = false;
		}, this._options.maxDelay);
		for (const request of this._requests.values()) if (request.sent) this._held.add(request.message.channel!);
		for (const channel of this._held) this._askForHistory(channel);
		for (const channel of [...this._subscriptions.keys()]) this._sync(channel);
		for (const request of [...this._requests.values()]) if (!request.sent) this._transmit(request);
		this._tellState({ code: 0, reason: "", delay: 0 });
	}

	/** The connection has gone, or was not made. It comes again, if that makes sense. */
	private _lost(code: number, reason: string): void {
		if (this._state === "closed") return;
		const fixed = typeof this._options.token !== "function";
		if (code === 1000 || fixed && (code === CLOSE_TOKEN || code === CLOSE_EXPIRED)) return this._end(code, reason);
		if (this._state === "connected" && performance.now() - this._connectedAt >= this._options.maxDelay) this._failures = 0;
		this._drop();
		for (const request of [...this._requests.values()]) {
			if (request.sent && !request.repeats) this._finish(request)?.failed(new MessageError("lost", `The connection was lost before the answer came: ${reason || code}`));
		}
		if ((this._state as State) === "closed") return; // by who was told
		const delay = Math.min(this._options.maxDelay, this._options.minDelay * 2 ** Math.min(this._failures++, 30)) * (1 - Math.random() / 2);
		this._timer = setTimeout(() => void this._connect(), delay);
		this._setState("waiting", { code, reason, delay });
	}

	private _end(code: number, reason: string): void {
		if (this._state === "closed") return;
		this._drop();
		this._state = "closed";
		for (const subscription of this._subscriptions.values()) {
			subscription._left = true;
			clearTimeout(subscription._timer);
		}
		this._subscriptions.clear();
		for (const request of [...this._requests.values()]) this._finish(request)?.failed(new MessageError("closed", `The client is closed: ${reason || code}`));
		this._tellState({ code, reason, delay: 0 });
	}

	/** Nothing of the connection, or of an attempt, comes any more. */
	private _drop(): void {
		++this._attempt;
		clearTimeout(this._timer);
		clearInterval(this._watch);
		this._entries.clear();
		this._held.clear();
		const socket = this._socket;
		this._socket = undefined;
		if (!socket) return;
		socket.onopen = socket.onclose = socket.onmessage = null;
		socket.close(1000);
	}

	private _setState(state: State, info: StateInfo = { code: 0, reason: "", delay: 0 }): void {
		this._state = state;
		this._tellState(info);
	}

	private _tellState(info: StateInfo): void {
		guarded(() => this.onState?.(this._state, info));
	}

	//
	// Requests
	//
	private _nextId(): number {
		this._lastId = this._lastId % 0xFFFFFFFF + 1;
		return this._lastId;
	}

	/** Calls one of the two when it is decided: in the order of the messages, and before the next one is handled. */
	private _ask(message: Partial<Message> & { opcode: number }, done: Request["done"], failed: Request["failed"], options: { repeats?: boolean; more?: number } = {}): void {
		if (this._state === "closed") return failed(new MessageError("closed", "The client is closed"));
		const request: Request = { message: { ...message, id: this._nextId() }, done, failed, sent: false, repeats: options.repeats ?? false, epoch: 0n,
			timer: setTimeout(() => this._finish(request)?.failed(new MessageError("timeout", "No answer has come in time")), this._options.requestTimeout + (options.more ?? 0)) };
		this._requests.set(request.message.id, request);
		this._transmit(request);
	}

	private _promise(message: Partial<Message> & { opcode: number }, options: { repeats?: boolean; more?: number } = {}): Promise<Message> {
		return new Promise((resolve, reject) => this._ask(message, resolve, reject, options));
	}

	private _send(fields: Partial<Message>, acknowledged = 0): Promise<bigint> {
		const flags = acknowledged > 0 ? Flag.acknowledged : 0;
		return this._promise({ ...fields, opcode: Opcode.send, flags, limit: Math.ceil(acknowledged) }, { more: acknowledged * 1000 }).then(answer => answer.count);
	}

	private _transmit(request: Request): void {
		if (this._state !== "connected" || request.repeats && this._held.has(request.message.channel!)) return;
		if (!request.sent) request.epoch = this._subscriptions.get(request.message.channel ?? "")?._position?.epoch ?? 0n;
		request.sent = true;
		this._write(request.message);
	}

	private _write(message: Partial<Message>): void {
		this._socket!.send(this._format.write(message));
	}

	/** Returns undefined if it is decided already. */
	private _finish(request: Request): Request | undefined {
		clearTimeout(request.timer);
		return this._requests.delete(request.message.id) ? request : undefined;
	}

	/** What was published in the last connection, and not answered, is only repeated in the history that it may be in. */
	private _askForHistory(channel: string): void {
		const goOn = (epoch: bigint) => {
			this._held.delete(channel);
			for (const request of [...this._requests.values()]) {
				if (!request.repeats || request.message.channel !== channel) continue;
				if (!request.sent || epoch !== 0n && (request.epoch === 0n || request.epoch === epoch)) this._transmit(request);
				else this._finish(request)?.failed(new MessageError("lost", "The connection was lost before the answer came, and the channel has no history by which it could be repeated"));
			}
		};
		this._ask({ opcode: Opcode.history, channel, limit: 0 }, answer => goOn(answer.epoch), error => { if (error.kind === "server" || error.kind === "timeout") goOn(0n); });
	}

	//
	// Channels
	//
	/** Brings what the server knows of a channel to what the application wants. */
	private _sync(channel: string): void {
		if (this._state !== "connected") return;
		const subscription = this._subscriptions.get(channel);
		const entry = this._entries.get(channel);
		if (!entry) {
			if (subscription && subscription._timer === undefined) this._enter(subscription);
		}
		else if (entry.live && entry.subscription !== subscription) this._leave(channel, entry);
	}

	/** Until it has left nothing of the channel is handed over. If the application wants to be in it, it comes in again behind its position. */
	private _leave(channel: string, entry: Entry): void {
		entry.live = false;
		const left = () => {
			this._entries.delete(channel);
			this._sync(channel);
		};
		this._ask({ opcode: Opcode.unsubscribe, channel }, left, error => {
			if (error.kind === "server") left(); // it was not in it any more
			else if (error.kind === "timeout") this._lost(0, "No answer to Unsubscribe");
		});
	}

	private _enter(subscription: Subscription): void {
		const { channel, _position: since } = subscription;
		const entry = { subscription, live: false };
		this._entries.set(channel, entry);
		this._ask({ opcode: Opcode.subscribe, channel, flags: since ? Flag.since : 0, epoch: since?.epoch ?? 0n, offset: since?.offset ?? 0n }, answer => {
			entry.live = true;
			if (this._subscriptions.get(channel) !== subscription) return this._sync(channel);
			const recovered = (answer.flags & Flag.recovered) !== 0;
			const now = positionOf(answer);
			subscription._failures = 0;
			if (!recovered) subscription._position = now;
			if (since && !recovered) subscription._emit("lost", since, now);
			subscription._emit("subscribed", recovered);
		}, error => {
			if (error.kind === "timeout") return this._lost(0, "No answer to Subscribe");
			if (error.kind !== "server") return;
			this._entries.delete(channel);
			if (this._subscriptions.get(channel) !== subscription) return this._sync(channel);
			if (TEMPORARY.includes(error.code)) return this._enterLater(subscription);
			this._forget(subscription);
			subscription._emit("unsubscribed", "refused", error);
		});
	}

	private _enterLater(subscription: Subscription): void {
		const delay = Math.min(this._options.maxDelay, this._options.minDelay * 2 ** Math.min(subscription._failures++, 30)) * (1 - Math.random() / 2);
		subscription._timer = setTimeout(() => {
			subscription._timer = undefined;
			this._sync(subscription.channel);
		}, delay);
	}

	private _forget(subscription: Subscription): void {
		clearTimeout(subscription._timer);
		this._subscriptions.delete(subscription.channel);
		this._sync(subscription.channel);
	}

	//
	// What the server says
	//
	private _receive(message: Message): void {
		if (message.id !== 0) {
			const request = this._requests.get(message.id);
			if (!request || !this._finish(request)) return; // it has come too late
			if (message.opcode === Opcode.error) request.failed(new MessageError("server", message.text || `Error ${message.code}`, message.code));
			else request.done(message);
			return;
		}
		switch (message.opcode) {
		case Opcode.send:
			return this._direct(message);
		case Opcode.refresh:
			return void this._refresh();
		case Opcode.warning:
		case Opcode.error:
			return this._warn(message.code, message.text);
		}
		const entry = this._entries.get(message.channel);
		if (!entry?.live || this._subscriptions.get(message.channel) !== entry.subscription) return;
		const { subscription } = entry;
		switch (message.opcode) {
		case Opcode.publication:
			return this._publication(entry, message);
		case Opcode.join:
			return subscription._emit("join", memberOf(message));
		case Opcode.leave:
			return subscription._emit("leave", memberOf(message));
		case Opcode.dropped:
			return subscription._emit("dropped", message.count);
		case Opcode.unsubscribed:
			return this._unsubscribed(subscription, message);
		}
	}

	private _publication(entry: Entry, message: Message): void {
		const { subscription } = entry;
		const now = positionOf(message);
		const before = subscription._position;
		if (now && before) {
			const sameEpoch = before.epoch === now.epoch;
			if (sameEpoch && now.offset <= before.offset) return; // a duplicate
			if (!sameEpoch || now.offset !== before.offset + 1n) return this._leave(message.channel, entry); // some are missing: from history, or it says that they are lost
		}
		if (now) subscription._position = now;
		subscription._emit("publication", publicationOf(message, message.channel));
	}

	/** The position stays: Subscribed says whether something is lost. */
	private _unsubscribed(subscription: Subscription, message: Message): void {
		const reason = REASONS[message.code] ?? "failed";
		this._entries.delete(subscription.channel);
		if (reason === "revoked") this._forget(subscription);
		else if (reason === "failed") this._enterLater(subscription);
		else this._sync(subscription.channel);
		subscription._emit("unsubscribed", reason, new MessageError("server", message.text));
	}

	private _direct(message: Message): void {
		const { payload, sender, transaction, traceparent } = message;
		if (!this._seen.has(transaction)) {
			if (!guarded(() => this.onMessage?.({ payload, sender, transaction, traceparent }))) return;
			if (transaction) this._seen.add(transaction);
			if (this._seen.size > MAX_SEEN) this._seen.delete(this._seen.values().next().value!);
		}
		if (transaction && this._state === "connected") this._write({ opcode: Opcode.ack, transaction });
	}

	/** The token runs out. A fixed one cannot be refreshed: the server ends the connection (4003). */
	private async _refresh(): Promise<void> {
		if (typeof this._options.token !== "function") return;
		const attempt = this._attempt;
		try {
			const token = await this._token();
			if (attempt === this._attempt) await this._promise({ opcode: Opcode.refresh, token });
		}
		catch (error) {
			if (attempt === this._attempt) this._warn(ErrorCode.token, `The token was not refreshed: ${error instanceof Error ? error.message : String(error)}`);
		}
	}

	private _warn(code: number, text: string): void {
		guarded(() => this.onWarning?.({ code, text }));
	}
}

function publicationOf(message: Message, channel: string): Publication {
	const { payload, sender, transaction, epoch, offset, timestamp, traceparent } = message;
	return { channel, payload, sender, transaction, epoch, offset, timestamp, traceparent };
}

function memberOf(message: Message): Member {
	return { id: message.user, info: message.text };
}
