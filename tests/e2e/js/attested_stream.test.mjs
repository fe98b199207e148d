// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// AttestedStream: octets as they are, here HTTP by hand.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import {
  assay,
  Backend,
  options,
  policy,
  refused,
  rejects,
  Relay,
  sim,
  until,
} from "./world.mjs";

const { AttestedStream } = assay;
const ASK = new TextEncoder().encode(
  "POST /raw HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n" +
    "Connection: close\r\n\r\nhello",
);

let backend;
let relay;

before(async () => {
  backend = await Backend.start();
});
beforeEach(async () => {
  backend.reset();
  relay = await Relay.start();
});
afterEach(() => relay.close());
after(() => backend.close());

function connect(more = {}) {
  return AttestedStream.connect(options({ target: relay.target, ...more }));
}

test("octets go to a server that has proved itself, and come back", async () => {
  const told = [];
  const stream = await connect({ onAttestation: (a) => void told.push(a) });
  assert.equal(stream.attestation.trusted, true);
  assert.deepEqual(told, [stream.attestation]);
  assert.deepEqual(backend.seen, []);
  const writer = stream.writable.getWriter();
  await writer.write(ASK.subarray(0, 30));
  await writer.write(ASK.subarray(30));
  let text = "";
  for await (const piece of stream.readable.pipeThrough(new TextDecoderStream())) {
    text += piece;
  }
  assert.match(text, /^HTTP\/1\.1 200 /);
  assert.match(text, /"body":"hello"/);
  stream.close();
  await stream.closed;
});

test("closing the writable ends one direction only", async () => {
  const stream = await connect();
  const writer = stream.writable.getWriter();
  await writer.write(ASK);
  await writer.close();
  const text = await new Response(stream.readable).text();
  assert.match(text, /"body":"hello"/);
  await stream.closed;
});

test("close() ends both", async () => {
  const stream = await connect();
  const read = rejects(stream.readable.getReader().read());
  stream.close();
  assert.ok((await read) instanceof Error);
  await stream.closed;
  await until(() => relay.open === 0);
});

test("a connection that is cut fails", async () => {
  const stream = await connect();
  const read = rejects(stream.readable.getReader().read());
  relay.cut();
  assert.ok((await read) instanceof assay.AtlsError);
});

test("what holds for a fetch holds here", async () => {
  const { policy: _, ...rest } = options({ target: relay.target });
  await refused(AttestedStream.connect(rest), "policy_required");
  await refused(connect({ polciy: 1 }), "invalid");
  await refused(connect({ maxConnections: 2 }), "invalid");
  await refused(connect({ headers: {} }), "invalid");
  for (const name of ["response", "idle"]) {
    const e = await refused(connect({ timeouts: { [name]: 1000 } }), "invalid");
    assert.match(e.message, new RegExp(`timeouts\\.${name}`));
  }
  const wrong = { ...policy, os_image_hash: "00".repeat(32) };
  await refused(connect({ policy: wrong }), "not_trusted");
  const why = new Error("not this one");
  const onAttestation = () => {
    throw why;
  };
  assert.equal(await rejects(connect({ onAttestation })), why);
  sim("tcb=OutOfDate");
  try {
    await refused(connect(), "not_trusted");
  } finally {
    sim("reset");
  }
  await until(() => relay.open === 0);
  assert.deepEqual(backend.seen, []);
});

test("a signal ends the attempt", async () => {
  const why = new Error("enough");
  const signal = AbortSignal.abort(why);
  assert.equal(await rejects(connect({ signal })), why);
  relay.held = true;
  const control = new AbortController();
  const attempt = rejects(connect({ signal: control.signal }));
  await until(() => relay.count === 1);
  control.abort(why);
  assert.equal(await attempt, why);
  await until(() => relay.open === 0);
});
