// Makes of src/ and test/, when their types have been checked:
//
//   dist/client.js          for Node and bundlers; imports flatbuffers
//   dist/poco-messaging.js  for <script type="module">; imports nothing
//   build/*.test.js         the tests
//   build/traffic.js        clients of the tests of nodes
//
// SPDX-License-Identifier: BSL-1.0

import { build } from "esbuild";
import { cpSync, readdirSync } from "node:fs";

const common = { bundle: true, format: "esm", target: "es2021", legalComments: "inline", logLevel: "warning" };
await build({ ...common, entryPoints: ["src/client.ts"], outfile: "dist/client.js", external: ["flatbuffers"], platform: "neutral" });
await build({ ...common, entryPoints: ["src/client.ts"], outfile: "dist/poco-messaging.js", platform: "browser",
	banner: { js: "// SPDX-License-Identifier: BSL-1.0 AND Apache-2.0 (flatbuffers)" } });
cpSync("build/types/src", "dist", { recursive: true, filter: name => !name.endsWith(".js") });

const tests = readdirSync("test").filter(name => name.endsWith(".test.ts")).map(name => `test/${name}`);
await build({ ...common, entryPoints: [...tests, "test/traffic.ts"], outdir: "build", platform: "node", packages: "external" });
