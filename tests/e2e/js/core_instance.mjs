// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// core_instance.mjs - assay.wasm by hand, for tests: its functions as core.h
// has them, and hosts that do not do what they should.
import { strict as assert } from "node:assert";
import { getRandomValues } from "node:crypto";
import { readFileSync } from "node:fs";

export const OK = 0;
export const state = Object.fromEntries(
  ["HANDSHAKE", "QUOTE", "NEED_COLLATERAL", "APPRAISE", "NEED_EVIDENCE",
    "EVIDENCE", "OPEN", "RAW", "CLOSED", "FAILED"].map((name, i) => [name, i]));
export const response = { HEAD: 0, BODY: 1, DONE: 2, FAILED: 3 };

export const module = new WebAssembly.Module(
  readFileSync(process.env.ASSAY_JS_CORE));

const EIO = 29;
const EBADF = 8; // what wasi-libc takes for "there are no files"
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export class Refused extends Error {
  constructor(code, message, hint) {
    super(`${code}: ${message}`);
    Object.assign(this, { code, hint });
  }
}

export class Core {
  // The host: set by tests, asked at each call.
  randomFails = (n) => false;
  randomCalls = [];
  clockS = () => Date.now() / 1000;
  otherCalls = [];

  constructor() {
    const wasi = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      assert.equal(from, "wasi_snapshot_preview1");
      wasi[name] = () => {
        this.otherCalls.push(name);
        return EBADF;
      };
    }
    wasi.random_get = (at, n) => this.random(at, n);
    wasi.clock_time_get = (id, precision, at) => this.clock(at);
    this.instance = new WebAssembly.Instance(
      module, { wasi_snapshot_preview1: wasi });
    this.f = this.instance.exports;
    this.f._initialize();
  }

  static started() {
    const core = new Core();
    core.ok(core.f.js_start());
    return core;
  }

  random(at, n) {
    this.randomCalls.push(n);
    if (this.randomFails(n, this.randomCalls.length)) {
      return EIO;
    }
    getRandomValues(new Uint8Array(this.f.memory.buffer, at, n));
    return 0;
  }

  clock(at) {
    new DataView(this.f.memory.buffer).setBigUint64(
      at, BigInt(Math.floor(this.clockS() * 1e9)), true);
    return 0;
  }

  cString(at) {
    const memory = new Uint8Array(this.f.memory.buffer);
    return decoder.decode(memory.slice(at, memory.indexOf(0, at)));
  }

  get errorCode() {
    return this.cString(this.f.js_error_name());
  }

  get error() {
    return new Refused(this.errorCode, this.cString(this.f.js_error_message()),
      this.cString(this.f.js_error_hint()));
  }

  ok(code) {
    if (code !== OK) {
      throw this.error;
    }
  }

  /** An object, or a count. */
  made(handle) {
    if (handle === 0 || handle < 0) {
      throw this.error;
    }
    return handle;
  }

  get octets() {
    const at = this.f.js_result();
    return new Uint8Array(this.f.memory.buffer).slice(
      at, at + this.f.js_result_len());
  }

  get text() {
    return decoder.decode(this.octets);
  }

  get json() {
    return JSON.parse(this.text);
  }

  /** Names and values in turn. */
  get texts() {
    const parts = Buffer.from(this.octets).toString("latin1").split("\0");
    assert.equal(parts.pop(), "");
    return parts;
  }

  /** f(...), where a string or octets stand for an address and a length, and
   * null for 0 and 0. */
  call(name, ...args) {
    const rooms = [];
    const flat = args.flatMap((arg) => {
      if (typeof arg === "number") {
        return [arg];
      }
      const octets = typeof arg === "string" ? encoder.encode(arg) : arg;
      if (octets === null || octets.length === 0) {
        return [0, 0];
      }
      const at = this.made(this.f.js_bytes_new(octets.length));
      rooms.push(at);
      new Uint8Array(this.f.memory.buffer).set(octets, at);
      return [at, octets.length];
    });
    try {
      return this.f[name](...flat);
    } finally {
      rooms.forEach((at) => this.f.js_bytes_free(at));
    }
  }
}

export const wallS = () => Math.floor(Date.now() / 1000);
export const monoMs = () => Math.floor(performance.now());
