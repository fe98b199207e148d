// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_kit.mjs - the engine of the binding, bundled as it is, and the peers
// that test_js_engine.py has started. Environment: ASSAY_JS_PEER, what they are;
// ASSAY_JS_CORE, assay.wasm; ASSAY_JS_TREE, bindings/js with its node_modules;
// ASSAY_JS_SCRATCH, a folder.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

const tree = process.env.ASSAY_JS_TREE;
export const scratch = process.env.ASSAY_JS_SCRATCH;
export const peer = JSON.parse(process.env.ASSAY_JS_PEER);

const PARTS = [
  "byte_stream",
  "connection",
  "core",
  "errors",
  "host_node",
  "load",
  "module",
  "policy",
  "store_disk",
  "store_memory",
  "stream",
  "tcp",
  "ws",
  "trust",
  "collateral_ask",
  "evaluations",
];

async function bundle() {
  const { build } = createRequire(path.join(tree, "package.json"))("esbuild");
  const outfile = path.join(scratch, `engine-${process.pid}.mjs`);
  await build({
    stdin: {
      contents: PARTS.map((p) => `export * from "./${p}.js";`).join("\n"),
      resolveDir: path.join(tree, "src"),
    },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "es2022",
    outfile,
    logLevel: "error",
  });
  return pathToFileURL(outfile).href;
}

const address = await bundle();
let count = 0;

/** Nobody has told it anything. */
export async function unloadedEngine(change = (host) => host) {
  const fresh = await import(`${address}?${count++}`);
  fresh.setHost(change(fresh.nodeHost(), fresh));
  return fresh;
}

/** As a program would have it that has just begun; perhaps on another host. */
export async function freshEngine(change) {
  const fresh = await unloadedEngine(change);
  await fresh.init({
    wasm: process.env.ASSAY_JS_CORE,
    roots: new TextEncoder().encode(peer.ca),
  });
  return fresh;
}

export const engine = await freshEngine();

export const sha256 = (octets) =>
  createHash("sha256").update(octets).digest("hex");

/** A platform's own policy, with other members. */
export const policy = (more = {}, platform = peer.platform) => ({
  ...platform.policy,
  ...more,
});

export const trust = (more = {}, options = {}, platform = peer.platform) =>
  engine.readTrust({ policy: policy(more, platform), ...options });

/** How to reach assay-serve; `options` in the place of any. */
export async function connectOptions(options = {}) {
  return {
    dial: engine.tcpDial("127.0.0.1", options.port ?? peer.port),
    serverName: "localhost",
    trust: options.trust ?? (await trust()),
    ...options,
  };
}

export const connect = async (options) =>
  engine.Connection.connect(await connectOptions(options));

export const get = (target, more = {}) => ({
  method: "GET",
  target,
  fields: [["Host", "localhost"]],
  ...more,
});

export const post = (target, body, more = {}) => ({
  ...get(target, more),
  method: "POST",
  body,
});

export async function octets(stream) {
  const pieces = [];
  for await (const piece of stream) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

export const text = async (response) =>
  (await octets(response.body)).toString();

/** What it rejects with. */
export async function rejection(promise) {
  try {
    await promise;
  } catch (e) {
    return e;
  }
  throw new Error("it did not reject");
}

/** A stream that gives so many octets, and their digest at its end. */
export function noise(size, piece = 65536) {
  const hash = createHash("sha256");
  const octets = new Uint8Array(piece).map((_, i) => (i * 131 + i / 256) & 255);
  let left = size;
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const n = Math.min(left, piece);
      const next = octets.slice(0, n);
      hash.update(next);
      left -= n;
      controller.enqueue(next);
      if (left === 0) {
        controller.close();
      }
    },
  });
  return { stream, digest: () => hash.digest("hex"), given: () => size - left };
}

/** Until it holds; what it came to. */
export async function until(condition) {
  for (;;) {
    const value = await condition();
    if (value) {
      return value;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
