// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_evidence.test.mjs - when evidence is asked for anew, what is told of
// it, and what is sent before it is there: nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { enclave } from "./engine_enclave.mjs";
import * as kit from "./engine_kit.mjs";

const { connect, get, rejection, text, until } = kit;

/** Proves itself whenever it is asked, and answers all else. */
async function honest(visitor, lines) {
  for (;;) {
    const request = await visitor.request();
    lines.push(request.line);
    if (request.line.startsWith("POST /tdx_quote")) {
      await visitor.prove(request);
    } else {
      visitor.answer("hello");
    }
  }
}

test("nothing is sent before onAttestation() agrees", async () => {
  const lines = [];
  const server = await enclave((v) => honest(v, lines));
  let agree;
  const agreed = new Promise((resolve) => (agree = resolve));
  let asked = false;
  const pending = connect({
    ...(await server.options()),
    onAttestation: () => {
      asked = true;
      return agreed;
    },
  }).then((c) => c.exchange(get("/secret")));
  await until(() => asked);
  assert.equal(server.visitors[0].received, 0);
  assert.deepEqual(lines, ["POST /tdx_quote HTTP/1.1"]);
  agree();
  assert.equal(await text(await pending), "hello");
  server.close();
});

test("what onAttestation() throws is thrown on, and ends it", async () => {
  const lines = [];
  const server = await enclave((v) => honest(v, lines));
  const why = new Error("not this one");
  const e = await rejection(
    connect({
      ...(await server.options()),
      onAttestation: () => Promise.reject(why),
    }),
  );
  assert.equal(e, why);
  await until(() => server.visitors[0].ended);
  assert.equal(lines.length, 1);
  server.close();
});

test("an abort does not wait for onAttestation()", async () => {
  const server = await enclave((v) => honest(v, []));
  const abort = new AbortController();
  const why = new Error("enough");
  const e = await rejection(
    connect({
      ...(await server.options()),
      signal: abort.signal,
      onAttestation() {
        abort.abort(why);
        return new Promise(() => undefined);
      },
    }),
  );
  assert.equal(e, why);
  await until(() => server.visitors[0].ended);
  server.close();
});

test("evidence that is due is asked for before the request", async () => {
  const lines = [];
  const server = await enclave((v) => honest(v, lines));
  const seen = [];
  const c = await connect({
    ...(await server.options({ reattestation_interval_secs: 1 })),
    onAttestation: (a) => void seen.push(a),
  });
  const first = await c.exchange(get("/one"));
  assert.equal(await text(first), "hello");
  await first.done;
  assert.equal(c.due, false);
  await until(() => c.due);
  const second = await c.exchange(get("/two"));
  assert.equal(await text(second), "hello");
  assert.deepEqual(lines, [
    "POST /tdx_quote HTTP/1.1",
    "GET /one HTTP/1.1",
    "POST /tdx_quote HTTP/1.1",
    "GET /two HTTP/1.1",
  ]);
  assert.deepEqual(
    seen.map((a) => a.attestations),
    [1, 2],
  );
  assert.equal(second.attestation, seen[1]);
  assert.equal(first.attestation, seen[0]);
  assert.notEqual(await seen[0].evidence(), await seen[1].evidence());
  server.close();
});

test("a machine that sleeps: its evidence is old, whatever its clock was set to", async () => {
  const server = await enclave((v) => honest(v, []));
  const c = await connect(
    await server.options({ reattestation_interval_secs: 300 }),
  );
  const now = Date.now;
  let ahead = 0;
  Date.now = () => now() + ahead;
  try {
    assert.equal(c.due, false);
    ahead -= 3_600_000; // it is set back
    assert.equal(c.due, false);
    ahead += 200_000; // and sleeps, twice
    assert.equal(c.due, false);
    ahead += 200_000;
    assert.equal(c.due, true);
  } finally {
    Date.now = now;
  }
  c.close();
  server.close();
});

test("reattest() while nobody asks", async () => {
  const server = await enclave((v) => honest(v, []));
  const c = await connect(await server.options());
  await c.reattest();
  assert.equal(c.attestation.attestations, 2);
  assert.equal(c.usable, true);
  assert.equal(await text(await c.exchange(get("/"))), "hello");
  server.close();
});

test("evidence anew that proves nothing: the request is not sent", async () => {
  const lines = [];
  let proofs = 0;
  const server = await enclave(async (v) => {
    for (;;) {
      const request = await v.request();
      lines.push(request.line);
      if (request.line.startsWith("GET")) {
        v.answer("hello");
      } else if (proofs++ === 0) {
        await v.prove(request);
      } else {
        // For a nonce that nobody has given.
        await v.prove({ body: JSON.stringify({ nonce_hex: "00".repeat(32) }) });
      }
    }
  });
  const c = await connect(
    await server.options({ reattestation_interval_secs: 1 }),
  );
  await until(() => c.due);
  const e = await rejection(c.exchange(get("/secret")));
  assert.equal(e.code, "not_trusted");
  assert.equal(e.verdict.trusted, false);
  assert.equal(kit.engine.progressOf(e), "unsent");
  await until(() => server.visitors[0].ended);
  assert.deepEqual(lines, Array(2).fill("POST /tdx_quote HTTP/1.1"));
  server.close();
});

for (const [what, behave] of [
  ["an answer to nothing", (v) => v.answer("hello")],
  ["a goodbye", (v) => v.socket.end()],
  ["a cut", (v) => v.socket.destroy()],
]) {
  test(`${what} while nobody asks makes it unusable`, async () => {
    let go;
    const told = new Promise((resolve) => (go = resolve));
    const server = await enclave(async (v) => {
      await v.prove();
      await told;
      behave(v);
    });
    const c = await connect(await server.options());
    assert.equal(c.usable, true);
    go();
    await c.closed;
    assert.equal(c.usable, false);
    const e = await rejection(c.exchange(get("/path")));
    assert.equal(e.code, "network");
    assert.equal(kit.engine.progressOf(e), "unsent");
    server.close();
  });
}

test("a server that is busy says when to come again", async () => {
  const server = await enclave(async (v) => {
    await v.request();
    v.send(
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n" +
        "Content-Length: 0\r\n\r\n",
    );
  });
  const e = await rejection(connect(await server.options()));
  assert.equal(e.code, "unavailable");
  assert.equal(e.retryAfter, 7);
  server.close();
});

test("a policy that another platform does not fulfil", async () => {
  const server = await enclave((v) => honest(v, []));
  const options = await server.options({ compose_hash: "00".repeat(32) });
  const e = await rejection(connect(options));
  assert.equal(e.code, "not_trusted");
  const failed = e.verdict.checks.filter((c) => c.outcome === "failed");
  assert.equal(failed.length, 1, JSON.stringify(failed));
  await until(() => server.visitors[0].ended);
  server.close();
});

test("a module that broke: its connections fail, the next use is fine", async () => {
  const server = await enclave((v) => honest(v, []));
  const options = await server.options();
  const c = await connect(options);
  const core = await kit.engine.theCore();
  // What cannot be made an address ends the call amid it, as a trap would.
  assert.throws(
    () => core.module.release("js_bytes_free", 1n),
    (e) => e.code === "internal",
  );
  assert.equal(core.broken, true);
  assert.equal(c.ended, true);
  assert.equal(c.usable, false);
  const e = await rejection(c.exchange(get("/")));
  assert.equal(e instanceof kit.engine.AtlsError, true);
  const again = await connect(options);
  assert.equal(await text(await again.exchange(get("/"))), "hello");
  assert.notEqual(await kit.engine.theCore(), core);
  server.close();
});
