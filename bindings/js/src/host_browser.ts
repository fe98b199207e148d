// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// host_browser.ts - what load.ts asks of a browser, or of a Worker in one.

import type { Host } from "./load.js";
import { indexedDbStore } from "./store_indexeddb.js";

const ROOTS_MAX_BYTES = 8 * 1024 * 1024;

async function get(at: URL | string): Promise<Response> {
  const response = await fetch(at, { credentials: "same-origin" });
  if (!response.ok) {
    throw new Error(`${response.url} answered ${response.status}`);
  }
  return response;
}

async function compile(at: URL | string): Promise<WebAssembly.Module> {
  const response = await get(at);
  const type = response.headers.get("content-type") ?? "";
  // A server that does not know the type costs some speed, no more.
  return type.startsWith("application/wasm")
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}

async function roots(at: URL | string): Promise<Uint8Array> {
  const pem = new Uint8Array(await (await get(at)).arrayBuffer());
  if (pem.length > ROOTS_MAX_BYTES) {
    throw new Error(`it has more than ${ROOTS_MAX_BYTES} bytes`);
  }
  return pem;
}

export function browserHost(): Host {
  return {
    compile: (at = new URL("./assay.wasm", import.meta.url)) => compile(at),
    roots: (at = new URL("./roots.pem", import.meta.url)) => roots(at),
    store: () => indexedDbStore(),
  };
}
