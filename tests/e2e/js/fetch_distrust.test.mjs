// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// A platform that goes out of date while a program runs: the first connection
// that learns of it ends the use of all. And many requests at once.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import {
  assay,
  Backend,
  bodyOf,
  Gate,
  makeFetch,
  policy,
  refused,
  rejects,
  Relay,
  sim,
  until,
} from "./world.mjs";

let backend;
let relay;

before(async () => {
  backend = await Backend.start();
});
beforeEach(async () => {
  backend.reset();
  relay = await Relay.start();
});
afterEach(async () => {
  sim("reset");
  assay.closeAllConnections();
  await relay.close();
});
after(() => backend.close());

const stats = () => assay.getConnectionPoolStats();

function through(more = {}) {
  return makeFetch({ target: relay.target, ...more });
}

/** What counts its proofs, and asks for them each second. */
function renewing(more = {}) {
  const proofs = [];
  const fetch = through({
    policy: { ...policy, reattestation_interval_secs: 1 },
    onAttestation: (attestation) => void proofs.push(attestation.attestedAt),
    ...more,
  });
  const isOld = () => until(() => Date.now() - Math.max(...proofs) > 1500);
  return { fetch, proofs, isOld };
}

/** /down waits amid its answer, and /up is read and never answered. */
function slowBackend() {
  const downloads = new Gate();
  let octets = 0;
  backend.handle = async (request, response) => {
    if (request.url === "/down") {
      response.write("begun, ");
      await downloads.opened;
    } else if (request.url === "/up") {
      request.on("data", (piece) => (octets += piece.length));
      return;
    }
    response.end("done");
  };
  return { downloads, received: () => octets };
}

const urls = () => backend.seen.map((x) => x.url);

test("not trusted any more: idle, sending and receiving connections", async () => {
  const { downloads, received } = slowBackend();
  const { fetch, isOld } = renewing();
  let say;
  const body = new ReadableStream({ start: (c) => (say = c) });
  let cancelled;
  const watched = body.pipeThrough(new TransformStream());
  const down = await fetch("/down");
  const up = rejects(
    fetch("/up", { method: "POST", body: watched, duplex: "half" }),
  );
  up.then((e) => (cancelled = e));
  say.enqueue(new Uint8Array(1000));
  await until(() => received() === 1000);
  const idle = await Promise.all([fetch("/a"), fetch("/b")]);
  await Promise.all(idle.map((r) => r.text()));
  await until(() => stats().idle === 2 && stats().busy === 2);
  await isOld();
  sim("tcb=OutOfDate");

  const error = await refused(fetch("/secret"), "not_trusted");
  assert.equal(error.verdict.trusted, false);
  // What was still being told is told no more.
  assert.equal((await up).code, "not_trusted");
  assert.equal(cancelled.code, "not_trusted");
  await until(() => stats().idle === 0 && stats().total === 1);
  assert.equal(received(), 1000);
  // What was asked when it was trusted is answered, and nothing follows it.
  downloads.open();
  assert.equal(await down.text(), "begun, done");
  await until(() => stats().total === 0 && relay.open === 0);
  await refused(fetch("/secret"), "not_trusted");
  assert.ok(!urls().includes("/secret"));

  sim("reset");
  assert.equal((await fetch("/again")).status, 200);
});

test("not trusted on a new connection: those that are kept are used no more", async () => {
  const { downloads, received } = slowBackend();
  const fetch = through(); // evidence is old enough after minutes only
  await (await fetch("/warm")).text();
  const down = await fetch("/down");
  let say;
  const body = new ReadableStream({ start: (c) => (say = c) });
  const up = rejects(fetch("/up", { method: "POST", body, duplex: "half" }));
  say.enqueue(new Uint8Array(1000));
  await until(() => received() === 1000);
  sim("tcb=OutOfDate");

  await refused(fetch("/secret/new"), "not_trusted");
  assert.equal((await up).code, "not_trusted");
  downloads.open();
  assert.equal(await down.text(), "begun, done");
  await refused(fetch("/secret/kept"), "not_trusted");
  assert.deepEqual(urls(), ["/warm", "/down", "/up"]);
  await until(() => stats().total === 0 && relay.open === 0);
});

test("not trusted any more: who waits gets a verdict of its own", async () => {
  const { fetch, isOld } = renewing({ maxConnections: 1 });
  await (await fetch("/")).text();
  await isOld();
  sim("tcb=OutOfDate");
  const all = Array.from({ length: 5 }, (_, i) =>
    rejects(fetch(`/secret/${i}`)),
  );
  for (const error of await Promise.all(all)) {
    assert.equal(error.code, "not_trusted");
  }
  assert.deepEqual(urls(), ["/"]);
  assert.equal(stats().total, 0);
});

test("evidence is renewed amid much use, and no request is lost", async () => {
  backend.handle = async (request, response) => {
    response.end(await bodyOf(request));
  };
  const { fetch, proofs } = renewing({ maxConnections: 3 });
  const end = Date.now() + 3500;
  let answers = 0;
  const user = async (name) => {
    for (let i = 0; Date.now() < end; i++) {
      const said = `${name} ${i}`;
      const response = await fetch("/", { method: "POST", body: said });
      assert.equal(await response.text(), said);
      answers++;
    }
  };
  await Promise.all(["a", "b", "c", "d", "e"].map(user));
  assert.equal(relay.count, 3);
  assert.equal(backend.seen.length, answers);
  assert.ok(proofs.length >= 6, `${proofs.length} proofs`);
});

test("a hundred at once over four connections, some of them given up", async () => {
  let now = 0;
  let most = 0;
  backend.handle = async (request, response) => {
    most = Math.max(most, ++now);
    const body = await bodyOf(request);
    now--;
    response.end(body);
  };
  const fetch = through({ maxConnections: 4 });
  const why = new Error("not needed");
  const all = Array.from({ length: 100 }, async (_, i) => {
    const control = new AbortController();
    const body = `${i}`.repeat(1 + i * 50);
    const { signal } = control;
    const promise = fetch(`/${i}`, { method: "POST", body, signal });
    if (i % 10 === 3) {
      setTimeout(() => control.abort(why), i);
    }
    try {
      const response = await promise;
      assert.equal(await response.text(), body);
      return true;
    } catch (error) {
      assert.equal(error, why);
      assert.equal(i % 10, 3);
      return false;
    }
  });
  const answered = (await Promise.all(all)).filter(Boolean).length;
  assert.ok(answered >= 90, `${answered}`);
  assert.ok(most <= 4, `${most} at once`);
  await until(() => stats().busy === 0 && stats().waiting === 0);
  assert.ok(stats().total <= 4);
});

test("who asks right after closeAllConnections() gets a connection", async () => {
  relay.held = true;
  const fetch = through({ maxConnections: 1 });
  const first = rejects(fetch("/first"));
  await until(() => stats().connecting === 1 && relay.count === 1);
  assay.closeAllConnections();
  relay.held = false;
  const second = await fetch("/second");
  assert.equal(second.status, 200);
  assert.equal((await first).code, "network");
  assert.deepEqual(urls(), ["/second"]);
});

test("a short body that is cancelled once it is there costs no connection", async () => {
  const fetch = through();
  for (let i = 0; i < 3; i++) {
    const response = await fetch("/");
    await until(() => stats().idle === 1);
    await response.body.cancel();
  }
  assert.equal(relay.count, 1);
});
