// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_tls.test.mjs - servers that have proved themselves and then misuse
// TLS, whose records are sealed by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { enclave } from "./engine_enclave.mjs";
import * as kit from "./engine_kit.mjs";
import { ALERT, HANDSHAKE, takeover } from "./engine_records.mjs";

const { get, rejection, text, until } = kit;
const APPLICATION = 23;
const FATAL = 2;
const octets = (s) => Buffer.from(s, "latin1");
const HELLO = octets("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");

/** Connected to a server that is the test's from here on. */
async function taken(more = {}) {
  const server = await enclave((v) => v.prove());
  const how = await kit.connectOptions(await server.options());
  const hand = takeover(how.dial, () => server.secrets[0]);
  const c = await kit.connect({ ...how, dial: hand.dial, ...more });
  hand.take();
  return { server, c, hand };
}

test("records by hand are those of the server", async () => {
  const { server, c, hand } = await taken();
  const pending = c.exchange(get("/"));
  hand.say(hand.seal(APPLICATION, HELLO));
  assert.equal(await text(await pending), "hello");
  server.close();
});

/** What comes in place of an answer, and the code that it fails with. */
const ANSWERS = {
  "a fatal alert": [(h) => [h.seal(ALERT, [FATAL, 80])], ["tls", "network"]],
  "an alert that is none": [(h) => [h.seal(ALERT, [FATAL])], ["tls"]],
  "a record that was changed": [
    (h) => {
      const record = h.seal(APPLICATION, HELLO);
      record[record.length - 1] ^= 1;
      return [record];
    },
    ["tls"],
  ],
  "a record twice": [
    (h) => {
      const record = h.seal(APPLICATION, HELLO.subarray(0, 30));
      return [record, record];
    },
    ["tls"],
  ],
  "a record out of turn": [
    (h) => [h.seal(APPLICATION, HELLO), h.seal(APPLICATION, HELLO)].slice(1),
    ["tls"],
  ],
  "a record in the clear": [
    () => [
      Buffer.concat([octets("\x17\x03\x03\x00\x20"), HELLO.subarray(0, 32)]),
    ],
    ["tls"],
  ],
  "an alert in the clear": [
    () => [octets("\x15\x03\x03\x00\x02\x01\x00")],
    ["tls"],
  ],
  "a second ServerHello": [
    (h) => [h.seal(HANDSHAKE, [2, 0, 0, 4, 3, 3, 0, 0])],
    ["tls"],
  ],
  "a request for a certificate": [
    (h) => [h.seal(HANDSHAKE, [13, 0, 0, 3, 0, 0, 0])],
    ["tls"],
  ],
  "a record that is too long": [
    () => [
      Buffer.concat([octets("\x17\x03\x03\xff\xff"), Buffer.alloc(65535)]),
    ],
    ["tls"],
  ],
};

for (const [what, [make, codes]] of Object.entries(ANSWERS)) {
  test(`refused: ${what}`, async () => {
    const { server, c, hand } = await taken();
    const pending = rejection(c.exchange(get("/")));
    hand.say(...make(hand));
    const e = await pending;
    assert.ok(e instanceof kit.engine.AtlsError, String(e));
    assert.ok(codes.includes(e.code), `${e.code}: ${e.message}`);
    await c.closed;
    assert.equal(c.usable, false);
    server.close();
  });
}

for (const cut of [1, 4, 5, 6, 20]) {
  test(`an end amid a record, after ${cut} octets`, async () => {
    const { server, c, hand } = await taken();
    const head = octets("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    const pending = c.exchange(get("/")).then((r) => text(r));
    hand.say(hand.seal(APPLICATION, head));
    hand.say(hand.seal(APPLICATION, octets(", or not")).subarray(0, cut));
    hand.end();
    const e = await rejection(pending);
    assert.ok(["truncated", "network"].includes(e.code), String(e));
    await c.closed;
    server.close();
  });
}

test("keys that are renewed again and again while nothing is read", async () => {
  const { server, c, hand } = await taken();
  const pending = rejection(c.exchange(get("/")));
  for (let i = 0; i < 20_000 && !c.ended; i++) {
    hand.say(hand.keyUpdate());
    if (i % 100 === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const e = await pending;
  assert.equal(e.code, "reply", String(e));
  assert.ok(hand.written < 64 * 1024, `${hand.written} octets were written`);
  server.close();
});

test("keys that are renewed again and again while nobody asks", async () => {
  const { server, c, hand } = await taken();
  for (let i = 0; i < 20_000 && !c.ended; i++) {
    hand.say(hand.keyUpdate());
    if (i % 100 === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await c.closed;
  assert.ok(hand.written < 64 * 1024, `${hand.written} octets were written`);
  server.close();
});

test("a key that is renewed once changes nothing", async () => {
  const { server, c, hand } = await taken();
  hand.say(hand.keyUpdate());
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(c.usable, true);
  const pending = c.exchange(get("/"));
  hand.say(hand.seal(APPLICATION, HELLO));
  assert.equal(await text(await pending), "hello");
  server.close();
});

test("records without octets, on and on, end with the time for an answer", async () => {
  const { server, c, hand } = await taken({ timeouts: { response: 300 } });
  const pending = rejection(c.exchange(get("/")));
  let going = true;
  pending.then(() => (going = false));
  while (going) {
    hand.say(hand.seal(APPLICATION, []));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(["timeout", "tls"].includes((await pending).code));
  await c.closed;
  server.close();
});
