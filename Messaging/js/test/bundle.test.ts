// What is built: for Node and bundlers, and for pages.
//
// SPDX-License-Identifier: BSL-1.0

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { eventually, Service } from "./support";

for (const [file, imports] of [["dist/client.js", ["flatbuffers"]], ["dist/poco-messaging.js", []]] as const) {
	test(file, async t => {
		const service = await Service.start();
		t.after(() => service.stop());
		const text = readFileSync(file, "utf8");
		assert.deepEqual([...new Set([...text.matchAll(/^\s*import .* from "(.*)";$/gm)].map(match => match[1]))], imports);
		const { MessageClient, toText } = await import(pathToFileURL(file).href) as typeof import("../src/client");
		const client = new MessageClient(`ws://127.0.0.1:${service.port}/messages`);
		assert.equal(toText((await client.request(200, "page")).payload), "hello page");
		client.close();
	});
}

test("the page of README.md", async t => {
	const service = await Service.start();
	t.after(() => service.stop());
	const script = /<script type="module">\n([^]*?)<\/script>/.exec(readFileSync("README.md", "utf8"))![1]!;
	const bundle = pathToFileURL("dist/poco-messaging.js").href;
	writeFileSync("build/page.mjs", `${script.replace("./poco-messaging.js", bundle)}\nexport { client };\n`);
	const shown: string[] = [];
	const page = {
		location: { href: `http://127.0.0.1:${service.port}/` },
		document: { createElement: () => ({}) },
		list: { append: (item: { textContent: string }) => shown.push(item.textContent) },
		form: { onsubmit: (): boolean => true },
		text: { value: "" },
	};
	Object.assign(globalThis, page);
	const { client } = await import(pathToFileURL("build/page.mjs").href) as { client: import("../src/client").MessageClient };
	t.after(() => client.close());
	await new Promise(resolve => client.subscribe("h-chat").on("subscribed", resolve));
	for (const said of ["hello", "again"]) {
		page.text.value = said;
		assert.equal(page.form.onsubmit(), false);
		assert.equal(page.text.value, "");
		await service.order("cut"); // it comes back, and the server knows the transaction
	}
	await eventually(() => shown.length === 2, `both are shown: ${shown}`);
	assert.deepEqual(shown, ["hello", "again"]);
});
