// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// load.ts - finds the module and Mozilla's roots, and keeps the one Core that
// all share. The entries (index.ts, node.ts) say what the host is.

import { Core } from "./core.js";
import { AtlsError } from "./errors.js";
import { decode } from "./module.js";
import { checkNames } from "./options.js";
import type { Store } from "./store.js";
import { memoryStore } from "./store_memory.js";
import type { InitOptions } from "./types.js";

/** What browsers and Node do differently. */
export interface Host {
  /** The module beside the program, or at this address, compiled. */
  compile(at?: URL | string): Promise<WebAssembly.Module>;
  /** `roots.pem` beside the program, or at this address. */
  roots(at?: URL | string): Promise<Uint8Array>;
  /** What outlives the program. */
  store(): Promise<Store>;
  /** A file that a policy names; browsers have none. */
  readFile?(path: string): Promise<Uint8Array>;
}

const STORE_MS = 3_000; // until one is done without

let host: Host | undefined;
let given: InitOptions = {};
let taken = false; // a Worker loads, or has loaded, by them
let compiling: Promise<WebAssembly.Module> | undefined;
let starting: Promise<Core> | undefined;
let reading: Promise<Uint8Array> | undefined;
let opening: Promise<Store> | undefined;

/** By the entries, before anything else; the first one counts. */
export function setHost(h: Host): void {
  host ??= h;
}

/** Loads the module now, if it is not. Called again, it does what is missing;
 * options once the module is loaded, or being loaded, here or in a Worker, are
 * refused ("invalid"). */
export async function init(options: InitOptions = {}): Promise<void> {
  checkNames(options, ["wasm", "roots"]);
  if (options.wasm !== undefined || options.roots !== undefined) {
    if (compiling !== undefined || taken) {
      const where = taken ? " by a Worker" : "";
      throw new AtlsError("invalid", `the module is loaded already${where}`, {
        hint: "call init() before anything else",
      });
    }
    given = options;
  }
  await theCore();
}

/** What init() was told, for a Worker: nothing in it is relative. From here on
 * it is told nothing else. */
export async function initOptions(): Promise<InitOptions> {
  taken = true;
  const { wasm, roots } = given;
  const isAnswer = typeof Response === "function" && wasm instanceof Response;
  return {
    ...(wasm === undefined
      ? {}
      : { wasm: isAnswer ? await compiled() : absolute(wasm) }),
    ...(roots === undefined ? {} : { roots: absolute(roots) }),
  };
}

/** As init() is told, before anything else. */
export function setInitOptions(options: InitOptions): void {
  given = options;
}

function absolute<T>(at: T): T | string {
  const address = typeof at === "string" || at instanceof URL;
  const page =
    typeof document === "undefined" ? location.href : document.baseURI;
  return address ? new URL(at, page).href : at;
}

/** The shared instance: loaded if it must be, and made anew where the last one
 * broke. Whoever keeps one asks `core.broken` before each use. */
export async function theCore(): Promise<Core> {
  const before = starting;
  if (before !== undefined && !(await before).broken) {
    return before;
  }
  if (starting === before) {
    const next = compiled().then((module) => Core.start(module));
    starting = next;
    next.catch(() => {
      if (starting === next) {
        starting = undefined; // the next one tries again
      }
    });
  }
  return theCore();
}

/** Mozilla's list, PEM; read when it is asked for first. */
export function mozillaRoots(): Promise<Uint8Array> {
  const { roots } = given;
  return (reading ??= retryable(
    roots instanceof Uint8Array
      ? Promise.resolve(roots)
      : named("roots.pem", theHost().roots(roots)),
    () => (reading = undefined),
  ));
}

export function theStore(): Promise<Store> {
  return (opening ??= inTime(theHost().store()).catch(
    () => memoryStore(), // it costs a fetch, no more
  ));
}

/** Some browsers' databases say nothing at all. */
function inTime(store: Promise<Store>): Promise<Store> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error("it does not open"));
    const timer = setTimeout(late, STORE_MS);
    store.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The text of a file that a policy names. */
export async function readNamedFile(path: string): Promise<string> {
  const { readFile } = theHost();
  if (readFile === undefined) {
    throw new AtlsError("unsupported", `${path}: pages read no files`, {
      hint: "give its content: composeFile, trustedRoot, extraRoots",
    });
  }
  return decode(await readFile(path));
}

function theHost(): Host {
  if (host === undefined) {
    throw new AtlsError("internal", "nobody said what the host is");
  }
  return host;
}

function compiled(): Promise<WebAssembly.Module> {
  return (compiling ??= retryable(
    named("assay.wasm", compile(given.wasm)),
    () => (compiling = undefined),
  ));
}

async function compile(wasm: InitOptions["wasm"]): Promise<WebAssembly.Module> {
  if (wasm === undefined || typeof wasm === "string" || wasm instanceof URL) {
    return theHost().compile(wasm);
  }
  if (wasm instanceof WebAssembly.Module) {
    return wasm;
  }
  return typeof Response === "function" && wasm instanceof Response
    ? WebAssembly.compile(await wasm.arrayBuffer())
    : WebAssembly.compile(wasm as BufferSource);
}

/** What failed may be tried again. */
function retryable<T>(promise: Promise<T>, forget: () => void): Promise<T> {
  promise.catch(forget);
  return promise;
}

async function named<T>(what: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (cause) {
    if (cause instanceof AtlsError) {
      throw cause;
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AtlsError("io", `${what} cannot be loaded: ${why}`, {
      hint: "serve it beside the script, or name it: init({wasm, roots})",
      cause,
    });
  }
}
