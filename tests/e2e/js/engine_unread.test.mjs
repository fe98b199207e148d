// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_unread.test.mjs - how much of what a WebSocket brings may wait to be read.
// The WebSocket is no true one: it brings the same octets again and again, so that
// nothing of such a size has to be moved. A true one: test_js_browser_streams.py.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { engine, rejection } from "./engine_kit.mjs";

const MIB = 1 << 20;
const UNREAD_MAX = 256 * MIB; // the readme's figure
const OCTETS = new Uint8Array(MIB).fill(7).buffer;

const real = globalThis.WebSocket;
let wire;

class Wire extends EventTarget {
  static OPEN = 1;
  static CLOSING = 2;
  readyState = Wire.OPEN;
  bufferedAmount = 0;
  sent = [];

  constructor() {
    super();
    wire = this;
    queueMicrotask(() => this.dispatchEvent(new Event("open")));
  }

  send(octets) {
    this.sent.push(octets);
  }

  close() {
    this.readyState = Wire.CLOSING;
  }

  bring(octets = OCTETS) {
    this.dispatchEvent(new MessageEvent("message", { data: octets }));
  }
}

beforeEach(() => (globalThis.WebSocket = Wire));
afterEach(() => (globalThis.WebSocket = real));

async function dialled() {
  const dial = engine.wsDial("ws://bridge.example/");
  return dial(new AbortController().signal);
}

function fill() {
  for (let size = 0; size < UNREAD_MAX; size += MIB) {
    wire.bring();
  }
}

test("as much as may wait is read whole", async () => {
  const transport = await dialled();
  fill();
  assert.equal(wire.readyState, Wire.OPEN);
  await transport.write(new Uint8Array(1));
  assert.equal(wire.sent.length, 1);
  for (let size = 0; size < UNREAD_MAX; size += MIB) {
    const piece = await transport.read();
    assert.equal(piece.length, MIB);
    assert.equal(piece[MIB - 1], 7);
  }
  transport.close();
  assert.equal(await transport.read(), null);
});

test("an octet more, and the connection is given up", async () => {
  const transport = await dialled();
  fill();
  wire.bring(new ArrayBuffer(1));
  assert.equal(wire.readyState, Wire.CLOSING);
  wire.bring(); // what is still on its way is let go
  for (const broken of [transport.read(), transport.write(new Uint8Array(1))]) {
    const error = await rejection(broken);
    assert.ok(error instanceof engine.AtlsError);
    assert.equal(error.code, "network");
    assert.match(error.message, /more came than is being read/u);
  }
  assert.deepEqual(wire.sent, []);
});

test("what was read makes room", async () => {
  const transport = await dialled();
  fill();
  for (let i = 0; i < 300; i++) {
    await transport.read();
    wire.bring();
  }
  assert.equal(wire.readyState, Wire.OPEN);
  wire.bring(new ArrayBuffer(1));
  assert.equal(wire.readyState, Wire.CLOSING);
});
