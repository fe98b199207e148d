// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_ws.test.mjs - a WebSocket that does as a test says: what hosts refuse,
// and messages that are many and small.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { connect, engine, rejection, until } from "./engine_kit.mjs";

const URL_OF_BRIDGE = "ws://bridge.example/?target=a.example&token=s3cret";
const real = globalThis.WebSocket;
let wire;
let refuse;

class Wire extends EventTarget {
  static OPEN = 1;
  readyState = Wire.OPEN;
  bufferedAmount = 0;
  closed = false;
  sent = 0;

  constructor() {
    super();
    if (refuse !== undefined) {
      throw refuse;
    }
    wire = this;
    queueMicrotask(() => this.dispatchEvent(new Event("open")));
  }

  send() {
    this.sent++;
  }

  close() {
    this.closed = true;
  }

  bring(octets) {
    this.dispatchEvent(new MessageEvent("message", { data: octets }));
  }
}

beforeEach(() => {
  globalThis.WebSocket = Wire;
  wire = refuse = undefined;
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

const LEAST = 2048; // as what a smaller message counts
const MESSAGES_MAX = (256 << 20) / LEAST;

test("messages of one octet are as bounded as large ones", async () => {
  const transport = await dial();
  for (let i = 0; i < MESSAGES_MAX; i++) {
    wire.bring(new ArrayBuffer(1));
  }
  assert.equal(wire.closed, false);
  wire.bring(new ArrayBuffer(1));
  assert.equal(wire.closed, true);
  const e = await rejection(transport.read());
  assert.equal(e.code, "network");
  assert.match(e.message, /more came than is being read/u);
});

test("messages are read in their order, and reading makes room", async () => {
  const transport = await dial();
  const bring = (n) => wire.bring(new Uint8Array([n, n >> 8, n >> 16]).buffer);
  let sent = 0;
  while (sent < MESSAGES_MAX) {
    bring(sent++);
  }
  for (let i = 0; i < 2 * MESSAGES_MAX; i++) {
    const [a, b, c] = await transport.read();
    assert.equal(a | (b << 8) | (c << 16), i);
    bring(sent++);
  }
  assert.equal(wire.closed, false);
  bring(sent);
  assert.equal(wire.closed, true);
});

test("a message that is empty is none", async () => {
  const transport = await dial();
  for (let i = 0; i <= MESSAGES_MAX; i++) {
    wire.bring(new ArrayBuffer(0));
  }
  wire.bring(new ArrayBuffer(2));
  assert.equal((await transport.read()).length, 2);
  transport.close();
  assert.equal(await transport.read(), null);
});

const MIB = 1 << 20;

test("before the server has proved itself, less may wait", async () => {
  const failing = rejection(connect({ dial }));
  await until(() => wire?.sent > 0);
  for (let i = 0; i < 4; i++) {
    wire.bring(new ArrayBuffer(MIB));
  }
  assert.equal(wire.closed, false);
  wire.bring(new ArrayBuffer(1));
  assert.equal(wire.closed, true);
  const e = await failing;
  assert.equal(e.code, "network");
  assert.match(e.message, /more came than is being read/u);
});

test("and from then on as much as ever", async () => {
  const transport = await dial();
  transport.trusts(false);
  transport.trusts(true);
  for (let i = 0; i < 256; i++) {
    wire.bring(new ArrayBuffer(MIB));
  }
  assert.equal(wire.closed, false);
  wire.bring(new ArrayBuffer(1));
  assert.equal(wire.closed, true);
});
