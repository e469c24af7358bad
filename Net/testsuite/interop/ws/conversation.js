// What the client and the server with ws have in common.
//
// SPDX-License-Identifier: BSL-1.0

export const SUBPROTOCOL = "interop.v1";

export const SERVER_CLOSE_CODE = 4001;
export const SERVER_CLOSE_REASON = "auf Wiedersehen, schöne Grüße";
export const PING_PAYLOAD = Buffer.from("are you there?");
export const PONG_REPORT = "the Pong has come";
export const FRAGMENTED_TEXT = "Ein Text in Stücken: Straße, 水, 😀.";
export const FRAGMENTED_BINARY_LENGTH = 100000;

const BETWEEN_FRAGMENTS = Buffer.from("between fragments");
const DEADLINE = 30000; // what has not happened after so many milliseconds will not

export function pattern(length) {
	// Bytes of every value.
	return Buffer.from(Array.from({length}, (_, i) => (i * 7 + Math.floor(i / 256)) & 255));
}

export function check(condition, what) {
	if (!condition) throw new Error(`not so: ${what}`);
}

function describe(message) {
	const kind = Buffer.isBuffer(message) ? "binary" : typeof message;
	return `${kind} of ${message.length} beginning with ${JSON.stringify(message.toString("utf8").slice(0, 40))}`;
}

export class Queue {
	// Things that come, and those who wait for them.
	#items = [];
	#waiting = [];

	put(item) {
		const next = this.#waiting.shift();
		if (next) next(item);
		else this.#items.push(item);
	}

	get(what) {
		if (this.#items.length > 0) return Promise.resolve(this.#items.shift());
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`not within ${DEADLINE} ms: ${what}`)), DEADLINE);
			this.#waiting.push((item) => {
				clearTimeout(timer);
				resolve(item);
			});
		});
	}
}

export class Peer {
	// Messages, Pongs and the end of a connection. ws answers Pings by itself.
	constructor(ws) {
		this.ws = ws;
		this.opened = new Queue();
		this.messages = new Queue();
		this.pongs = new Queue();
		this.closes = new Queue();
		ws.on("open", () => this.opened.put(true));
		ws.on("message", (data, isBinary) => this.messages.put(isBinary ? data : data.toString("utf8")));
		ws.on("pong", (data) => this.pongs.put(data));
		ws.on("close", (code, reason) => this.closes.put({code, reason: reason.toString("utf8")}));
		ws.on("error", (error) => {
			this.error = error;
			this.opened.put(false);
		});
	}

	check(condition, what) {
		check(condition, this.error ? `${what} (${this.error.message})` : what);
	}

	send(data) {
		this.ws.send(data);
	}

	async sendFragments(data, length) {
		// The message in fragments of length bytes, a Ping behind the first of them.
		const bytes = Buffer.from(data);
		const binary = Buffer.isBuffer(data);
		for (let offset = 0; offset < bytes.length; offset += length) {
			const end = Math.min(offset + length, bytes.length);
			this.ws.send(bytes.subarray(offset, end), {binary, fin: end === bytes.length});
			if (offset === 0) await this.ping(BETWEEN_FRAGMENTS);
		}
	}

	async ping(payload) {
		this.ws.ping(payload);
		const pong = await this.pongs.get("a Pong");
		this.check(pong.equals(payload), `Pong with ${describe(payload)}; it was ${describe(pong)}`);
	}

	async expectMessage(expected) {
		const message = await this.messages.get(`a message, ${describe(expected)}`);
		const same = Buffer.isBuffer(expected) ? Buffer.isBuffer(message) && message.equals(expected) : message === expected;
		this.check(same, `${describe(expected)} received; it was ${describe(message)}`);
	}

	async close(code = 1000, reason = "") {
		// The closing handshake; the answer must have the same code.
		this.ws.close(code, reason);
		const close = await this.closes.get("the answer to Close");
		this.check(close.code === code, `Close answered with ${code}; it was ${close.code}`);
	}

	async expectClose(code = 1000, reason = "") {
		// The other side closes.
		const close = await this.closes.get("a Close");
		this.check(close.code === code && close.reason === reason,
			`Close ${code} ${reason} received; it was ${close.code} ${close.reason}`);
	}
}
