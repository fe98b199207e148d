// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// Over TCP: much at a time, many at a time, and servers that go and come back.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as net from "node:net";
import { after, afterEach, before, beforeEach, test } from "node:test";
import {
  assay,
  Backend,
  makeFetch,
  policy,
  refused,
  rejects,
  serveCommand,
  until,
} from "./world.mjs";

const MIB = 1 << 20;
const LARGE = 64 * MIB;
const PIECE = 64 * 1024;
const MANY = 20;
/** More than this of a body is not kept by anybody on its way. */
const HELD_MAX = 24 * MIB;

let backend;

before(async () => {
  backend = await Backend.start();
});
beforeEach(() => backend.reset());
afterEach(() => assay.closeAllConnections());
after(() => backend.close());

/** So many octets of chance, and what they come to at the end. */
function noise(size) {
  const hash = createHash("sha256");
  const made = { given: 0, digest: () => hash.digest("hex") };
  made.stream = new ReadableStream(
    {
      pull(controller) {
        const piece = randomBytes(Math.min(PIECE, size - made.given));
        made.given += piece.length;
        hash.update(piece);
        controller.enqueue(new Uint8Array(piece));
        if (made.given === size) {
          controller.close();
        }
      },
    },
    { highWaterMark: 0 },
  );
  return made;
}

async function summed(pieces) {
  const hash = createHash("sha256");
  let size = 0;
  for await (const piece of pieces) {
    hash.update(piece);
    size += piece.length;
  }
  return { size, digest: hash.digest("hex") };
}

function post(body) {
  return { method: "POST", body, duplex: "half" };
}

// --- much ----------------------------------------------------------------------

test("64 MiB to the server", async () => {
  backend.handle = async (request, response) => {
    response.end(JSON.stringify(await summed(request)));
  };
  const sent = noise(LARGE);
  const got = await (await makeFetch()("/", post(sent.stream))).json();
  assert.deepEqual(got, { size: LARGE, digest: sent.digest() });
});

test("64 MiB from the server", async () => {
  const sent = noise(LARGE);
  backend.handle = async (request, response) => {
    for await (const piece of sent.stream) {
      if (!response.write(piece)) {
        await new Promise((resolve) => response.once("drain", resolve));
      }
    }
    response.end();
  };
  const got = await summed((await makeFetch()("/")).body);
  assert.deepEqual(got, { size: LARGE, digest: sent.digest() });
});

test("64 MiB both ways at once", async () => {
  backend.handle = (request, response) => request.pipe(response);
  const sent = noise(LARGE);
  const response = await makeFetch()("/", post(sent.stream));
  const got = await summed(response.body);
  assert.deepEqual(got, { size: LARGE, digest: sent.digest() });
});

test("64 MiB that the server does not take are not made", async () => {
  let go;
  const gone = new Promise((resolve) => (go = resolve));
  backend.handle = async (request, response) => {
    await gone;
    response.end(JSON.stringify(await summed(request)));
  };
  const sent = noise(LARGE);
  const response = makeFetch()("/", post(sent.stream));
  let before = -1;
  await until(async () => {
    const stands = sent.given > 0 && sent.given === before;
    before = sent.given;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return stands;
  });
  assert.ok(sent.given < HELD_MAX, `${sent.given} octets were made`);
  go();
  const got = await (await response).json();
  assert.deepEqual(got, { size: LARGE, digest: sent.digest() });
});

// --- many ----------------------------------------------------------------------

/** Each asks for its own, and says whether it got that. */
function ask(fetch, i, signal) {
  const body = `number ${i} `.repeat(1000);
  return fetch(`/${i}`, { method: "POST", body, signal })
    .then((response) => response.json())
    .then((got) => got.url === `/${i}` && got.body === body);
}

for (const maxConnections of [1, 8, MANY]) {
  test(`20 at the same time over ${maxConnections} connections`, async () => {
    const fetch = makeFetch({ maxConnections });
    const all = Array.from({ length: MANY }, (_, i) => ask(fetch, i));
    assert.ok(assay.getConnectionPoolStats().total <= maxConnections);
    assert.deepEqual(await Promise.all(all), Array(MANY).fill(true));
    assert.equal(backend.seen.length, MANY);
    const { total, busy, waiting } = assay.getConnectionPoolStats();
    assert.ok(total <= maxConnections);
    assert.deepEqual([busy, waiting], [0, 0]);
  });
}

test("every second one is aborted, and the others get theirs", async () => {
  const echo = backend.handle;
  let go;
  const gone = new Promise((resolve) => (go = resolve));
  backend.handle = async (request, response) => {
    await gone;
    await echo(request, response);
  };
  const fetch = makeFetch({ maxConnections: 8 });
  const control = new AbortController();
  const why = new Error("enough");
  const all = Array.from({ length: MANY }, (_, i) =>
    i % 2 ? rejects(ask(fetch, i, control.signal)) : ask(fetch, i),
  );
  await until(() => backend.seen.length === 8);
  control.abort(why);
  go();
  const got = await Promise.all(all);
  got.forEach((one, i) => assert.equal(one, i % 2 ? why : true));
});

// --- servers that go and come back ------------------------------------------------

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Another server like the world's, with a certificate that is new each time. */
class Server {
  static async start(port, ...more) {
    const self = new Server();
    const ready = `${serveCommand.scratch}/ready-${port}`;
    fs.rmSync(ready, { force: true });
    const [program, ...rest] = serveCommand.command;
    const own = ["--listen", `127.0.0.1:${port}`, "--ready-file", ready, ...more];
    self.process = spawn(program, [...rest, ...own], { stdio: "ignore" });
    self.ended = new Promise((resolve) => self.process.on("exit", resolve));
    await until(() => fs.existsSync(ready));
    return self;
  }

  stop(how) {
    this.process.kill(how);
    return this.ended;
  }
}

for (const how of ["SIGTERM", "SIGKILL"]) {
  test(`a server that starts anew between two requests (${how})`, async () => {
    const port = await freePort();
    let server = await Server.start(port);
    const fetch = makeFetch({ target: `localhost:${port}` });
    assert.equal(await ask(fetch, 1), true);
    await server.stop(how);
    await until(() => assay.getConnectionPoolStats().total === 0);
    await refused(fetch("/"), "network");
    server = await Server.start(port);
    const response = await fetch("/");
    assert.equal(response.attestation.attestations, 1);
    assert.equal(await ask(fetch, 2), true);
    await server.stop(how);
  });
}

test("a server that ends amid an answer, and one that comes after it", async () => {
  const port = await freePort();
  let server = await Server.start(port);
  backend.handle = (request, response) => {
    response.write("begun");
  };
  const fetch = makeFetch({ target: `localhost:${port}` });
  const reader = (await fetch("/")).body.getReader();
  await reader.read();
  const rest = rejects(reader.read());
  await server.stop("SIGKILL");
  const error = await rest;
  assert.ok(["truncated", "network"].includes(error.code), error.stack);
  backend.reset();
  server = await Server.start(port);
  assert.equal(await ask(fetch, 3), true);
  await server.stop("SIGTERM");
});

test("a server that asks its clients for evidence, of which there is none here", async () => {
  const port = await freePort();
  const clients = `${serveCommand.scratch}/clients-${port}.json`;
  fs.writeFileSync(clients, JSON.stringify(policy));
  const server = await Server.start(port, "--client-policy", clients);
  try {
    const fetch = makeFetch({ target: `localhost:${port}` });
    const init = { method: "POST", body: "secret" };
    const error = await refused(fetch("/", init), "refused");
    assert.match(error.message, /evidence of its clients/);
    assert.match(error.hint, /operator of the server/);
    assert.deepEqual(backend.seen, []);
  } finally {
    await server.stop("SIGTERM");
  }
});
