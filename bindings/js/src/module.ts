// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// module.ts - calls into one instance of assay.wasm: octets in and out, errors,
// and what happens when it breaks.

import { AtlsError } from "./errors.js";
import { importsOf } from "./wasi.js";

const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8");

export const encode = (s: string): Uint8Array => utf8.encode(s);
export const decode = (octets: Uint8Array): string => text.decode(octets);

/** A number, or what goes in as an address and a length: octets, a text in
 * UTF-8, null for none. */
export type Argument = number | Uint8Array | string | null;

type Exported = (...args: number[]) => number;

export class Module {
  readonly #memory: WebAssembly.Memory;
  readonly #exports: WebAssembly.Exports;
  readonly #lost: FinalizationRegistry<readonly [free: string, at: number]>;
  #broken = false;

  private constructor(instance: WebAssembly.Instance) {
    this.#exports = instance.exports;
    this.#memory = instance.exports["memory"] as WebAssembly.Memory;
    this.#lost = new FinalizationRegistry(([free, at]) => {
      try {
        this.release(free, at);
      } catch {
        // it broke, as whoever uses it next is told
      }
    });
  }

  static async load(compiled: WebAssembly.Module): Promise<Module> {
    const imports = importsOf(compiled, () => module.#memory.buffer);
    const instance = await WebAssembly.instantiate(compiled, imports);
    const module = new Module(instance);
    module.call("_initialize");
    return module;
  }

  /** It trapped: what is in its memory is of no use any more. */
  get broken(): boolean {
    return this.#broken;
  }

  call(name: string, ...args: readonly Argument[]): number {
    const flat: number[] = [];
    const rooms: number[] = [];
    try {
      for (const a of args) {
        if (typeof a === "number") {
          flat.push(a);
        } else {
          this.#put(typeof a === "string" ? encode(a) : a, flat, rooms);
        }
      }
      return this.#run(name, flat);
    } finally {
      for (const room of rooms) {
        this.release("js_bytes_free", room);
      }
    }
  }

  /** As call(); 0 and negative numbers are failures. */
  make(name: string, ...args: readonly Argument[]): number {
    const made = this.call(name, ...args);
    if (made === 0 || made < 0) {
      throw this.error();
    }
    return made >>> 0;
  }

  /** As call(), of a function that returns a code. */
  do(name: string, ...args: readonly Argument[]): void {
    if (this.call(name, ...args) !== 0) {
      throw this.error();
    }
  }

  /** Octets that the last call gave: a copy. */
  result(): Uint8Array {
    const n = this.call("js_result_len") >>> 0;
    return n === 0
      ? new Uint8Array(0)
      : new Uint8Array(
          this.#memory.buffer,
          this.call("js_result") >>> 0,
          n,
        ).slice();
  }

  resultLength(): number {
    return this.call("js_result_len") >>> 0;
  }

  json(): unknown {
    return JSON.parse(decode(this.result()));
  }

  /** A text of C's. */
  string(name: string, ...args: readonly Argument[]): string {
    const at = this.call(name, ...args) >>> 0;
    const all = new Uint8Array(this.#memory.buffer);
    return at === 0 ? "" : decode(all.slice(at, all.indexOf(0, at)));
  }

  /** Why the last call failed. */
  error(): AtlsError {
    return new AtlsError(
      this.string("js_error_name"),
      this.string("js_error_message"),
      { hint: this.string("js_error_hint") },
    );
  }

  errorCode(): string {
    return this.string("js_error_name");
  }

  /** Frees an object when nobody refers to its owner any more. */
  watch(owner: object, free: string, at: number): void {
    this.#lost.register(owner, [free, at], owner);
  }

  unwatch(owner: object): void {
    this.#lost.unregister(owner);
  }

  release(free: string, at: number): void {
    if (!this.#broken) {
      this.#run(free, [at]);
    }
  }

  #put(octets: Uint8Array | null, flat: number[], rooms: number[]): void {
    if (octets === null || octets.length === 0) {
      flat.push(0, 0);
      return;
    }
    const at = this.#run("js_bytes_new", [octets.length]) >>> 0;
    if (at === 0) {
      throw new AtlsError("no_memory", "memory allocation failed", {
        hint: "free memory: close what is not needed",
      });
    }
    rooms.push(at);
    new Uint8Array(this.#memory.buffer, at, octets.length).set(octets);
    flat.push(at, octets.length);
  }

  #run(name: string, args: number[]): number {
    if (this.#broken) {
      throw broken();
    }
    const f = this.#exports[name];
    if (typeof f !== "function") {
      throw new AtlsError("unsupported", `the module has no ${name}`, {
        hint: "give the assay.wasm that came with this version",
      });
    }
    try {
      return (f as Exported)(...args) ?? 0;
    } catch (cause) {
      this.#broken = true; // a trap, or no stack left: amid anything
      throw broken(cause);
    }
  }
}

function broken(cause?: unknown): AtlsError {
  return new AtlsError(
    "internal",
    "the module broke: its connections are lost",
    {
      hint: "try again; please report this as a bug",
      cause,
    },
  );
}

/** An object of the module's. It is freed once: by free(), or some time after
 * it was lost. */
export class Handle {
  readonly module: Module;
  readonly #free: string;
  #at: number;

  constructor(module: Module, at: number, free: string) {
    this.module = module;
    this.#at = at;
    this.#free = free;
    module.watch(this, free, at);
  }

  get at(): number {
    if (this.#at === 0) {
      throw new AtlsError("internal", "an object was used after it was freed");
    }
    return this.#at;
  }

  get freed(): boolean {
    return this.#at === 0;
  }

  free(): void {
    if (this.#at !== 0) {
      this.module.unwatch(this);
      this.module.release(this.#free, this.#at);
      this.#at = 0;
    }
  }
}
