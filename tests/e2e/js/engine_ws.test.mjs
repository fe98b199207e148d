// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_ws.test.mjs - a WebSocket that does as a test says: what hosts refuse.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { engine, rejection } from "./engine_kit.mjs";

const URL_OF_BRIDGE = "ws://bridge.example/?target=a.example&token=s3cret";
const real = globalThis.WebSocket;
let wire;
let refuse;

class Wire extends EventTarget {
  static OPEN = 1;
  readyState = Wire.OPEN;
  bufferedAmount = 0;
  closed = false;

  constructor() {
    super();
    if (refuse !== undefined) {
      throw refuse;
    }
    wire = this;
    queueMicrotask(() => this.dispatchEvent(new Event("open")));
  }

  send() {}

  close() {
    this.closed = true;
  }

  bring(octets) {
    this.dispatchEvent(new MessageEvent("message", { data: octets }));
  }
}

beforeEach(() => {
  globalThis.WebSocket = Wire;
  refuse = undefined;
});
afterEach(() => (globalThis.WebSocket = real));

const dial = () =>
  engine.wsDial(URL_OF_BRIDGE)(new AbortController().signal);

test("what the host does not open is an AtlsError", async () => {
  refuse = new DOMException(`no ${URL_OF_BRIDGE}`, "SecurityError");
  const e = await rejection(dial());
  assert.ok(e instanceof engine.AtlsError, String(e));
  assert.equal(e.code, "network");
  assert.match(e.message, /^the bridge bridge\.example /u);
  assert.match(e.hint, /wss:/u);
  assert.equal(e.cause, refuse);
  assert.ok(!`${e.message} ${e.hint}`.includes("s3cret"));
});
