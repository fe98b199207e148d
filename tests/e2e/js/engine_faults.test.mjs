// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_faults.test.mjs - servers that misbehave (py_server.py): before they
// have proved themselves, in their evidence, and in their answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as kit from "./engine_kit.mjs";

const { connect, get, peer, rejection, text } = kit;
const { AtlsError } = kit.engine;

const believing = await kit.trust(
  { accept_self_signed_certs: false },
  { extraRoots: peer.handCa },
  peer.handPlatform,
);

const how = (name, more = {}) => ({
  port: peer.hand[name],
  trust: believing,
  ...more,
});

test("good servers, whatever their framing", async () => {
  for (const name of ["sized", "chunked", "array", "small-records"]) {
    const c = await connect(how(name));
    const r = await c.exchange(get("/path"));
    assert.equal(await text(r), "hello", name);
    c.close();
  }
});

/** What a connection that cannot be made rejects with. */
const REFUSED = {
  "wrong-name": "tls",
  "no-name": "tls",
  "unknown-ca": "tls",
  expired: "tls",
  "not-yet": "tls",
  tls12: "tls",
  "another-protocol": "tls",
  "plain-http": "tls",
  "cut-in-handshake": ["truncated", "network"],
  "reset-after-accept": ["truncated", "network"],
  "large-head": ["reply", "too_large"],
  "large-body": ["reply", "too_large"],
  garbage: "reply",
  "two-lengths": "reply",
  redirect: "reply",
  "status-404": "reply",
  "status-500": ["reply", "unavailable"],
  empty: "reply",
  "no-json": "reply",
  "half-json": "reply",
  "deep-json": ["reply", "malformed", "too_large"],
  "no-quote": ["reply", "malformed", "unsupported", "truncated", "not_trusted"],
  "cut-quote": ["reply", "truncated", "malformed"],
  "reply-and-more": "reply",
  replayed: "not_trusted",
  relayed: "not_trusted",
  "flipped-bit": "not_trusted",
  "no-log": "not_trusted",
};

for (const [name, codes] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, async () => {
    let asked = 0;
    const onAttestation = () => void asked++;
    const e = await rejection(connect(how(name, { onAttestation })));
    assert.ok(e instanceof AtlsError, String(e));
    assert.ok([codes].flat().includes(e.code), `${e.code}: ${e.message}`);
    assert.match(e.message, /^localhost: /u);
    assert.equal(asked, 0);
    if (e.code === "not_trusted") {
      assert.equal(e.verdict.trusted, false);
      assert.ok(e.verdict.checks.some((c) => c.outcome === "failed"));
    } else {
      assert.equal(e.verdict, undefined);
    }
  });
}

test("a certificate that nobody believes, where that is allowed", async () => {
  const trust = await kit.trust({}, {}, peer.handPlatform);
  const e = await rejection(connect(how("unknown-ca", { trust })));
  // Another certificate than the one that the platform has announced.
  assert.equal(e.code, "not_trusted");
});

for (const name of [
  "hang-after-accept",
  "hang-in-handshake",
  "trickle-in-head",
]) {
  test(`no evidence in time: ${name}`, async () => {
    const e = await rejection(
      connect(how(name, { timeouts: { attest: 300 } })),
    );
    assert.equal(e.code, "timeout", String(e));
    assert.match(e.hint, /timeouts\.attest/u);
  });

  test(`aborted: ${name}`, async () => {
    const abort = new AbortController();
    const why = new Error("enough");
    const pending = rejection(connect(how(name, { signal: abort.signal })));
    setImmediate(() => abort.abort(why));
    assert.equal(await pending, why);
  });
}

/** A request of which the answer does not come, or not whole. */
const BROKEN = {
  "cut-before-response": ["network", "truncated"],
  "goodbye-before-response": "network",
  "garbage-response": ["malformed", "reply"],
  switching: "reply",
};

for (const [name, codes] of Object.entries(BROKEN)) {
  test(`no answer: ${name}`, async () => {
    const c = await connect(how(name));
    const e = await rejection(c.exchange(get("/path")));
    assert.ok(e instanceof AtlsError, String(e));
    assert.ok([codes].flat().includes(e.code), `${e.code}: ${e.message}`);
    await c.closed;
    assert.equal(c.usable, false);
    assert.equal(
      kit.engine.progressOf(e),
      name.includes("before") ? "unanswered" : "answered",
    );
  });
}

for (const name of [
  "cut-in-response",
  "reset-in-response",
  "goodbye-in-response",
  "until-cut",
]) {
  test(`half an answer: ${name}`, async () => {
    const c = await connect(how(name));
    const e = await rejection(c.exchange(get("/path")).then((r) => text(r)));
    assert.ok(e instanceof AtlsError, String(e));
    assert.ok(["network", "truncated"].includes(e.code), e.code);
    await c.closed;
  });
}

test("an answer until TLS's goodbye is whole", async () => {
  const c = await connect(how("until-goodbye"));
  const r = await c.exchange(get("/path"));
  assert.equal(await text(r), "hello");
  await r.done;
  assert.equal(c.usable, false);
});

test("heads before the answer without end", async () => {
  const c = await connect(
    how("endless-interim", { timeouts: { response: 300 } }),
  );
  const e = await rejection(c.exchange(get("/path")));
  assert.equal(e.code, "timeout");
});

test("more than was asked for makes a connection unusable", async () => {
  const c = await connect(how("response-and-more"));
  const r = await c.exchange(get("/path"));
  assert.equal(await text(r), "hello");
  await r.done;
  await c.closed;
  assert.equal(c.usable, false);
});

test("between two pieces of a body", async () => {
  const c = await connect(how("hang-in-response", { timeouts: { idle: 100 } }));
  const r = await c.exchange(get("/path"));
  const e = await rejection(text(r));
  assert.equal(e.code, "timeout");
  assert.match(e.hint, /timeouts\.idle/u);
});

test("nobody is there", async () => {
  const e = await rejection(connect({ port: 1 }));
  assert.equal(e.code, "network");
  assert.match(e.message, /^127\.0\.0\.1:1: /u);
});
