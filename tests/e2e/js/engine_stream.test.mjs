// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_stream.test.mjs - octets as they are over an attested session.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { enclave } from "./engine_enclave.mjs";
import * as kit from "./engine_kit.mjs";

const { octets, rejection, until } = kit;
const encode = (s) => new TextEncoder().encode(s);

const open = async (server, more) =>
  kit.engine.openStream(
    await kit.connectOptions({ ...(await server.options(more)) }),
  );

/** What is left of the stream that a reader has. */
async function rest(reader) {
  const pieces = [];
  for (let p; !(p = await reader.read()).done;) {
    pieces.push(p.value);
  }
  return Buffer.concat(pieces).toString();
}

test("octets there and back, and each direction ends for itself", async () => {
  const server = await enclave(async (v) => {
    await v.prove();
    const said = (await v.until("\n")).trim();
    v.send(`you said ${said}\n`);
    await until(() => v.ended);
    v.send("and that was all");
    v.socket.end();
  });
  const s = await open(server);
  assert.equal(s.attestation.trusted, true);
  const writer = s.writable.getWriter();
  const reader = s.readable.getReader();
  await writer.write(encode("hello\n"));
  const { value } = await reader.read();
  assert.equal(Buffer.from(value).toString(), "you said hello\n");
  await writer.close();
  assert.equal(await rest(reader), "and that was all");
  await s.closed;
  server.close();
});

test("8 MiB through pipes", async () => {
  const server = await enclave(async (v) => {
    await v.prove();
    v.socket.removeAllListeners("data");
    v.socket.pipe(v.socket);
  });
  const s = await open(server);
  const { stream, digest } = kit.noise(8 << 20);
  const sent = stream.pipeTo(s.writable);
  const hash = createHash("sha256").update(await octets(s.readable));
  await sent;
  assert.equal(hash.digest("hex"), digest());
  await s.closed;
  server.close();
});

test("a cut is no end", async () => {
  const server = await enclave(async (v) => {
    await v.prove();
    await v.until("\n");
    v.socket.write("half", () => v.socket.destroy());
  });
  const s = await open(server);
  const writer = s.writable.getWriter();
  await writer.write(encode("go\n"));
  const e = await rejection(octets(s.readable));
  assert.ok(["truncated", "network"].includes(e.code), String(e));
  await s.closed;
  assert.ok(await rejection(writer.write(encode("more"))));
  server.close();
});

test("close() ends both directions at once", async () => {
  const server = await enclave((v) => v.prove());
  const s = await open(server);
  const pending = rejection(s.readable.getReader().read());
  s.close();
  assert.equal((await pending).code, "network");
  await s.closed;
  assert.ok(await rejection(s.writable.getWriter().write(encode("x"))));
  await until(() => server.visitors[0].ended);
  server.close();
});

test("only octets are taken", async () => {
  const server = await enclave((v) => v.prove());
  const s = await open(server);
  const e = await rejection(s.writable.getWriter().write("text"));
  assert.equal(e instanceof TypeError, true);
  server.close();
});

/** Proves itself when it is asked to, and says back all other lines. */
async function sayBack(v, proofs) {
  for (;;) {
    const line = await v.until("\n");
    if (line.startsWith("POST /tdx_quote")) {
      proofs.push(line.trim());
      const head = await v.until("\r\n\r\n");
      const [, n] = /content-length: (\d+)/iu.exec(head);
      await v.prove({ body: (await v.exactly(Number(n))).toString() });
    } else {
      v.send(line);
    }
  }
}

test("between(): evidence that is due comes before what is written", async () => {
  const proofs = [];
  const server = await enclave((v) => sayBack(v, proofs));
  const s = await open(server, { reattestation_interval_secs: 1 });
  const writer = s.writable.getWriter();
  const reader = s.readable.getReader();
  const ask = async (word) => {
    await writer.write(encode(`${word}\n`));
    const { value } = await reader.read();
    assert.equal(Buffer.from(value).toString(), `${word}\n`);
  };
  await ask("one");
  const { attestedAt } = s.attestation;
  await until(() => Date.now() - attestedAt > 1500);
  await ask("two"); // still the same message
  assert.equal(proofs.length, 1);
  s.between();
  await ask("three");
  assert.equal(proofs.length, 2);
  assert.equal(s.attestation.attestations, 2);
  s.close();
  server.close();
});

test("why a stream failed is known, whichever question was answered so", async () => {
  const why = new kit.engine.AtlsError("malformed", "no chunk");
  const no = () => {
    throw why;
  };
  const one = async () => encode("one");
  for (const source of [
    { next: async () => no(), atEnd: () => false },
    { next: async () => encode("one"), atEnd: no },
  ]) {
    const { stream } = kit.engine.byteStream({ ...source, cancel() {} }, 0);
    assert.equal(await rejection(octets(stream)), why);
    assert.deepEqual(kit.engine.failureOf(stream), { why });
  }
});
