// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_flow.test.mjs - how much waits, and where: bodies of both directions
// are held back by whoever is slow, and both go at once.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { enclave } from "./engine_enclave.mjs";
import * as kit from "./engine_kit.mjs";

const { connect, get, octets, post, rejection, text, until } = kit;
const MIB = 1 << 20;
const quiet = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Until it has not changed for a while; its value. */
async function settled(value) {
  for (let last; ; last = value()) {
    await quiet(200);
    if (value() === last) {
      return last;
    }
  }
}

test("a body that nobody reads is not fetched", async () => {
  let sent = 0;
  const server = await enclave(async (v) => {
    await v.prove();
    await v.request();
    v.send(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * MIB}\r\n\r\n`);
    const piece = Buffer.alloc(65536, 7);
    for (; sent < 64 * MIB; sent += piece.length) {
      if (!v.socket.write(piece)) {
        await new Promise((resolve) => v.socket.once("drain", resolve));
      }
    }
  });
  const c = await connect(await server.options());
  const r = await c.exchange(get("/big"));
  const held = await settled(() => sent);
  // What the two kernels hold, and 64 KiB here.
  assert.ok(held < 24 * MIB, `${held} octets were sent`);
  const reader = r.body.getReader();
  let got = 0;
  for (let p; !(p = await reader.read()).done; got += p.value.length);
  assert.equal(got, 64 * MIB);
  server.close();
});

test("a body that the server does not read is not asked for", async () => {
  let go;
  const told = new Promise((resolve) => (go = resolve));
  const server = await enclave(async (v) => {
    await v.prove();
    await v.until("\r\n\r\n");
    v.socket.pause();
    await told;
    v.socket.resume();
    v.answer("enough");
  });
  const c = await connect(await server.options());
  const { stream, given } = kit.noise(64 * MIB);
  const pending = c.exchange(post("/up", stream));
  const held = await settled(given);
  assert.ok(held < 24 * MIB, `${held} octets were asked for`);
  go();
  assert.equal(await text(await pending), "enough");
  server.close();
});

test("both ways at once: 32 MiB are sent back as they come", async () => {
  const server = await enclave(async (v) => {
    await v.prove();
    await v.until("\r\n\r\n");
    v.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    // Chunks go back as they came, their frames with them.
    for (;;) {
      const line = await v.until("\r\n");
      const n = parseInt(line, 16);
      const chunk = await v.exactly(n + 2);
      v.socket.write(Buffer.concat([Buffer.from(line), chunk]));
      if (n === 0) {
        return;
      }
    }
  });
  const c = await connect(await server.options());
  const { stream, digest, given } = kit.noise(32 * MIB);
  const r = await c.exchange(post("/echo", stream));
  assert.ok(given() < 32 * MIB, "the answer waited for the request's end");
  const hash = createHash("sha256");
  for await (const piece of r.body) {
    hash.update(piece);
  }
  assert.equal(hash.digest("hex"), digest());
  await r.done;
  assert.equal(c.usable, true);
  server.close();
});

test("an answer while the request's body waits for it", async () => {
  const server = await enclave(async (v) => {
    await v.prove();
    await v.until("\r\n\r\n");
    v.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (let n = 1; n > 0;) {
      n = parseInt(await v.until("\r\n"), 16);
      const said = (await v.exactly(n + 2)).toString().trim();
      v.send(n > 0 ? `${(n + 1).toString(16)}\r\n${said}!\r\n` : "0\r\n\r\n");
    }
  });
  const c = await connect(await server.options());
  let say;
  const body = new ReadableStream({
    start: (controller) => (say = controller),
  });
  const r = await c.exchange(post("/talk", body));
  const reader = r.body.getReader();
  const encode = (s) => new TextEncoder().encode(s);
  for (const word of ["one", "two"]) {
    say.enqueue(encode(word));
    const { value } = await reader.read();
    assert.equal(Buffer.from(value).toString(), `${word}!`);
  }
  say.close();
  assert.equal((await reader.read()).done, true);
  await r.done;
  assert.equal(c.usable, true);
  server.close();
});

test("an abort is seen by the server, whatever it does", async () => {
  const server = await enclave(async (v) => {
    await v.prove();
    await v.request();
    v.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    v.send("5\r\nhello\r\n");
  });
  const c = await connect(await server.options());
  const abort = new AbortController();
  const r = await c.exchange(get("/events", { signal: abort.signal }));
  const reader = r.body.getReader();
  await reader.read();
  abort.abort();
  assert.equal((await rejection(reader.read())).name, "AbortError");
  await until(() => server.visitors[0].ended);
  server.close();
});

test("a body that is forgotten ends its connection", async () => {
  const server = await enclave(async (v) => {
    await v.prove();
    await v.request();
    v.send(`HTTP/1.1 200 OK\r\nContent-Length: ${MIB}\r\n\r\n`);
    v.socket.write(Buffer.alloc(MIB));
  });
  const c = await connect(await server.options());
  await c.exchange(get("/big"));
  await until(() => {
    globalThis.gc();
    return c.ended;
  });
  await until(() => server.visitors[0].ended);
  server.close();
});

test("aborted while the request's body goes out", async () => {
  const server = await enclave(async (v) => {
    await v.prove();
    await v.until("\r\n\r\n");
    v.socket.pause();
  });
  const c = await connect(await server.options());
  const abort = new AbortController();
  const { stream, given } = kit.noise(64 * MIB);
  const pending = rejection(
    c.exchange(post("/up", stream, { signal: abort.signal })),
  );
  await settled(given);
  const why = new Error("enough");
  abort.abort(why);
  assert.equal(await pending, why);
  assert.equal(c.ended, true);
  server.close();
});

test("a thousand short exchanges on one connection", async () => {
  const c = await connect();
  for (let i = 0; i < 1000; i++) {
    const r = await c.exchange(get("/binary"));
    assert.equal((await octets(r.body)).length, 256);
    await r.done;
  }
  c.close();
});
