"use strict";

// A client of a MessageService in the JSON form of its messages (docs/messaging.md). After a loss of the connection it comes back,
// with exponential back-off, and subscribes again behind what it has got of each channel.
//
// handlers, all of them functions:
//   token()                           promises a token; an error that is `final` ends the client
//   onState(state, reason)            "connecting", "open" or "closed"; reason: a text, or the event of the socket's close, if there is one
//   onSubscribed(channel, how, count) how: "new"; "recovered", count messages that were missed follow; "lost", some are gone
//   onMessage(message)                what nobody has asked for: publication, send, join, leave, warning, ...
//   isFinal(code)                     true if the client is not to come back after a Close with this code
class MessagingClient {
	static FLAG = {SINCE: 1, RECOVERED: 2, ACKNOWLEDGED: 16};
	static REVOKED = 3; // Unsubscribed: the server's program has done it
	static FAILED = 4;  // the server could not go on
	static TEMPORARY = [11, 12]; // codes of errors: busy, unavailable
	static WHERE = 200; // opcode: asks for the name of the node
	static AGAIN_AFTER = 500; // ms
	static REPEAT_FOR = 240000; // ms; the server knows a transaction for 5 minutes
	static KNOWN = 1000; // messages that were acknowledged
	static FIRST_DELAY = 500; // ms
	static LONGEST_DELAY = 10000;
	static PING_EVERY = 25000;
	static PING_TIMEOUT = 10000;

	constructor(url, handlers) {
		this.url = url;
		this.handlers = handlers;
		this.channels = new Map(); // by name: {position, entered}
		this.requests = new Map(); // by id: the functions that settle a promise
		this.lastId = 0;
		this.failures = 0;
		this.attempt = 0; // what belongs to another one is late
		this.state = "closed";
		this.session = this.extensions = "";
		this.acknowledged = new Set(); // their transactions
		this.lastPublished = Promise.resolve();
		addEventListener("online", () => this.waiting && this.connect());
	}

	start() {
		if (this.state === "closed") this.connect();
	}

	// Cuts the connection, and does not come back until start().
	stop(reason) {
		this.drop();
		this.setState("closed", reason);
	}

	// Promises the answer. An Error of the server rejects, and so does the end of the connection.
	request(message) {
		if (this.socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Error("There is no connection."));
		const id = ++this.lastId;
		this.socket.send(JSON.stringify({...message, id}));
		return new Promise((resolve, reject) => this.requests.set(id, {resolve, reject}));
	}

	// Publishes, in the order of the calls. If nobody knows whether it was done, or the server cannot at present, it is done again: with the
	// same transaction, so that others get it once. The channel has history.
	publish(channel, payload) {
		const message = {opcode: "publish", channel, payload, transaction: [...crypto.getRandomValues(new Uint32Array(4))].map(number => number.toString(36)).join("")};
		const published = this.lastPublished.then(() => this.repeat(message));
		this.lastPublished = published.catch(() => {});
		return published;
	}

	async repeat(message) {
		for (const end = Date.now() + MessagingClient.REPEAT_FOR;;) {
			try {
				return await this.request(message);
			}
			catch (error) {
				if (error.code && !MessagingClient.TEMPORARY.includes(error.code) || this.state === "closed" || Date.now() > end) throw error;
			}
			await new Promise(resolve => setTimeout(resolve, MessagingClient.AGAIN_AFTER));
		}
	}

	// Promises the end of a message that one of the user's sessions has got, on whichever node it is; an Error with code 14 or 15 otherwise.
	send(user, payload, seconds) {
		return this.request({opcode: "send", user, payload, flags: MessagingClient.FLAG.ACKNOWLEDGED, limit: seconds});
	}

	// Promises the name of the node that this connection is with.
	async where() {
		const {payload = ""} = await this.request({opcode: MessagingClient.WHERE});
		return payload;
	}

	async subscribe(channel) {
		if (!this.channels.has(channel)) this.channels.set(channel, {position: null, entered: false});
		if (this.state === "open") await this.enterAgain(channel);
	}

	async unsubscribe(channel) {
		this.channels.delete(channel);
		if (this.state === "open") await this.request({opcode: "unsubscribe", channel});
	}

	//
	// The connection
	//
	async connect() {
		const attempt = this.drop();
		this.setState("connecting");
		try {
			const token = await this.handlers.token();
			if (attempt !== this.attempt) return;
			const socket = this.socket = new WebSocket(this.url, "poco.messaging.json.v1");
			socket.onopen = () => this.request({opcode: "connect", token}).then(answer => this.connected(answer), () => {}); // the Close says why not
			socket.onmessage = event => attempt === this.attempt && this.receive(JSON.parse(event.data));
			socket.onclose = event => attempt === this.attempt && this.lost(event, this.handlers.isFinal(event.code));
		}
		catch (error) {
			if (attempt === this.attempt) this.lost(error.message, error.final);
		}
	}

	connected({session}) {
		this.failures = 0;
		this.session = session;
		this.extensions = this.socket.extensions;
		this.pings = setInterval(() => this.ping(), MessagingClient.PING_EVERY);
		this.setState("open");
		for (const channel of this.channels.keys()) this.enterAgain(channel).catch(() => {}); // a refusal was answered when it was asked for first
	}

	lost(reason, final) {
		if (final) return this.stop(reason);
		this.drop();
		const longest = Math.min(MessagingClient.LONGEST_DELAY, MessagingClient.FIRST_DELAY * 2 ** this.failures++);
		this.waiting = setTimeout(() => this.connect(), longest * (1 - Math.random() / 2));
		this.setState("connecting", reason);
	}

	// Forgets the connection and what was to come, and returns the number of the next attempt.
	drop() {
		clearTimeout(this.waiting);
		clearInterval(this.pings);
		clearTimeout(this.pingLimit);
		this.socket?.close();
		this.socket = this.waiting = null;
		for (const {reject} of this.requests.values()) reject(new Error("The connection is lost."));
		this.requests.clear();
		return ++this.attempt;
	}

	setState(state, reason = "") {
		this.state = state;
		this.handlers.onState(state, reason);
	}

	// A connection that is dead, but was not closed, is noticed by this.
	ping() {
		clearTimeout(this.pingLimit);
		this.pingLimit = setTimeout(() => this.lost("The server does not answer."), MessagingClient.PING_TIMEOUT);
		this.request({opcode: "ping"}).then(() => clearTimeout(this.pingLimit), () => {});
	}

	//
	// Messages
	//
	receive(message) {
		const request = this.requests.get(message.id);
		if (request) {
			this.requests.delete(message.id);
			if (message.opcode === "error") request.reject(Object.assign(new Error(message.text), {code: message.code}));
			else request.resolve(message);
			return;
		}
		if (message.opcode === "refresh") this.handlers.token().then(token => this.request({opcode: "refresh", token})).catch(() => {});
		else if (message.opcode === "publication") this.publication(message);
		else if (message.opcode === "unsubscribed") this.removed(message);
		else if (message.opcode === "send") this.sent(message);
		else this.handlers.onMessage(message);
	}

	publication(message) {
		const entry = this.channels.get(message.channel);
		if (!entry) return; // it was unsubscribed meanwhile
		const {epoch, offset} = message;
		if (offset) {
			if (entry.position?.epoch === epoch && Number(offset) <= Number(entry.position.offset)) return; // it is known
			entry.position = {epoch, offset};
		}
		this.handlers.onMessage(message);
	}

	// It comes again until it is acknowledged.
	sent(message) {
		const {transaction} = message;
		if (!this.acknowledged.has(transaction)) this.handlers.onMessage(message);
		if (!transaction) return;
		this.acknowledged.add(transaction);
		if (this.acknowledged.size > MessagingClient.KNOWN) this.acknowledged.delete(this.acknowledged.values().next().value);
		this.socket.send(JSON.stringify({opcode: "ack", transaction}));
	}

	// Until the server can.
	async enterAgain(channel) {
		for (const {attempt} = this;;) {
			try {
				return await this.enter(channel);
			}
			catch (error) {
				if (!MessagingClient.TEMPORARY.includes(error.code)) throw error;
			}
			await new Promise(resolve => setTimeout(resolve, MessagingClient.AGAIN_AFTER));
			if (attempt !== this.attempt || !this.channels.has(channel)) return;
		}
	}

	async enter(channel) {
		const entry = this.channels.get(channel);
		const {position: since, entered} = entry;
		const {epoch, offset = 0, flags = 0} = await this.request({opcode: "subscribe", channel, ...since && {flags: MessagingClient.FLAG.SINCE, ...since}});
		if (this.channels.get(channel) !== entry) return;
		const recovered = (flags & MessagingClient.FLAG.RECOVERED) !== 0;
		if (!recovered) entry.position = epoch ? {epoch, offset} : null;
		entry.entered = true;
		this.handlers.onSubscribed(channel, recovered ? "recovered" : entered ? "lost" : "new", recovered ? Number(offset) - Number(since.offset) : 0);
	}

	removed(message) {
		const entry = this.channels.get(message.channel);
		if (!entry) return;
		if (message.code === MessagingClient.REVOKED) {
			this.channels.delete(message.channel);
			this.handlers.onMessage(message);
			return;
		}
		if (message.code !== MessagingClient.FAILED) entry.position = null; // the history does not reach back to it
		this.enterAgain(message.channel).catch(error => this.state === "open" && this.lost(error.message));
	}
}
