// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_bridge.test.mjs - the same connections through assay-bridge, by Node's
// own WebSocket where it has one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { enclave } from "./engine_enclave.mjs";
import * as kit from "./engine_kit.mjs";

const { get, octets, peer, post, rejection, text, until } = kit;
const skip = typeof WebSocket === "undefined" && "this Node has no WebSocket";

const bridged = (target) => `${peer.bridge}/?target=${target}`;

const connect = async (more = {}) =>
  kit.connect({
    dial: kit.engine.wsDial(bridged(`127.0.0.1:${peer.port}`)),
    ...more,
  });

test("requests, one after another", { skip }, async () => {
  const c = await connect();
  for (let i = 0; i < 3; i++) {
    const r = await c.exchange(post("/echo", new Uint8Array([48 + i])));
    assert.equal(JSON.parse(await text(r)).body, String(i));
    await r.done;
  }
  c.close();
  await c.closed;
});

test("16 MiB either way", { skip }, async () => {
  const c = await connect();
  const { stream, digest } = kit.noise(16 << 20);
  const up = await c.exchange(post("/sink", stream));
  assert.equal(await text(up), digest());
  await up.done;
  const down = await c.exchange(get(`/big?${16 << 20}`));
  assert.equal(kit.sha256(await octets(down.body)), peer.big);
  c.close();
});

test("a bridge that does not know the target", { skip }, async () => {
  const dial = kit.engine.wsDial(bridged("127.0.0.1:1"));
  const e = await rejection(connect({ dial }));
  assert.equal(e.code, "network");
  assert.match(e.message, /^the bridge 127\.0\.0\.1:\d+ gave no tunnel/u);
});

test("no bridge", { skip }, async () => {
  const dial = kit.engine.wsDial("ws://127.0.0.1:1/");
  assert.equal((await rejection(connect({ dial }))).code, "network");
});

test("aborted while the bridge is waited for", { skip }, async () => {
  const abort = new AbortController();
  const why = new Error("enough");
  const pending = rejection(connect({ signal: abort.signal }));
  setImmediate(() => abort.abort(why));
  assert.equal(await pending, why);
});

test("what is held back through a bridge", { skip }, async () => {
  const server = await enclave(async (v) => {
    await v.prove();
    await v.until("\r\n\r\n");
    v.socket.pause();
  }, peer.scriptPort);
  const c = await connect({
    ...(await server.options()),
    dial: kit.engine.wsDial(bridged(`127.0.0.1:${server.port}`)),
  });
  const abort = new AbortController();
  const { stream, given } = kit.noise(64 << 20);
  const pending = rejection(
    c.exchange(post("/up", stream, { signal: abort.signal })),
  );
  let last = -1;
  await until(async () => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const same = given() === last;
    last = given();
    return same;
  });
  assert.ok(last < 32 << 20, `${last} octets were asked for`);
  abort.abort();
  await pending;
  server.visitors[0].socket.resume();
  await until(() => server.visitors[0].ended);
  server.close();
});

test("a server that goes, a cut and a goodbye", { skip }, async () => {
  for (const behave of [
    (v) => v.socket.end(),
    (v) => v.socket.destroy(),
    (v) => v.answer("hello"),
  ]) {
    let go;
    const told = new Promise((resolve) => (go = resolve));
    const server = await enclave(async (v) => {
      await v.prove();
      await told;
      behave(v);
    }, peer.scriptPort);
    const c = await connect({
      ...(await server.options()),
      dial: kit.engine.wsDial(bridged(`127.0.0.1:${server.port}`)),
    });
    go();
    await c.closed;
    assert.equal(c.usable, false);
    server.close();
  }
});
