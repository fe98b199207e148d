// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_exchange.test.mjs - exchanges over one attested connection to
// assay-serve, behind which backend.py behaves as paths say.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as kit from "./engine_kit.mjs";

const { connect, get, octets, post, rejection, text, until } = kit;

test("what was attested", async () => {
  const seen = [];
  const c = await connect({ onAttestation: (a) => void seen.push(a) });
  const { attestation } = c;
  assert.deepEqual(seen, [attestation]);
  assert.equal(attestation.trusted, true);
  assert.equal(attestation.teeType, "tdx");
  assert.equal(attestation.tcbStatus, "UpToDate");
  assert.deepEqual(attestation.advisoryIds, []);
  assert.equal(
    attestation.measurement,
    kit.peer.platform.policy.expected_bootchain.mrtd,
  );
  assert.equal(attestation.attestations, 1);
  assert.ok(Math.abs(attestation.attestedAt - Date.now()) < 60_000);
  assert.equal(attestation.verdict.trusted, true);
  assert.ok(attestation.verdict.checks.length > 10);
  const bundle = JSON.parse(await attestation.evidence());
  assert.equal(bundle.format, "assay-evidence/1");
  c.close();
  assert.equal(c.usable, false);
  await c.closed;
});

test("one request after another on one connection", async () => {
  const c = await connect();
  for (let i = 0; i < 3; i++) {
    const r = await c.exchange(
      post("/echo?a=1", new TextEncoder().encode(`body ${i}`), {
        fields: [
          ["Host", "localhost"],
          ["X-Odd", "caf\u00e9"],
        ],
      }),
    );
    assert.equal(r.status, 200);
    const said = JSON.parse(await text(r));
    assert.equal(said.method, "POST");
    assert.equal(said.path, "/echo?a=1");
    assert.equal(said.body, `body ${i}`);
    const fields = Object.fromEntries(said.fields);
    assert.equal(fields["X-Odd"], "caf\u00e9");
    await r.done;
    assert.equal(c.usable, true);
  }
  c.close();
});

test("fields of an answer, in their order", async () => {
  const c = await connect();
  const r = await c.exchange(get("/fields"));
  const wanted = r.fields.filter(([name]) => /^x-/iu.test(name));
  assert.deepEqual(wanted, [
    ["X-One", "1"],
    ["X-Many", "a"],
    ["x-many", "b"],
    ["X-Odd", "caf\u00e9"],
  ]);
  assert.equal(await text(r), "ok");
  c.close();
});

test("answers without a body keep the connection", async () => {
  const c = await connect();
  for (const [request, status] of [
    [get("/big?100", { method: "HEAD" }), 200],
    [get("/no-content"), 204],
    [get("/not-modified"), 304],
  ]) {
    const r = await c.exchange(request);
    assert.equal(r.status, status);
    assert.equal(r.body, null);
    assert.deepEqual(await r.trailers, []);
    await r.done;
    assert.equal(c.usable, true);
  }
  c.close();
});

test("heads before the answer are passed by", async () => {
  const c = await connect();
  const r = await c.exchange(get("/interim"));
  assert.equal(r.status, 200);
  assert.equal(await text(r), "final");
  c.close();
});

test("an answer in chunks, with trailers", async () => {
  const c = await connect();
  const r = await c.exchange(
    get("/chunked", {
      fields: [
        ["Host", "localhost"],
        ["TE", "trailers"],
        ["Connection", "TE"],
      ],
    }),
  );
  assert.equal(await text(r), "hello world");
  assert.deepEqual(await r.trailers, [["X-Sum", "1"]]);
  c.close();
});

test("an answer that ends with its connection", async () => {
  const c = await connect();
  const r = await c.exchange(get("/until-close"));
  assert.equal(await text(r), "until the end");
  c.close();
});

for (const path of ["/dies", "/dies-chunked"]) {
  test(`an answer that is cut: ${path}`, async () => {
    const c = await connect();
    const r = await c.exchange(get(path));
    const e = await rejection(text(r));
    assert.ok(e instanceof kit.engine.AtlsError, String(e));
    assert.ok(["network", "truncated"].includes(e.code), e.code);
    assert.equal((await rejection(r.trailers)).code, e.code);
    await r.done;
    assert.equal(c.usable, false);
  });
}

test("16 MiB to the server, piece by piece", async () => {
  for (const length of [undefined, 16 << 20]) {
    const c = await connect();
    const { stream, digest } = kit.noise(16 << 20);
    const more = length === undefined ? {} : { bodyLength: length };
    const r = await c.exchange(post("/sink", stream, more));
    assert.equal(await text(r), digest());
    await r.done;
    assert.equal(c.usable, true);
    c.close();
  }
});

test("a whole body of 5 MB", async () => {
  const c = await connect();
  const body = new Uint8Array(5_000_000).map((_, i) => i * 7);
  const r = await c.exchange(post("/sink", body));
  assert.equal(await text(r), kit.sha256(body));
  c.close();
});

test("16 MiB from the server", async () => {
  const c = await connect();
  const r = await c.exchange(get(`/big?${16 << 20}`));
  assert.equal(kit.sha256(await octets(r.body)), kit.peer.big);
  await r.done;
  assert.equal(c.usable, true);
  c.close();
});

test("pieces of one's own size", async () => {
  const c = await connect();
  const r = await c.exchange(get("/binary"));
  const reader = r.body.getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(10));
  assert.deepEqual([...value], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  let n = value.length;
  for (let p; !(p = await reader.read(new Uint8Array(100))).done;) {
    n += p.value.length;
  }
  assert.equal(n, 256);
  await r.done;
  assert.equal(c.usable, true);
  c.close();
});

test("a short answer that nobody reads keeps the connection", async () => {
  const c = await connect();
  const r = await c.exchange(get("/binary"));
  await r.done;
  assert.equal(c.usable, true);
  assert.equal((await octets(r.body)).length, 256);
  c.close();
});

test("a cancelled body ends the connection", async () => {
  const c = await connect();
  const r = await c.exchange(get(`/big?${16 << 20}`));
  await r.body.cancel();
  await r.done;
  assert.equal(c.usable, false);
  await c.closed;
});

test("an answer before the request has ended", async () => {
  const c = await connect();
  let cancelled = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(65536)),
    cancel: () => void (cancelled = true),
  });
  const r = await c.exchange(post("/early", endless));
  assert.equal(r.status, 413);
  assert.equal(await text(r), "no!");
  await r.done;
  await until(() => cancelled);
  assert.equal(c.usable, false);
});

test("a request whose body fails", async () => {
  const c = await connect();
  const why = new Error("no more");
  let n = 0;
  const failing = new ReadableStream({
    pull(controller) {
      if (n++ < 3) {
        controller.enqueue(new Uint8Array(10));
      } else {
        controller.error(why);
      }
    },
  });
  assert.equal(await rejection(c.exchange(post("/sink", failing))), why);
  assert.equal(c.usable, false);
});

test("a stream that is not as long as it was said", async () => {
  for (const size of [9, 11]) {
    const c = await connect();
    const { stream } = kit.noise(size);
    const e = await rejection(
      c.exchange(post("/sink", stream, { bodyLength: 10 })),
    );
    assert.equal(e.code, "invalid");
    assert.equal(c.usable, false);
  }
});

test("empty pieces do not end a body", async () => {
  const c = await connect();
  const pieces = ["a", "", "b", ""].map((s) => new TextEncoder().encode(s));
  const body = new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      piece ? controller.enqueue(piece) : controller.close();
    },
  });
  const r = await c.exchange(post("/echo", body));
  assert.equal(JSON.parse(await text(r)).body, "ab");
  c.close();
});

test("aborted while the answer is awaited", async () => {
  const c = await connect();
  const why = new Error("enough");
  const abort = new AbortController();
  const pending = rejection(
    c.exchange(get("/silent-for-long", { signal: abort.signal, ...stall() })),
  );
  abort.abort(why);
  assert.equal(await pending, why);
  assert.equal(c.usable, false);
  await c.closed;
});

/** A request that never ends. */
function stall() {
  return {
    method: "POST",
    body: new ReadableStream({ pull: () => new Promise(() => undefined) }),
  };
}

test("aborted amid the answer", async () => {
  const c = await connect();
  const why = new Error("enough");
  const abort = new AbortController();
  const r = await c.exchange(get(`/big?${64 << 20}`, { signal: abort.signal }));
  const reader = r.body.getReader();
  await reader.read();
  abort.abort(why);
  assert.equal(
    await rejection(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ),
    why,
  );
  assert.equal(await rejection(r.trailers), why);
  await c.closed;
});

test("aborted before: nothing is sent, and the connection is kept", async () => {
  const c = await connect();
  const signal = AbortSignal.abort(new Error("never"));
  const e = await rejection(c.exchange(get("/", { signal })));
  assert.equal(e, signal.reason);
  assert.equal(kit.engine.progressOf(e), "unsent");
  await until(() => c.usable);
  c.close();
});

test("one at a time", async () => {
  const c = await connect();
  const first = c.exchange(get("/binary"));
  const e = await rejection(c.exchange(get("/binary")));
  assert.equal(e.code, "network");
  assert.equal(kit.engine.progressOf(e), "unsent");
  await octets((await first).body);
  c.close();
});

test("heads that cannot be sent are refused", async () => {
  const c = await connect();
  for (const request of [
    get("/a b"),
    get("/", { method: "GE T" }),
    get("/", { fields: [["X\r\nY", "1"]] }),
    get("/", { fields: [["X", "1\r\nY: 2"]] }),
    get("/", { fields: [["X", "\u0100"]] }),
    get("/", { fields: [["content-length", "5"]] }),
    get("/", { fields: [["Transfer-Encoding", "chunked"]] }),
  ]) {
    const e = await rejection(c.exchange(request));
    assert.equal(e.code, "invalid", String(e));
    assert.equal(kit.engine.progressOf(e), "unsent");
    await until(() => c.usable);
  }
  c.close();
});

test("the time for an answer", async () => {
  const c = await connect({ timeouts: { response: 50 } });
  const e = await rejection(c.exchange(get("/echo", stall())));
  assert.equal(e.code, "timeout");
  assert.match(e.hint, /timeouts\.response/u);
  assert.equal(kit.engine.progressOf(e), "unanswered");
});
