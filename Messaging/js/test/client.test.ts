// What an application asks of the client, with a real service, in both formats.
//
// SPDX-License-Identifier: BSL-1.0

import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { ErrorCode, MessageClient, MessageError, Opcode, toText } from "../src/client";
import type { Member, Publication } from "../src/client";
import { eventually, Service, statesOf, token } from "./support";

const texts = (publications: Publication[]) => publications.map(publication => toText(publication.payload));

async function refusal(promise: Promise<unknown>): Promise<MessageError> {
	try {
		await promise;
	}
	catch (error) {
		assert.ok(error instanceof MessageError, String(error));
		return error;
	}
	return assert.fail("It was done");
}

for (const json of [false, true]) {
	const name = (what: string) => `${json ? "JSON" : "binary"}: ${what}`;

	test(name("connects, asks, and closes"), async t => {
		const service = await Service.start();
		t.after(() => service.stop());
		const client = service.client({ json, info: "Anna" });
		const states = statesOf(client);
		const early = client.request(200, "you"); // waits for the connection
		assert.equal(toText((await early).payload), "hello you");
		assert.equal(client.state, "connected");
		assert.equal(client.user, "");
		const me = await client.request(Opcode.whoAmI);
		assert.equal(me.session, client.session);
		assert.equal(me.text, "Anna");
		assert.deepEqual((await refusal(client.request(204))).code, ErrorCode.opcode);
		assert.deepEqual((await refusal(client.history("c"))).kind, "server");
		const waiting = refusal(client.request(201)); // never answered
		client.close();
		client.close();
		assert.equal((await waiting).kind, "closed");
		assert.equal((await refusal(client.request(200))).kind, "closed");
		assert.throws(() => client.subscribe("c"), MessageError);
		assert.deepEqual(states.map(state => state.state), ["connecting", "connected", "closed"]);
	});

	test(name("a request that is not answered has a time-out"), async t => {
		const service = await Service.start();
		t.after(() => service.stop());
		const client = service.client({ json, requestTimeout: 200 });
		await client.request(200);
		assert.equal((await refusal(client.request(201))).kind, "timeout");
		await client.request(200);
	});

	test(name("tokens"), async t => {
		const service = await Service.start(Service.withTokens);
		t.after(() => service.stop());
		const anna = service.client({ json, token: token({ sub: "anna", grants: { "private-*": ["read"] } }) });
		await anna.request(200);
		assert.equal(anna.user, "anna");
		assert.equal((await refusal(anna.publish("private-x", "1"))).code, ErrorCode.forbidden);
		const refused = await new Promise<MessageError>(resolve => anna.subscribe("presence-x").on("unsubscribed", (reason, error) => {
			assert.equal(reason, "refused");
			resolve(error);
		}));
		assert.equal(refused.code, ErrorCode.forbidden);
		await new Promise(resolve => anna.subscribe("private-x").on("subscribed", resolve));

		for (const wrong of [undefined, "x", token({ sub: "anna" }, -60), token({ sub: "anna" }, 60, "another secret, of 32 characters")]) {
			const other = service.client({ json, token: wrong });
			const states = statesOf(other);
			const request = refusal(other.request(200));
			assert.equal((await request).kind, "closed", "to try the same one again makes no sense");
			assert.deepEqual(states.map(state => [state.state, state.code]), [["connecting", 0], ["closed", 4001]]);
		}

		let calls = 0;
		const bert = service.client({ json, token: async () => {
			if (++calls === 1) throw new Error("not now");
			return calls === 2 ? "x" : token({ sub: "bert" });
		} });
		const states = statesOf(bert);
		await bert.request(200);
		assert.equal(bert.user, "bert");
		assert.deepEqual(states.map(state => [state.state, state.code]), [["connecting", 0], ["waiting", 0], ["connecting", 0], ["waiting", 4001], ["connecting", 0], ["connected", 0]]);
		assert.match(states[1]!.reason, /not now/);
	});

	test(name("a token is refreshed when the server asks"), async t => {
		const service = await Service.start(Service.withTokens, "--refresh=3000");
		t.after(() => service.stop());
		let calls = 0;
		const client = service.client({ json, token: async () => ++calls === 1 ? token({ sub: "anna" }, 60) : token({ sub: "anna", grants: { "private-x": ["read"] } }, 7200) });
		const states = statesOf(client);
		await eventually(() => calls === 2, "the server has asked");
		for (;;) { // until it has the token
			const outcome = await new Promise<string>(resolve => client.subscribe("private-x").on("subscribed", () => resolve("subscribed")).on("unsubscribed", resolve));
			if (outcome === "subscribed") break;
		}
		assert.deepEqual(states.map(state => state.state), ["connecting", "connected"], "in the same connection");
		assert.equal(calls, 2);

		calls = 0;
		const other = service.client({ json, token: async () => {
			if (++calls > 1) throw new Error("no other one");
			return token({ sub: "bert" }, 60);
		} });
		const warning = await new Promise<{ code: number; text: string }>(resolve => { other.onWarning = resolve; });
		assert.equal(warning.code, ErrorCode.token);
		assert.match(warning.text, /no other one/);
		await other.request(200); // it goes on
	});

	test(name("Connected comes before what the session is sent"), async t => {
		const service = await Service.start(Service.withTokens, "--early=hello");
		t.after(() => service.stop());
		const client = service.client({ json, token: token({ sub: "anna", quota: "some" }) });
		const states = statesOf(client);
		const messages: string[] = [];
		client.onMessage = message => void messages.push(`${client.state} ${toText(message.payload)}`);
		await eventually(() => messages.length > 0, "the message has come");
		await service.order("cut");
		await eventually(() => messages.length > 1, "the message has come again");
		assert.deepEqual(messages, ["connected hello", "connected hello"]);
		assert.deepEqual(states.map(state => state.state), ["connecting", "connected", "waiting", "connecting", "connected"]);
	});

	test(name("a fixed token runs out"), async t => {
		const service = await Service.start(Service.withTokens);
		t.after(() => service.stop());
		const client = service.client({ json, token: token({ sub: "anna" }, 2) });
		const states = statesOf(client);
		await eventually(() => client.state === "closed", "it is at its end");
		assert.deepEqual(states.map(state => [state.state, state.code]), [["connecting", 0], ["connected", 0], ["closed", 4003]]);
	});

	test(name("publishes and subscribes"), async t => {
		const service = await Service.start();
		t.after(() => service.stop());
		const [first, second] = [service.client({ json }), service.client({ json })];
		const events: unknown[] = [];
		const subscription = first.subscribe("c");
		assert.equal(first.subscribe("c"), subscription);
		const got: Publication[] = [];
		await new Promise<void>(resolve => subscription.on("subscribed", recovered => {
			events.push(recovered);
			resolve();
		}).on("publication", publication => got.push(publication)).on("lost", () => events.push("lost")).on("unsubscribed", reason => events.push(reason)));
		const data = Uint8Array.of(0, 255, 116);
		const publishing = second.publish("c", data, { transaction: "mine" });
		data.fill(1); // it has its own
		assert.deepEqual(await publishing, { epoch: 0n, offset: 0n, duplicate: false, count: 1n });
		await second.publish("c", "\u00E4\u{1F600}");
		await second.publish("c", "");
		await eventually(() => got.length === 3, "three have come");
		assert.deepEqual(got[0]!.payload, Uint8Array.of(0, 255, 116));
		assert.deepEqual(texts(got).slice(1), ["\u00E4\u{1F600}", ""]);
		assert.equal(got[0]!.transaction, "mine");
		assert.equal(got[0]!.sender, second.session);
		assert.equal(got[0]!.channel, "c");
		assert.ok(got[0]!.timestamp > 1700000000000n);
		assert.equal(subscription.position, undefined);

		subscription.unsubscribe();
		const again = first.subscribe("c"); // while the first one leaves
		assert.notEqual(again, subscription);
		await new Promise(resolve => again.on("subscribed", resolve));
		again.unsubscribe();
		again.unsubscribe();
		for (let left = false; !left;) left = (await second.publish("c", "nobody")).count === 0n;
		for (let i = 0; i < 5; ++i) first.subscribe("c").unsubscribe(); // in any order
		const last = first.subscribe("c");
		await new Promise(resolve => last.on("subscribed", resolve));
		assert.equal((await second.publish("c", "last")).count, 1n);
		assert.deepEqual(events, [false]);
		assert.equal(got.length, 3);
		assert.equal((await refusal(second.publish("c", new Uint8Array(100000)))).code, ErrorCode.tooLarge);
	});

	test(name("a listener that throws harms nobody else"), async t => {
		const service = await Service.start();
		t.after(() => service.stop());
		const client = service.client({ json });
		const thrown: unknown[] = [];
		process.setUncaughtExceptionCaptureCallback(error => thrown.push(error));
		t.after(() => process.setUncaughtExceptionCaptureCallback(null));
		const got: string[] = [];
		await new Promise(resolve => client.subscribe("h").on("publication", () => { throw new Error("of the application"); })
			.on("publication", publication => got.push(toText(publication.payload))).on("subscribed", resolve));
		await client.publish("h", "1");
		await eventually(() => got.length === 1 && thrown.length === 1, "both are told");
		assert.match(String(thrown[0]), /of the application/);
	});

	test(name("history"), async t => {
		const service = await Service.start();
		t.after(() => service.stop());
		const client = service.client({ json });
		for (const text of ["1", "2", "3"]) assert.equal((await client.publish("h", text)).offset, BigInt(text));
		const last = await client.history("h", { limit: 2 });
		assert.deepEqual(texts(last.publications), ["2", "3"]);
		assert.equal(last.publications[0]!.channel, "h");
		assert.equal(last.position.offset, 3n);
		const since = { epoch: last.position.epoch, offset: 1n };
		assert.deepEqual(texts((await client.history("h", { since, limit: 1 })).publications), ["2"]);
		assert.equal((await client.publish("h", "4", { transaction: "once" })).duplicate, false);
		assert.deepEqual(await client.publish("h", "4", { transaction: "once" }), { epoch: since.epoch, offset: 4n, duplicate: true, count: 0n });

		const got: Publication[] = [];
		const subscription = client.subscribe("h", { since }).on("publication", publication => got.push(publication)).on("lost", () => assert.fail());
		assert.equal(await new Promise(resolve => subscription.on("subscribed", resolve)), true);
		await eventually(() => got.length === 3, "what was published before");
		assert.deepEqual(texts(got), ["2", "3", "4"]);
		assert.deepEqual(subscription.position, { epoch: since.epoch, offset: 4n });

		const other = service.client({ json });
		const wrong = { epoch: since.epoch + 1n, offset: 1n };
		const lost = await new Promise<unknown[]>(resolve => other.subscribe("h", { since: wrong }).on("lost", (...values) => resolve(values)));
		assert.deepEqual(lost, [wrong, { epoch: since.epoch, offset: 4n }]);
	});

	test(name("presence"), async t => {
		const service = await Service.start();
		t.after(() => service.stop());
		const [anna, bert] = [service.client({ json, info: "Anna" }), service.client({ json, info: "Bert" })];
		const events: [string, string][] = [];
		const note = (what: string) => (member: Member) => events.push([what, member.id]);
		await new Promise(resolve => anna.subscribe("p").on("join", note("join")).on("leave", note("leave")).on("subscribed", resolve));
		const ofBert = bert.subscribe("p");
		await new Promise(resolve => ofBert.on("subscribed", resolve));
		assert.deepEqual((await anna.presence("p")).sort((a, b) => a.info < b.info ? -1 : 1), [{ id: anna.session, info: "Anna" }, { id: bert.session, info: "Bert" }]);
		assert.equal(await anna.presenceStats("p"), 2n);
		ofBert.unsubscribe();
		await eventually(() => events.length === 3, "he has left");
		assert.deepEqual(events, [["join", anna.session], ["join", bert.session], ["leave", bert.session]]);
		assert.equal((await refusal(anna.presence("c"))).code, ErrorCode.noHistory);
	});

	test(name("messages to sessions, users and all"), async t => {
		const service = await Service.start(Service.withTokens);
		t.after(() => service.stop());
		const grants = { "private-user-*": ["publish"], "private-session-*": ["publish"], "private-broadcast": ["publish"] };
		const anna = service.client({ json, token: token({ sub: "anna", grants }) });
		const bert = service.client({ json, token: token({ sub: "bert" }) });
		const phone = service.client({ json, token: token({ sub: "bert" }) });
		const got: string[] = [];
		for (const client of [bert, phone]) {
			client.onMessage = message => got.push(`${message.sender}: ${toText(message.payload)}`);
			await client.request(200);
		}
		assert.equal(await anna.sendToUser("bert", "1"), 2n);
		assert.equal(await anna.send(bert.session, "2"), 1n);
		assert.equal(await anna.broadcast("3"), 3n);
		await eventually(() => got.length === 5, "all has come");
		assert.deepEqual(got.sort(), ["anna: 1", "anna: 1", "anna: 2", "anna: 3", "anna: 3"]);
		assert.equal(await anna.sendToUser("bert", "4", { acknowledged: 10 }), 1n);
		await eventually(() => got.length === 7, "on both");
		assert.equal((await refusal(anna.sendToUser("nobody", "5", { acknowledged: 1 }))).code, ErrorCode.timedOut);
		assert.equal((await refusal(bert.broadcast("6"))).code, ErrorCode.forbidden);
	});
}

test("what an acknowledged message is named by is not used again by a service that begins anew", async t => {
	const service = await Service.start(Service.withTokens);
	t.after(() => service.stop());
	const client = service.client({ token: token({ sub: "anna" }) });
	const got: string[] = [];
	client.onMessage = message => got.push(toText(message.payload));
	for (const text of ["1", "2", "3"]) {
		await client.sendToUser("anna", text, { acknowledged: 10 });
		let connected = 0;
		client.onState = state => { if (state === "connected") ++connected; };
		await service.order("restart");
		await eventually(() => connected > 0, "it is back");
	}
	assert.deepEqual(got, ["1", "2", "3"]);
});

test("it waits longer from time to time, and has an end", async t => {
	const free = createServer().listen(0, "127.0.0.1");
	await new Promise(resolve => free.once("listening", resolve));
	const { port } = free.address() as AddressInfo;
	await new Promise(resolve => free.close(resolve)); // nobody is there
	const client = new MessageClient(`ws://127.0.0.1:${port}/messages`, { minDelay: 8, maxDelay: 50, requestTimeout: 10000 });
	t.after(() => client.close());
	const states = statesOf(client);
	await eventually(() => states.length >= 16, "eight attempts");
	client.close();
	const delays = states.filter(state => state.state === "waiting").map(state => state.delay);
	for (const [i, delay] of delays.entries()) {
		const longest = Math.min(50, 8 * 2 ** i);
		assert.ok(delay >= longest / 2 && delay <= longest, `${i}: ${delay}`);
	}
	assert.ok(new Set(delays.slice(3)).size > 1, "of the longest ones, each is another");
	const count = states.length;
	assert.equal(states[count - 1]!.state, "closed");
	const urls = new MessageClient("no URL");
	await eventually(() => urls.state === "closed", "there is no other one to try");
	assert.throws(() => new MessageClient("ws://127.0.0.1", { minDelay: 0 }), RangeError);
	assert.throws(() => new MessageClient("ws://127.0.0.1", { minDelay: 2, maxDelay: 1 }), RangeError);
	assert.throws(() => new MessageClient("ws://127.0.0.1", { requestTimeout: 240001 }), RangeError);
	assert.equal(states.length, count);
});

test("Close codes", async t => {
	const service = await Service.start();
	t.after(() => service.stop());
	for (const [code, end] of [[1000, "closed"], [1013, "connected"], [4444, "connected"]] as const) {
		const client = service.client();
		const states = statesOf(client);
		await client.request(200);
		await service.order(`close ${code}`);
		await eventually(() => states.length > 2 && client.state === end, `behind ${code} it is ${end}`);
		assert.equal(states[2]!.code, code);
		assert.equal(states[2]!.reason, "as the test wants it");
		client.close();
	}
});
