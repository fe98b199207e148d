// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// What ends a request: the caller's signal, and limits of time.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { randomBytes } from "node:crypto";
import * as net from "node:net";
import * as zlib from "node:zlib";
import {
  assay,
  Backend,
  Gate,
  makeFetch,
  refused,
  rejects,
  Relay,
  until,
} from "./world.mjs";

let backend;
let relay;
let fetch;

before(async () => {
  backend = await Backend.start();
});
beforeEach(async () => {
  backend.reset();
  relay = await Relay.start();
  fetch = makeFetch({ target: relay.target });
});
afterEach(async () => {
  assay.closeAllConnections();
  await relay.close();
});
after(() => backend.close());

const WHY = new Error("the caller's reason");

function stats() {
  return assay.getConnectionPoolStats();
}

// --- AbortSignal -----------------------------------------------------------------

test("aborted before: nothing happens", async () => {
  const signal = AbortSignal.abort(WHY);
  assert.equal(await rejects(fetch("/", { signal })), WHY);
  assert.equal(relay.count, 0);
  const body = new ReadableStream({ pull() {} });
  const init = { method: "POST", body, duplex: "half", signal };
  assert.equal(await rejects(fetch("/", init)), WHY);
});

test("without a reason it is an AbortError", async () => {
  const error = await rejects(fetch("/", { signal: AbortSignal.abort() }));
  assert.equal(error.name, "AbortError");
});

test("aborted while it connects: the connection is given up", async () => {
  relay.held = true;
  const control = new AbortController();
  const promise = rejects(fetch("/", { signal: control.signal }));
  await until(() => relay.count === 1);
  control.abort(WHY);
  assert.equal(await promise, WHY);
  await until(() => relay.open === 0);
  assert.equal(stats().total, 0);
});

test("aborted while it waits for a connection: others have them", async () => {
  const gate = new Gate();
  backend.handle = async (request, response) => {
    await gate.opened;
    response.end("done");
  };
  fetch = makeFetch({ target: relay.target, maxConnections: 1 });
  const first = fetch("/first");
  await until(() => backend.seen.length === 1);
  const control = new AbortController();
  const second = rejects(fetch("/second", { signal: control.signal }));
  const third = fetch("/third");
  await until(() => stats().waiting === 2);
  control.abort(WHY);
  assert.equal(await second, WHY);
  gate.open();
  assert.equal(await (await first).text(), "done");
  assert.equal(await (await third).text(), "done");
  assert.deepEqual(
    backend.seen.map((x) => x.url),
    ["/first", "/third"],
  );
});

test("aborted before the head: the server is told", async () => {
  const gone = new Gate();
  backend.handle = (request, response) => {
    response.on("close", gone.open);
  };
  const control = new AbortController();
  const promise = rejects(fetch("/", { signal: control.signal }));
  await until(() => backend.seen.length === 1);
  control.abort(WHY);
  assert.equal(await promise, WHY);
  await gone.opened;
  assert.equal(stats().total, 0);
});

test("aborted amid the body: reading fails, and the server stops", async () => {
  const gone = new Gate();
  backend.handle = (request, response) => {
    response.on("close", gone.open);
    response.write("begun");
  };
  const control = new AbortController();
  const response = await fetch("/", { signal: control.signal });
  const reader = response.body.getReader();
  await reader.read();
  const next = rejects(reader.read());
  control.abort(WHY);
  assert.equal(await next, WHY);
  await gone.opened;
  assert.equal(stats().total, 0);
});

test("aborted amid the body, which text() reads", async () => {
  backend.handle = (request, response) => {
    response.write("begun");
  };
  const control = new AbortController();
  const response = await fetch("/", { signal: control.signal });
  const text = rejects(response.text());
  control.abort(WHY);
  assert.equal(await text, WHY);
});

test("aborted amid a body that is decoded", async () => {
  const coded = zlib.gzipSync(randomBytes(100_000));
  backend.handle = (request, response) => {
    response.writeHead(200, { "Content-Encoding": "gzip" });
    response.write(coded.subarray(0, 50_000));
  };
  const control = new AbortController();
  const response = await fetch("/", { signal: control.signal });
  const reader = response.body.getReader();
  await reader.read();
  const rest = rejects(
    (async () => {
      while (!(await reader.read()).done);
    })(),
  );
  control.abort(WHY);
  assert.equal(await rest, WHY);
});

test("aborted while the request's body goes: its source is told", async () => {
  const cancelled = new Gate();
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(new Uint8Array(1024));
      await new Promise((resolve) => setImmediate(resolve));
    },
    cancel: (reason) => cancelled.open(reason),
  });
  backend.handle = (request) => request.resume();
  const control = new AbortController();
  const { signal } = control;
  const init = { method: "POST", body, duplex: "half", signal };
  const promise = rejects(fetch("/", init));
  await until(() => backend.seen.length === 1);
  control.abort(WHY);
  assert.equal(await promise, WHY);
  assert.equal(await cancelled.opened, WHY);
});

test("a body that is cancelled: the server stops", async () => {
  const gone = new Gate();
  backend.handle = (request, response) => {
    response.on("close", gone.open);
    response.write("begun");
  };
  const response = await fetch("/");
  await response.body.cancel();
  await gone.opened;
  await until(() => stats().total === 0);
});

test("aborted when all is over: nothing happens", async () => {
  const control = new AbortController();
  const response = await fetch("/", { signal: control.signal });
  await response.text();
  control.abort(WHY);
  assert.equal((await fetch("/")).status, 200);
  assert.equal(relay.count, 1);
});

// --- timeouts --------------------------------------------------------------------

async function late(timeouts, input = "/") {
  const impatient = makeFetch({ target: relay.target, timeouts });
  const error = await refused(
    impatient(input).then((r) => r.text()),
    "timeout",
  );
  assert.equal(stats().total, 0);
  return error;
}

test("timeouts.attest", async () => {
  relay.held = true;
  await late({ attest: 50 });
  await until(() => relay.open === 0);
  assert.deepEqual(backend.seen, []);
});

test("timeouts.response", async () => {
  backend.handle = () => {};
  assert.match((await late({ response: 50 })).message, /in time/);
  assert.equal(backend.seen.length, 1);
});

test("timeouts.idle", async () => {
  backend.handle = (request, response) => {
    response.write("begun");
  };
  await late({ idle: 50 });
});

test("timeouts that are not reached change nothing", async () => {
  const patient = makeFetch({
    target: relay.target,
    timeouts: { connect: 20_000, attest: 20_000, response: 20_000, idle: 20_000 },
  });
  backend.handle = async (request, response) => {
    for (let i = 0; i < 5; i++) {
      response.write("piece");
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };
  assert.equal(await (await patient("/")).text(), "piece".repeat(5));
});

// --- trouble -----------------------------------------------------------------------

test("nobody is there", async () => {
  const { target } = relay;
  await relay.close();
  await refused(makeFetch({ target })("/"), "network");
  relay = await Relay.start();
});

test("whoever is there speaks no TLS", async () => {
  const server = net.createServer((socket) => socket.end("SSH-2.0-x\r\n"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const target = `localhost:${server.address().port}`;
  const error = await rejects(makeFetch({ target })("/"));
  assert.ok(error instanceof assay.AtlsError);
  server.close();
});
