// What becomes of subscriptions and requests when the connection goes: with a real service behind a proxy, and with one that says what the test wants.
//
// SPDX-License-Identifier: BSL-1.0

import assert from "node:assert/strict";
import { test } from "node:test";
import { ErrorCode, MessageError, Opcode, toBytes, toText } from "../src/client";
import type { MessageClient, Position, Published, Subscription } from "../src/client";
import { Flag } from "../src/format";
import { eventually, FakeService, Proxy, Service, statesOf, token } from "./support";
import type { Direction } from "./support";

/** Notes what a subscription says. */
function eventsOf(subscription: Subscription): string[] {
	const events: string[] = [];
	const text = (position: Position | undefined) => position ? `${position.epoch > 1000n ? "e" : position.epoch}:${position.offset}` : "none";
	subscription.on("publication", publication => events.push(toText(publication.payload)))
		.on("subscribed", recovered => events.push(recovered ? "recovered" : "subscribed"))
		.on("lost", (since, now) => events.push(`lost ${text(since)} to ${text(now)}`))
		.on("unsubscribed", (reason, error) => events.push(`${reason} ${error.code}`))
		.on("dropped", count => events.push(`dropped ${count}`))
		.on("join", member => events.push(`join ${member.info}`))
		.on("leave", () => events.push("leave"));
	return events;
}

async function kindOf(promise: Promise<unknown>): Promise<string> {
	return promise.then(() => "done", (error: MessageError) => error.kind);
}

/** A client publishes and receives through a proxy that cuts its first connection; another one publishes without. Nothing is lost, and nothing comes twice. */
async function converse(service: Service, other: MessageClient, channel: string, json: boolean, cut?: { direction: Direction; after: number }): Promise<Proxy> {
	const proxy = await Proxy.start(service.port, cut);
	const client = service.client({ json }, proxy.port);
	const got: string[] = [];
	const losses: unknown[] = [];
	const subscription = client.subscribe(channel).on("publication", publication => got.push(toText(publication.payload))).on("lost", (...values) => losses.push(values));
	await new Promise(resolve => subscription.on("subscribed", resolve));
	const published: Published[] = [];
	published.push(...await Promise.all([client.publish(channel, "1"), client.publish(channel, "2"), other.publish(channel, "a")]));
	published.push(await client.publish(channel, "3"));
	await other.publish(channel, "end");
	await eventually(() => got.includes("end"), `the last one has come: ${JSON.stringify(cut)}`);
	const history = (await other.history(channel)).publications.map(publication => toText(publication.payload));
	assert.deepEqual({ got, losses }, { got: history, losses: [] }, JSON.stringify(cut));
	assert.equal(got.length, 5);
	assert.ok(got.indexOf("1") < got.indexOf("2") && got.indexOf("2") < got.indexOf("3"));
	assert.deepEqual(published.map(answer => got[Number(answer.offset) - 1]), ["1", "2", "a", "3"]);
	assert.equal(client.state, "connected");
	client.close();
	proxy.stop();
	return proxy;
}

for (const json of [false, true]) {
	const name = (what: string) => `${json ? "JSON" : "binary"}: ${what}`;

	test(name("a cut at every byte"), async t => {
		const service = await Service.start();
		t.after(() => service.stop());
		const other = service.client();
		const { bytes } = await converse(service, other, "h", json);
		const cuts: { direction: Direction; after: number }[] = [];
		for (const direction of ["toClient", "toServer"] as const) { // the first bytes are the opening handshake, which is the same in both formats
			assert.ok(bytes[direction] > 300);
			for (let after = json ? 150 : 0; after <= bytes[direction]; ++after) cuts.push({ direction, after });
		}
		let next = 0;
		let reconnected = 0;
		await Promise.all(Array.from({ length: 16 }, async () => {
			for (let i = next++; i < cuts.length; i = next++) {
				const proxy = await converse(service, other, `h-${i}`, json, cuts[i]);
				if (proxy.connections > 1) ++reconnected;
			}
		}));
		assert.ok(reconnected > cuts.length * 0.9, `${reconnected} of ${cuts.length} were cut`);
	});

	test(name("what was published while it was away"), async t => {
		const service = await Service.start(Service.withTokens);
		const proxy = await Proxy.start(service.port);
		t.after(() => service.stop());
		t.after(() => proxy.stop());
		const client = service.client({ json, info: "Anna", token: token({ sub: "anna" }) }, proxy.port);
		const other = service.client({ json, token: token({ sub: "bert" }) });
		const away = async (count: number, channel: string) => {
			proxy.silent = { toClient: true, toServer: true };
			proxy.cut();
			for (let i = 0; i < count; ++i) await other.publish(channel, `${i}`);
			proxy.silent = { toClient: false, toServer: false };
			proxy.cut();
		};
		const events = eventsOf(client.subscribe("h"));
		const ephemeral = eventsOf(client.subscribe("c"));
		const presence = eventsOf(client.subscribe("p"));
		await other.request(200);
		await eventually(() => events.length === 1 && ephemeral.length === 1 && presence.length === 2, "it is in all");
		await other.publish("h", "first");
		await eventually(() => events.length === 2, "it has come");

		await away(10, "h"); // as many as the history has
		await eventually(() => events.length === 13 && ephemeral.length === 2, "all has come");
		assert.deepEqual(events, ["subscribed", "first", "recovered", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
		await away(2, "c");
		await eventually(() => ephemeral.length === 3, "it is in again");
		await other.publish("c", "live");
		await eventually(() => ephemeral.length === 4, "it has come");
		assert.deepEqual(ephemeral, ["subscribed", "subscribed", "subscribed", "live"]);

		events.length = 0;
		await away(11, "h");
		await eventually(() => events.length === 2, "it is in again");
		assert.deepEqual(events, ["lost e:11 to e:22", "subscribed"]);
		await other.publish("h", "live");
		await eventually(() => events.length === 3 && presence.length === 5, "it has come");
		assert.equal(events[2], "live");
		assert.deepEqual(presence, ["subscribed", "join Anna", "subscribed", "subscribed", "subscribed"], "it has come back before it had left");
	});

	test(name("the service begins anew"), async t => {
		const service = await Service.start();
		t.after(() => service.stop());
		const client = service.client({ json });
		const other = service.client({ json });
		const subscription = client.subscribe("h");
		const events = eventsOf(subscription);
		await other.publish("h", "1");
		await eventually(() => events.length > 0, "it is in");
		await other.publish("h", "2");
		await eventually(() => events.at(-1) === "2", "it has come");
		const { epoch } = subscription.position!;
		events.length = 0;
		await service.order("restart");
		await eventually(() => events.length === 2, "it is in again");
		assert.deepEqual(events, ["lost e:2 to e:0", "subscribed"]);
		assert.notEqual(subscription.position!.epoch, epoch);
		await other.publish("h", "3");
		await eventually(() => events.length === 3, "it has come");
		assert.equal(events[2], "3");
	});

	test(name("requests that were under way"), async t => {
		const service = await Service.start();
		const proxy = await Proxy.start(service.port);
		t.after(() => service.stop());
		t.after(() => proxy.stop());
		const client = service.client({ json }, proxy.port);
		const other = service.client({ json });
		const seen: string[] = [];
		let subscribed = 0;
		for (const channel of ["c", "h"]) other.subscribe(channel).on("publication", publication => seen.push(channel + toText(publication.payload))).on("subscribed", () => ++subscribed);
		await eventually(() => subscribed === 2, "the other one sees what is published");
		await client.request(200);
		const asked = assert.rejects(client.request(201), (error: MessageError) => error.kind === "lost" && /connection was lost/.test(error.message));
		await service.order("cut");
		await asked;
		await eventually(() => subscribed === 4, "and again: it was cut as well");

		// Published, but the answer does not come
		await client.request(200);
		proxy.silent.toClient = true;
		const [c1, h1, h2] = [kindOf(client.publish("c", "1")), client.publish("h", "1"), client.publish("h", "2")];
		await eventually(() => seen.length === 3, "all are published");
		proxy.silent.toClient = false;
		proxy.cut();
		await eventually(() => client.state !== "connected", "it is cut");
		const [c2, h3] = [client.publish("c", "2"), client.publish("h", "3")]; // was never sent
		assert.equal(await c1, "lost", "without history it would come twice");
		assert.equal((await c2).duplicate, false);
		assert.deepEqual((await Promise.all([h1, h2, h3])).map(answer => [answer.offset, answer.duplicate]), [[1n, true], [2n, true], [3n, false]]);
		await eventually(() => seen.length === 5, "the last ones");
		assert.deepEqual(seen.filter(text => text.startsWith("c")), ["c1", "c2"]);
		assert.deepEqual(seen.filter(text => text.startsWith("h")), ["h1", "h2", "h3"]);

		// The server has forgotten the transactions
		await new Promise(resolve => client.subscribe("h").on("subscribed", resolve));
		proxy.silent.toClient = true;
		const h4 = kindOf(client.publish("h", "4"));
		await eventually(() => seen.at(-1) === "h4", "it is published");
		await service.order("restart");
		proxy.silent.toClient = false;
		proxy.cut();
		assert.equal(await h4, "lost");
	});

	test(name("a connection on which nothing comes any more"), async t => {
		const service = await Service.start();
		const proxy = await Proxy.start(service.port);
		t.after(() => service.stop());
		t.after(() => proxy.stop());
		const client = service.client({ json, maxDelay: 50, requestTimeout: 1000 }, proxy.port);
		const states = statesOf(client);
		await client.request(200);
		proxy.silent.toClient = true;
		await eventually(() => client.state === "waiting", "it is noticed");
		assert.match(states.at(-1)!.reason, /silent/);
		proxy.silent.toClient = false;
		await eventually(() => client.state === "connected", "it is back");
		await client.request(200);
	});

	test(name("duplicates, gaps, and what it is told of a channel"), async t => {
		const fake = await FakeService.start(json);
		t.after(() => fake.stop());
		const service = { clients: [] as MessageClient[] };
		const client = Service.prototype.client.call(service as unknown as Service, { json, requestTimeout: 20000 }, fake.port);
		t.after(() => client.close());
		const subscribed = (epoch: bigint, offset: bigint, flags = 0) => {
			fake.answer = message => message.opcode === Opcode.unsubscribe ? { opcode: Opcode.unsubscribed, channel: "h" } : { opcode: Opcode.subscribed, channel: "h", epoch, offset, flags };
		};
		const publish = (epoch: bigint, offset: bigint) => fake.say({ opcode: Opcode.publication, channel: "h", epoch, offset, payload: toBytes(`${epoch}:${offset}`) });
		const told = async (action: () => void, ...expected: string[]) => {
			const from = events.length;
			action();
			await eventually(() => events.length >= from + expected.length, `told: ${expected.join()}; was: ${events.slice(from).join()}`);
			assert.deepEqual(events.slice(from), expected);
		};
		const left = (code: number) => () => fake.say({ opcode: Opcode.unsubscribed, channel: "h", code });
		subscribed(5n, 7n);
		const subscription = client.subscribe("h");
		const events = eventsOf(subscription);
		await told(() => {}, "subscribed");
		await told(() => { publish(5n, 7n); publish(5n, 8n); publish(5n, 8n); publish(5n, 3n); publish(5n, 9n); }, "5:8", "5:9");
		subscribed(5n, 12n, Flag.recovered);
		await told(() => { publish(5n, 12n); publish(5n, 10n); }, "recovered"); // in no order: it asks for them
		await told(() => { for (const offset of [10n, 11n, 12n]) publish(5n, offset); }, "5:10", "5:11", "5:12");
		subscribed(6n, 0n);
		await told(() => publish(6n, 1n), "lost 5:12 to 6:0", "subscribed");
		await told(() => publish(6n, 1n), "6:1");
		await told(() => fake.say({ opcode: Opcode.dropped, channel: "h", count: 3n }), "dropped 3");

		subscribed(6n, 9n);
		await told(left(1), "gap 0", "lost 6:1 to 6:9", "subscribed");
		const asked = fake.received.at(-1)!;
		assert.deepEqual([asked.opcode, asked.channel, asked.flags, asked.epoch, asked.offset], [Opcode.subscribe, "h", Flag.since, 6n, 1n]);
		subscribed(7n, 2n);
		await told(left(2), "epoch 0", "lost 6:9 to 7:2", "subscribed");
		subscribed(7n, 2n, Flag.recovered);
		await told(left(4), "failed 0", "recovered");
		subscribed(7n, 5n, Flag.recovered); // the position is that of the channel; what is behind the own one follows
		fake.peer!.close(1012);
		await told(() => {}, "recovered");
		await told(() => { publish(7n, 3n); publish(7n, 4n); }, "7:3", "7:4");

		subscribed(7n, 9n);
		const other = client.subscribe("h2", { since: { epoch: 7n, offset: 1n } });
		const ended = eventsOf(other);
		other.on("lost", () => other.unsubscribe());
		await eventually(() => fake.received.at(-1)!.opcode === Opcode.unsubscribe, "it has left");
		assert.deepEqual(ended, ["lost 7:1 to 7:9"], "nothing follows");

		let refusals = 0;
		fake.answer = () => ++refusals < 4 ? { opcode: Opcode.error, code: ErrorCode.busy } : { opcode: Opcode.subscribed, channel: "h", epoch: 7n, offset: 4n, flags: Flag.recovered };
		await told(left(4), "failed 0", "recovered");
		await told(left(3), "revoked 0");
		publish(7n, 5n);
		const count = fake.received.length;
		fake.answer = () => ({ opcode: Opcode.error, code: ErrorCode.forbidden });
		const refused = eventsOf(client.subscribe("h"));
		await eventually(() => refused.length === 1, "it is refused");
		assert.deepEqual(refused, [`refused ${ErrorCode.forbidden}`]);
		assert.equal(fake.received.length, count + 1, "once");
		assert.equal(fake.received.at(-1)!.flags, 0, "from now on");
		assert.equal(events.at(-1), "revoked 0");
	});

	test(name("messages with a transaction are acknowledged, and handed over once"), async t => {
		const fake = await FakeService.start(json);
		t.after(() => fake.stop());
		const client = Service.prototype.client.call({ clients: [] } as unknown as Service, { json }, fake.port);
		t.after(() => client.close());
		const got: string[] = [];
		const warnings: unknown[] = [];
		client.onMessage = message => got.push(toText(message.payload));
		client.onWarning = warning => warnings.push(warning);
		await eventually(() => client.state === "connected", "it is connected");
		const say = (text: string, transaction: string) => fake.say({ opcode: Opcode.send, payload: toBytes(text), transaction });
		for (const transaction of ["1-1", "1-1", "1-2", "", ""]) say(transaction, transaction);
		await eventually(() => got.length === 4, "all have come");
		fake.peer!.close(1012);
		await eventually(() => fake.connections === 2 && client.state === "connected", "it is back");
		say("again", "1-2");
		say("1-3", "1-3");
		fake.say({ opcode: 199 }); // of a later version
		fake.say({ opcode: Opcode.warning, code: ErrorCode.quota, text: "slower" });
		fake.say({ opcode: Opcode.error, code: ErrorCode.malformed, text: "what?" });
		await eventually(() => warnings.length === 2 && fake.received.length === 5, "all are acknowledged");
		assert.deepEqual(got, ["1-1", "1-2", "", "", "1-3"]);
		assert.deepEqual(fake.received.map(message => [message.opcode, message.transaction]), ["1-1", "1-1", "1-2", "1-2", "1-3"].map(text => [Opcode.ack, text]));
		assert.deepEqual(warnings, [{ code: ErrorCode.quota, text: "slower" }, { code: ErrorCode.malformed, text: "what?" }]);
		fake.peer!.send(json ? "{" : Uint8Array.of(1, 2, 3)); // no message: another connection
		await eventually(() => fake.connections === 3 && client.state === "connected", "it is back");

		const thrown: unknown[] = [];
		process.setUncaughtExceptionCaptureCallback(error => thrown.push(error));
		t.after(() => process.setUncaughtExceptionCaptureCallback(null));
		client.onMessage = message => {
			client.onMessage = later => got.push(toText(later.payload));
			throw new Error(`not now: ${toText(message.payload)}`);
		};
		say("1-4", "1-4");
		say("1-4", "1-4");
		await eventually(() => fake.received.length === 6, "it was acknowledged once");
		assert.equal(got.at(-1), "1-4");
		assert.equal(thrown.length, 1);
	});

	test(name("an acknowledged message comes over the next connection"), async t => {
		const service = await Service.start(Service.withTokens);
		const proxy = await Proxy.start(service.port);
		t.after(() => service.stop());
		t.after(() => proxy.stop());
		const anna = service.client({ token: token({ sub: "anna", grants: { "private-user-bert": ["publish"] } }) });
		const bert = service.client({ json, token: token({ sub: "bert" }) }, proxy.port);
		const got: string[] = [];
		bert.onMessage = message => got.push(toText(message.payload));
		await bert.request(200);
		proxy.silent.toServer = true; // the acknowledgement does not come
		const sent = anna.sendToUser("bert", "important", { acknowledged: 20 });
		await eventually(() => got.length === 1, "it has come");
		proxy.silent.toServer = false;
		proxy.cut();
		assert.equal(await sent, 1n, "it was repeated, and acknowledged");
		assert.deepEqual(got, ["important"], "and handed over once");
	});

	test(name("it is closed at any time"), async t => {
		const fake = await FakeService.start(json);
		t.after(() => fake.stop());
		const client = (options: object = {}) => Service.prototype.client.call({ clients: [] } as unknown as Service, { json, ...options }, fake.port);
		client().close(); // at once
		client({ token: () => new Promise(() => {}) }).close();
		for (const end of ["connecting", "connected"] as const) {
			const other = client({ token: async () => "" });
			other.onState = state => { if (state === end) other.close(); };
			const subscription = other.subscribe("h").on("subscribed", () => assert.fail());
			const asked = kindOf(other.request(200));
			assert.equal(await asked, "closed");
			subscription.unsubscribe();
			assert.equal(other.state, "closed");
		}
		const never = client({ token: () => new Promise(() => {}), requestTimeout: 20, maxDelay: 2 });
		const states = statesOf(never);
		await eventually(() => states.length >= 4, "it tries again");
		assert.deepEqual(states.slice(0, 4).map(state => state.state), ["connecting", "waiting", "connecting", "waiting"]);
		never.close();
	});
}
