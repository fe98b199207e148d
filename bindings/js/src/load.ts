// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// load.ts - finds the module and Mozilla's roots, and keeps the one Core that
// all share. The entries (index.ts, node.ts) say what the host is.

import { Core } from "./core.js";
import type { Store } from "./store.js";

/** What browsers and Node do differently. */
export interface Host {
  /** The module beside the program, compiled. */
  compile(): Promise<WebAssembly.Module>;
  /** `roots.pem` beside the program: whom TLS believes. */
  roots(): Promise<Uint8Array>;
  /** What outlives the program. */
  store(): Promise<Store>;
  /** A file that a policy names; browsers have none. */
  readFile?(path: string): Promise<Uint8Array>;
}

export interface InitOptions {
  /** The module, or its address (in Node also a path), where it is not beside
   * the program. */
  readonly wasm?: WebAssembly.Module | BufferSource | Response | URL | string;
  /** The same of `roots.pem`. */
  readonly roots?: Uint8Array | URL | string;
}

/** By the entries, before anything else; the first one counts. */
export function setHost(host: Host): void {
  throw new Error("not yet: " + typeof host);
}

/** Loads the module now, if it is not. Called again, it does what is missing;
 * options after the module is there are refused ("invalid"). */
export async function init(options: InitOptions = {}): Promise<void> {
  throw new Error("not yet: " + typeof options);
}

/** The shared instance: loaded if it must be, and made anew where the last one
 * broke. Whoever keeps one asks `core.broken` before each use. */
export async function theCore(): Promise<Core> {
  throw new Error("not yet");
}

export async function mozillaRoots(): Promise<Uint8Array> {
  throw new Error("not yet");
}

export async function theStore(): Promise<Store> {
  throw new Error("not yet");
}
