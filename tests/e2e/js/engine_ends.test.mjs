// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_ends.test.mjs - what still leaves when a connection is ended here:
// nothing of what is under way.
import assert from "node:assert/strict";
import { test } from "node:test";
import { enclave } from "./engine_enclave.mjs";
import * as kit from "./engine_kit.mjs";

const { get, post, rejection, text, until } = kit;
const WHY = new Error("enough");

/** A transport that takes nothing more once it is told: what is written then would
 * wait in it. */
function sticky(port) {
  const tcp = kit.engine.tcpDial("127.0.0.1", port);
  const its = { written: 0, closed: false, stuck: false };
  its.dial = async (signal) => {
    const real = await tcp(signal);
    return {
      read: () => real.read(),
      write(octets) {
        its.written += octets.length;
        return its.stuck ? new Promise(() => undefined) : real.write(octets);
      },
      close() {
        its.closed = true;
        real.close();
      },
    };
  };
  return its;
}

async function started() {
  const server = await enclave(async (v) => {
    await v.prove();
    await v.request();
    v.answer("hello");
  });
  const transport = sticky(server.port);
  const { dial } = transport;
  const options = await kit.connectOptions({ ...(await server.options()), dial });
  return { server, transport, options };
}

/** Amid a request: the transport has some of it and takes no more. */
async function amid() {
  const { server, transport, options } = await started();
  const connection = await kit.engine.Connection.connect(options);
  const before = transport.written;
  transport.stuck = true;
  const body = new Uint8Array(1 << 20);
  const pending = rejection(connection.exchange(post("/up", body)));
  await until(() => transport.written > before);
  return { server, transport, connection, pending };
}

for (const [what, end, isWhy] of [
  ["distrusted", (c) => c.distrust(WHY), (e) => e === WHY],
  ["closed", (c) => c.close(), (e) => e.code === "network"],
]) {
  test(`${what} amid a request: nothing more is written`, async () => {
    const { server, transport, connection, pending } = await amid();
    const { written } = transport;
    end(connection);
    assert.equal(transport.closed, true);
    assert.ok(isWhy(await pending));
    assert.equal(transport.written, written);
    server.close();
  });

  test(`${what} between two requests: with a goodbye`, async () => {
    const { server, transport, options } = await started();
    const connection = await kit.engine.Connection.connect(options);
    const response = await connection.exchange(get("/"));
    assert.equal(await text(response), "hello");
    await response.done;
    const { written } = transport;
    end(connection);
    assert.ok(transport.written > written);
    await until(() => transport.closed && server.visitors[0].ended);
    server.close();
  });
}

test("a stream that is given up amid a write: nothing more is written", async () => {
  const { server, transport, options } = await started();
  const stream = await kit.engine.openStream(options);
  const before = transport.written;
  transport.stuck = true;
  const writer = stream.writable.getWriter();
  const writing = rejection(writer.write(new Uint8Array(1 << 20)));
  await until(() => transport.written > before);
  const { written } = transport;
  writer.abort(WHY).catch(() => undefined);
  stream.close();
  assert.equal(transport.closed, true);
  assert.equal(transport.written, written);
  server.close();
  await stream.closed;
  void writing;
});

/** One that sends nothing. */
class FullWebSocket extends EventTarget {
  static OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  constructor() {
    super();
    setImmediate(() => this.dispatchEvent(new Event("open")));
  }
  send(octets) {
    this.bufferedAmount += octets.length;
  }
  close() {}
}

test("what waits in a WebSocket, which cannot be taken back, is little", async () => {
  const own = globalThis.WebSocket;
  globalThis.WebSocket = FullWebSocket;
  try {
    const dial = kit.engine.wsDial("ws://bridge.example/");
    const transport = await dial(new AbortController().signal);
    let given = 0;
    const writing = (async () => {
      for (const piece = new Uint8Array(16384); ;) {
        given += piece.length;
        await transport.write(piece);
      }
    })();
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(given > 0 && given <= 320 * 1024, `${given} octets`);
    transport.close();
    assert.equal((await rejection(writing)).code, "network");
  } finally {
    globalThis.WebSocket = own;
  }
});
