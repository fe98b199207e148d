// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// Which connection a request gets, what is tried again, and what must have been
// proved before.

import assert from "node:assert/strict";
import * as net from "node:net";
import { after, afterEach, before, beforeEach, test } from "node:test";
import {
  assay,
  Backend,
  ca,
  Gate,
  makeFetch,
  options,
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
  assay.setDefaultPolicy(null);
  assay.closeAllConnections();
  await relay.close();
});
after(() => backend.close());

function stats() {
  return assay.getConnectionPoolStats();
}

function through(more = {}) {
  return makeFetch({ target: relay.target, ...more });
}

async function text(promise) {
  return (await promise).text();
}

/** Requests wait for it, and are counted. */
function holding() {
  const gate = new Gate();
  const held = { open: gate.open, now: 0, most: 0 };
  backend.handle = async (request, response) => {
    held.most = Math.max(held.most, ++held.now);
    await gate.opened;
    held.now--;
    response.end(request.url);
  };
  return held;
}

// --- connections -------------------------------------------------------------------

test("a connection is used again", async () => {
  const fetch = through();
  for (let i = 0; i < 5; i++) {
    await text(fetch(`/${i}`));
  }
  assert.equal(relay.count, 1);
  const { attestation } = await fetch("/");
  assert.equal(attestation.attestations, 1);
  await until(() => stats().idle === 1);
  const none = { busy: 0, connecting: 0, waiting: 0 };
  assert.deepEqual(stats(), { ...none, total: 1, idle: 1 });
});

test("requests at the same time get connections of their own", async () => {
  const held = holding();
  const fetch = through();
  const all = Array.from({ length: 5 }, (_, i) => text(fetch(`/${i}`)));
  await until(() => held.now === 5);
  assert.equal(stats().busy, 5);
  held.open();
  assert.deepEqual(await Promise.all(all), ["/0", "/1", "/2", "/3", "/4"]);
  assert.equal(relay.count, 5);
});

test("no more than maxConnections, and in turn", async () => {
  const held = holding();
  const fetch = through({ maxConnections: 2 });
  const all = Array.from({ length: 20 }, (_, i) => text(fetch(`/${i}`)));
  await until(() => held.now === 2);
  assert.equal(stats().waiting, 18);
  held.open();
  await Promise.all(all);
  assert.equal(held.most, 2);
  assert.equal(relay.count, 2);
  const order = backend.seen.map((x) => Number(x.url.slice(1)));
  order.forEach((n, i) => assert.ok(Math.abs(n - i) <= 2, `${order}`));
});

test("a body that is not read keeps its connection, and no other's", async () => {
  backend.handle = (request, response) =>
    response.end(request.url === "/big" ? Buffer.alloc(8 << 20) : "small");
  const fetch = through();
  const big = await fetch("/big");
  assert.equal(await text(fetch("/small")), "small");
  assert.equal((await big.arrayBuffer()).byteLength, 8 << 20);
  assert.equal(relay.count, 2);
});

test("an idle connection is closed in time", async () => {
  const fetch = through({ idleTimeout: 20 });
  await text(fetch("/"));
  await until(() => relay.open === 0 && stats().total === 0);
});

test("none is kept with an idleTimeout of 0", async () => {
  const fetch = through({ idleTimeout: 0 });
  await text(fetch("/"));
  await text(fetch("/"));
  assert.equal(relay.count, 2);
  await until(() => relay.open === 0);
});

test("a server that ends the connection with its answer", async () => {
  const fetch = through();
  backend.handle = (request, response) => {
    response.setHeader("Connection", "close");
    response.end("bye");
  };
  for (let i = 0; i < 3; i++) {
    const response = await fetch("/");
    assert.equal(response.attestation.trusted, true);
    assert.equal(await response.text(), "bye");
  }
});

test("closeAllConnections() ends all of them, also those in use", async () => {
  holding();
  const fetch = through({ maxConnections: 1 });
  const first = rejects(fetch("/first"));
  await until(() => backend.seen.length === 1);
  const second = rejects(fetch("/second"));
  await until(() => stats().waiting === 1);
  assay.closeAllConnections();
  assert.ok((await first) instanceof Error);
  assert.equal((await second).code, "network");
  assert.equal(stats().total, 0);
  await until(() => relay.open === 0);
  backend.reset();
  assert.equal((await fetch("/")).status, 200);
});

test("what closeAllConnections() ends is not sent again", async () => {
  const fetch = through();
  await text(fetch("/warm"));
  backend.handle = (request, response) => {
    if (backend.seen.length > 2) {
      response.end("again");
    }
  };
  const once = rejects(fetch("/once"));
  await until(() => backend.seen.length === 2);
  assay.closeAllConnections();
  assert.equal((await once).code, "network");
  assert.deepEqual(
    backend.seen.map((x) => x.url),
    ["/warm", "/once"],
  );
  assert.equal(relay.count, 1);
});

test("a stream that gave all it said and stays open keeps no connection", async () => {
  const fetch = through();
  for (let i = 0; i < 2; i++) {
    const cancelled = new Gate();
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(5)),
      cancel: cancelled.open,
    });
    const headers = { "Content-Length": "5" };
    const init = { method: "POST", body, duplex: "half", headers };
    assert.equal((await (await fetch("/", init)).json()).body.length, 5);
    await until(() => stats().idle === 1 && stats().busy === 0);
    await cancelled.opened;
  }
  assert.equal(relay.count, 1);
});

// A connection that ends without TLS's goodbye, or is reset.
const CUT = new Set(["truncated", "network"]);

async function cutOff(promise) {
  const error = await rejects(promise);
  assert.ok(CUT.has(error.code), error.stack);
}

// --- what is tried again -------------------------------------------------------------

test("an idle connection that the server closed is noticed", async () => {
  const fetch = through();
  await text(fetch("/"));
  relay.cut();
  await until(() => stats().total === 0);
  assert.equal((await fetch("/")).status, 200);
});

test("a POST on a connection that is just ending is never sent twice", async () => {
  const fetch = through();
  await text(fetch("/warm"));
  relay.cut(); // and the client does not know yet
  await fetch("/once", { method: "POST", body: "x" }).catch((error) => {
    assert.ok(CUT.has(error.code), error.stack);
  });
  assert.equal((await fetch("/after")).status, 200);
  const asked = backend.seen.filter((x) => x.url === "/once");
  assert.ok(asked.length <= 1);
});

/** A server that ends a kept connection when a request is there. */
async function cutAmid(method, fetch) {
  await text(fetch("/warm"));
  backend.handle = (request, response) => {
    if (backend.seen.length === 2) {
      relay.cut();
    } else {
      response.end("again");
    }
  };
  const body = method === "GET" ? {} : { body: "x" };
  return fetch("/", { method, ...body });
}

test("what may be done twice is tried once more", async () => {
  for (const method of ["GET", "PUT", "DELETE"]) {
    backend.reset();
    assert.equal(await text(cutAmid(method, through())), "again");
    assert.equal(backend.seen.length, 3);
    assay.closeAllConnections();
  }
});

test("what may not be done twice is not", async () => {
  for (const method of ["POST", "PATCH"]) {
    backend.reset();
    await cutOff(cutAmid(method, through()));
    assert.equal(backend.seen.length, 2);
    assay.closeAllConnections();
  }
});

test("a new connection that ends is no reason to try again", async () => {
  backend.handle = () => relay.cut();
  await cutOff(through()("/"));
  assert.equal(backend.seen.length, 1);
});

test("a kept connection that ends twice is given up", async () => {
  const fetch = through();
  await text(fetch("/warm"));
  backend.handle = () => relay.cut();
  await cutOff(fetch("/"));
  assert.equal(backend.seen.length, 3);
});

test("half an answer is no reason to try again", async () => {
  const fetch = through();
  await text(fetch("/warm"));
  backend.handle = (request, response) => {
    response.write("half", () => setTimeout(() => relay.cut(), 20));
  };
  await rejects(text(fetch("/")));
  assert.equal(backend.seen.length, 2);
});

// --- what must have been proved --------------------------------------------------------

test("without a policy nothing is sent", async () => {
  const { policy: _, ...rest } = options({ target: relay.target });
  const fetch = assay.createAtlsFetch(rest);
  const error = await refused(fetch("/"), "policy_required");
  assert.match(error.hint, /setDefaultPolicy/);
  assert.equal(relay.count, 0);
  assay.setDefaultPolicy(policy);
  assert.equal((await fetch("/")).status, 200);
  assay.setDefaultPolicy(null);
  await refused(fetch("/"), "policy_required");
  assert.throws(
    () => assay.setDefaultPolicy("x"),
    (e) => e.code === "invalid",
  );
});

test("a policy that is changed later is not", async () => {
  const mine = structuredClone(policy);
  const fetch = through({ policy: mine });
  mine.os_image_hash = "00".repeat(32);
  assert.equal((await fetch("/")).status, 200);
});

test("a policy that cannot be read", async () => {
  for (const bad of [{}, { type: "other" }, { ...policy, unknown: 1 }]) {
    const error = await rejects(through({ policy: bad })("/"));
    assert.ok(error instanceof assay.AtlsError, error.stack);
  }
  assert.equal(relay.count, 0);
});

test("hole 13: a connection made under one policy is never used under another", async () => {
  const weak = { ...policy, partial: true };
  delete weak.os_image_hash;
  delete weak.accept_self_signed_certs;
  const wrong = { ...policy, os_image_hash: "00".repeat(32) };
  assert.equal((await through({ policy: weak, extraRoots: ca })("/weak")).status, 200);
  await refused(through({ policy: wrong })("/wrong"), "not_trusted");
  assert.equal((await through()("/strict")).status, 200);
  assert.equal(relay.count, 3);
  assert.deepEqual(
    backend.seen.map((x) => x.url),
    ["/weak", "/strict"],
  );
});

test("the default policy that is changed changes connections", async () => {
  const { policy: _, ...rest } = options({ target: relay.target });
  const fetch = assay.createAtlsFetch(rest);
  assay.setDefaultPolicy(policy);
  await text(fetch("/good"));
  assay.setDefaultPolicy({ ...policy, os_image_hash: "00".repeat(32) });
  await refused(fetch("/bad"), "not_trusted");
  assert.deepEqual(
    backend.seen.map((x) => x.url),
    ["/good"],
  );
});

test("the same policy in other words is the same", async () => {
  const reversed = Object.fromEntries(Object.entries(policy).reverse());
  await text(through()("/"));
  await text(through({ policy: reversed })("/"));
  assert.equal(relay.count, 1);
});

/** Two of a kind, both alive: A, B, A again, each by a connection of its own. */
async function inTurn(fetches, relays) {
  for (const i of [0, 1, 0, 1]) {
    assert.equal((await fetches[i]("/")).status, 200);
    await until(() => stats().busy === 0);
  }
  assert.deepEqual(
    relays.map(({ count }) => count),
    [1, 1],
  );
  assert.equal(stats().idle, 2);
}

test("two targets under one policy: each has its own connection", async () => {
  const other = await Relay.start();
  try {
    const fetches = [relay, other].map(({ target }) => through({ target }));
    await inTurn(fetches, [relay, other]);
  } finally {
    await other.close();
  }
});

test("two bridges to one target: each has its own connection", async () => {
  const other = await Relay.start();
  globalThis.WebSocket = Tunnel; // from here on, and nothing else needs one
  try {
    const fetches = [relay, other].map(({ target }) => {
      const proxyUrl = `ws://${target}/`;
      const { target: _, ...rest } = options();
      return assay.createAtlsFetch({ ...rest, proxyUrl, targetHost: "localhost" });
    });
    await inTurn(fetches, [relay, other]);
  } finally {
    assay.closeAllConnections();
    await other.close();
  }
});

/** What a WebSocket is to its user, and nothing between it and the relay that its
 * URL names: so there are bridges in every version of Node. */
class Tunnel extends EventTarget {
  static OPEN = 1;
  readyState = 0;
  bufferedAmount = 0;
  #socket;

  constructor(url) {
    super();
    const { hostname, port } = new URL(url);
    this.#socket = net.connect(port, hostname, () => {
      this.readyState = Tunnel.OPEN;
      this.dispatchEvent(new Event("open"));
    });
    this.#socket.on("data", (octets) => {
      const data = new Uint8Array(octets).buffer;
      this.dispatchEvent(new MessageEvent("message", { data }));
    });
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      this.readyState = 3;
      const how = { code: 1000, reason: "" };
      this.dispatchEvent(Object.assign(new Event("close"), how));
    });
  }

  send(octets) {
    this.#socket.write(Buffer.from(octets));
  }

  close() {
    this.#socket.destroy();
  }
}

test("another name, roots, limits: another connection", async () => {
  await text(through()("/"));
  await text(through({ timeouts: { attest: 25_000 } })("/"));
  await text(through({ serverName: "127.0.0.1" })("/"));
  assert.equal(relay.count, 3);
});

test("a server that does not prove itself is sent nothing", async () => {
  sim("tcb=OutOfDate");
  try {
    const error = await refused(
      through()("/", { method: "POST", body: "secret" }),
      "not_trusted",
    );
    assert.equal(error.verdict.trusted, false);
    const failed = error.verdict.checks.filter((x) => x.outcome === "failed");
    assert.deepEqual(
      failed.map((x) => x.name),
      ["tcb_status"],
    );
    assert.deepEqual(backend.seen, []);
    assert.equal(stats().total, 0);
  } finally {
    sim("reset");
  }
  assert.equal((await through()("/")).status, 200);
});

// --- onAttestation -----------------------------------------------------------------------

test("onAttestation is called once for each connection, before anything is sent", async () => {
  const told = [];
  const fetch = through({
    onAttestation: async (attestation) => {
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(backend.seen, []);
      told.push(attestation);
    },
  });
  const response = await fetch("/");
  assert.equal(told.length, 1);
  assert.equal(told[0].trusted, true);
  assert.equal(response.attestation.verdict.summary, told[0].verdict.summary);
  await response.text();
  await text(fetch("/"));
  assert.equal(told.length, 1);
});

test("what onAttestation throws fails the request, and nothing was sent or kept", async () => {
  const why = new Error("not this one");
  let calls = 0;
  const fetch = through({
    onAttestation() {
      calls++;
      throw why;
    },
  });
  assert.equal(await rejects(fetch("/")), why);
  assert.equal(await rejects(fetch("/")), why);
  assert.equal(calls, 2);
  assert.deepEqual(backend.seen, []);
  await until(() => relay.open === 0);
  assert.equal(stats().total, 0);
});

test("a connection that one onAttestation saw is not another's", async () => {
  await text(through()("/"));
  await text(through({ onAttestation: () => {} })("/"));
  const why = new Error("not for me");
  const third = through({
    onAttestation() {
      throw why;
    },
  });
  assert.equal(await rejects(third("/")), why);
  assert.equal(relay.count, 3);
});

test("evidence that got old is asked for anew, on the same connection", async () => {
  const told = [];
  const fetch = through({
    policy: { ...policy, reattestation_interval_secs: 1 },
    onAttestation: (attestation) => void told.push(attestation.attestations),
  });
  await text(fetch("/"));
  await until(async () => {
    const response = await fetch("/");
    await response.text();
    return response.attestation.attestations > 1;
  });
  assert.equal(relay.count, 1);
  assert.deepEqual(told.slice(0, 2), [1, 2]);
});

test("a platform that went out of date is noticed, and sent nothing more", async () => {
  const fetch = through({
    policy: { ...policy, reattestation_interval_secs: 1 },
  });
  await text(fetch("/"));
  sim("tcb=OutOfDate");
  try {
    let error;
    await until(async () => {
      const before = backend.seen.length;
      error = await fetch("/").then(
        (r) => r.text().then(() => undefined),
        (e) => e,
      );
      assert.ok(error === undefined || backend.seen.length === before);
      return error !== undefined;
    });
    assert.equal(error.code, "not_trusted");
  } finally {
    sim("reset");
  }
});

// --- app-composes ---------------------------------------------------------------------

test("mergeWithDefaultAppCompose", () => {
  const merged = assay.mergeWithDefaultAppCompose({ name: "web", extra: [1] });
  assert.equal(merged.name, "web");
  assert.deepEqual(merged.extra, [1]);
  assert.equal(merged.runner, "docker-compose");
  assert.equal(assay.mergeWithDefaultAppCompose({}).name, "");
  assert.throws(
    () => assay.mergeWithDefaultAppCompose([]),
    (e) => e.code === "invalid",
  );
});
