// Messages in both formats.
//
// SPDX-License-Identifier: BSL-1.0

import assert from "node:assert/strict";
import { test } from "node:test";
import { binaryFormat, jsonFormat, Opcode, toBytes, toText } from "../src/format";
import type { Format, Message } from "../src/format";

const FORMATS: [string, Format][] = [["binary", binaryFormat], ["JSON", jsonFormat]];

function received(data: string | Uint8Array): unknown {
	return typeof data === "string" ? data : Uint8Array.from(data).buffer;
}

for (const [name, format] of FORMATS) {
	test(`${name}: every field comes back`, () => {
		const item: Message = {
			opcode: Opcode.publication, id: 0xFFFFFFFF, transaction: "t", channel: "c\u00E4\u{1F600}\0\"", session: "1-2", sender: "s", user: "u", epoch: 2n ** 64n - 1n, offset: 2n ** 53n + 1n,
			flags: 3, code: 4, text: "x", token: "y", payload: Uint8Array.of(0, 255, 128, 1), items: [], limit: 7, timestamp: 1700000000000n, count: 9n,
			traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		};
		const message = { ...item, opcode: 65535, epoch: 1n, payload: toBytes("text \uFEFF"), items: [item, { ...item, payload: toBytes("\uFEFFx") }] };
		assert.deepEqual(format.read(received(format.write(message))), message);
	});

	test(`${name}: absent fields are empty`, () => {
		const message = format.read(received(format.write({ opcode: Opcode.ping })));
		assert.deepEqual([message.id, message.channel, message.epoch, message.payload.length, message.items.length], [0, "", 0n, 0, 0]);
	});

	test(`${name}: what is no message is refused`, () => {
		const bytes = format.write({ opcode: Opcode.ping, channel: "c" });
		const other = typeof bytes === "string" ? Uint8Array.from(Buffer.from(bytes)).buffer : toText(bytes);
		for (const wrong of [other, bytes.slice(0, 7), typeof bytes === "string" ? "[1" : new ArrayBuffer(0), undefined]) {
			assert.throws(() => format.read(wrong instanceof Uint8Array ? received(wrong) : wrong));
		}
	});

	test(`${name}: items in items end`, () => {
		let message: Partial<Message> = { opcode: 1 };
		for (let depth = 0; depth < 4; ++depth) message = { opcode: 1, items: [message as Message] };
		assert.throws(() => format.read(received(format.write(message))));
	});
}

test("JSON: opcodes have names, and large numbers are texts", () => {
	assert.equal(jsonFormat.write({ opcode: Opcode.presenceStats, offset: 2n ** 60n, count: 5n, payload: toBytes("a\"b") }),
		'{"opcode":"presenceStats","offset":"1152921504606846976","count":5,"payload":"a\\"b"}');
	assert.equal(jsonFormat.write({ opcode: 200, payload: Uint8Array.of(255) }), '{"opcode":200,"payload64":"/w=="}');
});

test("binary: a number of items that cannot be is refused at once", () => {
	const bytes = Uint8Array.from(binaryFormat.write({ opcode: 1, items: [{ opcode: 2 } as Message] }) as Uint8Array);
	const view = new DataView(bytes.buffer);
	for (let i = 0; i + 4 <= bytes.length; i += 4) if (view.getUint32(i, true) === 1) view.setUint32(i, 0x7FFFFFFF, true);
	assert.throws(() => binaryFormat.read(bytes.buffer));
});
