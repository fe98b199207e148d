// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// build.mjs - dist/, which is what the package ships: bundles with source maps,
// declarations for both kinds of modules, the module, Mozilla's roots. States
// what each weighs and fails over the limits.
// usage: node build.mjs ASSAY_WASM       (scripts/wasm calls it)
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DIST = path.join(HERE, "dist");
const TYPES = path.join(DIST, "types");
// Debian's package, and not the machine's bundle, to which its owner may have
// added some.
const MOZILLA = "/usr/share/ca-certificates/mozilla";

// What may be published at most, in octets by brotli.
const LIMITS = {
  "assay.wasm": 600_000, // as in core/CMakeLists.txt
  "roots.pem": 130 * 1024,
  "index.js": 60 * 1024,
  "worker.js": 60 * 1024,
  "node.mjs": 60 * 1024,
  "node.cjs": 60 * 1024,
};
const ROOTS_LEAST = 100;

function fail(why) {
  console.error(`build: ${why}`);
  process.exit(1);
}

function checkVersion() {
  const { version } = JSON.parse(
    fs.readFileSync(path.join(HERE, "package.json"), "utf8"),
  );
  const project = fs.readFileSync(
    path.join(HERE, "../../CMakeLists.txt"),
    "utf8",
  );
  const [, wanted] = /^project\(assay VERSION (\S+)/m.exec(project) ?? [];
  if (version !== wanted) {
    fail(`package.json is of version ${version}, the project of ${wanted}`);
  }
}

const common = {
  absWorkingDir: HERE,
  bundle: true,
  minify: true,
  // Names in stack traces are worth their octets.
  keepNames: true,
  sourcemap: true,
  target: "es2022",
  legalComments: "none",
  banner: {
    js: "// SPDX-FileCopyrightText: The Assay authors; SPDX-License-Identifier: Apache-2.0",
  },
  logLevel: "warning",
};

async function bundle() {
  const browser = { ...common, platform: "browser", format: "esm" };
  await build({
    ...browser,
    entryPoints: ["src/index.ts"],
    outfile: "dist/index.js",
  });
  await build({
    ...browser,
    entryPoints: ["src/worker.ts"],
    outfile: "dist/worker.js",
  });
  const node = { ...common, platform: "node", target: "node20" };
  await build({
    ...node,
    entryPoints: ["src/node.ts"],
    format: "esm",
    outfile: "dist/node.mjs",
  });
  // CommonJS has no import.meta: the files beside are found by __filename.
  await build({
    ...node,
    entryPoints: ["src/node.ts"],
    format: "cjs",
    outfile: "dist/node.cjs",
    define: { "import.meta.url": "__assay_url" },
    banner: {
      js: `${common.banner.js}\nconst __assay_url = require("node:url").pathToFileURL(__filename).href;`,
    },
  });
}

// tsc writes declarations of ES modules; those of CommonJS are the same text
// under names that say so.
function declare() {
  execFileSync(
    process.execPath,
    [path.join(HERE, "node_modules/typescript/bin/tsc"), "-p", HERE],
    { stdio: "inherit" },
  );
  for (const name of fs.readdirSync(TYPES)) {
    const text = fs.readFileSync(path.join(TYPES, name), "utf8");
    fs.writeFileSync(
      path.join(TYPES, name.replace(/\.d\.ts$/, ".d.cts")),
      text.replace(/(["'])(\.\.?\/[^"']+)\.js\1/g, "$1$2.cjs$1"),
    );
  }
}

function roots() {
  const blocks = fs
    .readdirSync(MOZILLA)
    .filter((name) => name.endsWith(".crt"))
    .sort()
    .map((name) => fs.readFileSync(path.join(MOZILLA, name), "utf8").trim());
  if (blocks.length < ROOTS_LEAST) {
    fail(`${MOZILLA} has ${blocks.length} roots: is ca-certificates whole?`);
  }
  blocks.forEach((block) => new X509Certificate(block));
  fs.writeFileSync(path.join(DIST, "roots.pem"), blocks.join("\n") + "\n");
}

function weigh() {
  const kib = (n) => `${(n / 1024).toFixed(1)}`.padStart(9);
  let fat = false;
  console.log("KiB              raw     gzip   brotli    limit");
  for (const [name, limit] of Object.entries(LIMITS)) {
    const raw = fs.readFileSync(path.join(DIST, name));
    const small = brotliCompressSync(raw).length;
    const sizes = [
      raw.length,
      gzipSync(raw, { level: 9 }).length,
      small,
      limit,
    ];
    console.log(name.padEnd(11) + sizes.map(kib).join(""));
    if (small > limit) {
      console.error(`build: ${name} is over its limit`);
      fat = true;
    }
  }
  if (fat) {
    process.exit(1);
  }
}

const [wasm] = process.argv.slice(2);
if (wasm === undefined) {
  fail("usage: node build.mjs ASSAY_WASM");
}
checkVersion();
fs.rmSync(DIST, { recursive: true, force: true });
fs.mkdirSync(DIST);
fs.copyFileSync(wasm, path.join(DIST, "assay.wasm"));
fs.copyFileSync(path.join(HERE, "../../LICENSE"), path.join(HERE, "LICENSE"));
declare(); // first, as it finds mistakes
roots();
await bundle();
weigh();
