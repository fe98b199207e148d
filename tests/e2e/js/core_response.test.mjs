// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// Responses as nobody should send them: through a pipe, which changes nothing.
import { strict as assert } from "node:assert";
import { once } from "node:events";
import { test } from "node:test";

import { Refused, state } from "./core_instance.mjs";
import { core, pipe, read } from "./core_pipe.mjs";

const text = (answer) => answer.body.toString("latin1");

test("a raw stream, both ways", async () => {
  const { link, socket } = await pipe();
  link.write(Buffer.from("there"));
  assert.equal((await once(socket, "data"))[0].toString(), "there");
  socket.end("and back");
  let got = "";
  while (got !== "and back") {
    core.f.js_session_read(link.session);
    const { octets } = core;
    got += Buffer.from(octets).toString();
    core.f.js_session_taken(link.session, octets.length);
    if (octets.length === 0) {
      await link.more();
    }
  }
  while (!core.f.js_session_read_done(link.session)) {
    await link.more();
  }
  assert.equal(link.state, state.CLOSED);
  link.free();
});

test("framings", async () => {
  for (const step of [1, 7, undefined]) {
    const how = { step };
    const sized = await read(
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: 1\r\nx: 2\r\n\r\nok", how);
    assert.equal(text(sized), "ok");
    assert.deepEqual(sized.fields,
      ["Content-Length", "2", "X", "1", "x", "2"]);
    assert.equal(sized.keeps, true);
    const chunked = await read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
      + "\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n"
      + "Content-Length: 9\r\n\r\n", how);
    assert.equal(text(chunked), "hello");
    // Framing has no place in a trailer.
    assert.deepEqual(chunked.trailers, ["A", "b"]);
    const whole = await read("HTTP/1.1 200\r\n\r\nuntil the end", how);
    assert.equal(text(whole), "until the end");
    assert.equal(whole.reason, "");
    assert.equal(whole.keeps, false);
  }
});

test("no body where there is none", async () => {
  const long = { ends: false };
  const head = "Content-Length: 77\r\n\r\n";
  for (const [octets, how, status] of [
    [`HTTP/1.1 200 OK\r\n${head}`, { ...long, method: "HEAD" }, 200],
    [`HTTP/1.1 304 Not Modified\r\n${head}`, long, 304],
    ["HTTP/1.1 204 No Content\r\n\r\n", long, 204],
    ["HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
      + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", long, 200],
  ]) {
    const answer = await read(octets, how);
    assert.equal(answer.status, status);
    assert.equal(answer.body.length, 0);
    assert.equal(answer.keeps, true);
  }
});

test("octets are octets", async () => {
  const answer = await read(Buffer.from(
    "HTTP/1.1 200 caf\xe9\r\nX: \xff\r\nContent-Length: 3\r\n\r\n\0\xff\n",
    "latin1"));
  assert.equal(answer.reason, "caf\xe9");
  assert.deepEqual(answer.fields.slice(0, 2), ["X", "\xff"]);
  assert.equal(text(answer), "\0\xff\n");
});

test("what nobody asked for ends the use of the connection", async () => {
  const answer = await read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    + "HTTP/1.1 200 OK\r\n\r\n");
  assert.equal(text(answer), "ok");
  assert.equal(answer.keeps, false);
});

test("what two readers could understand in two ways is refused", async () => {
  const good = "HTTP/1.1 200 OK\r\n";
  for (const [octets, code] of [
    ["SSH-2.0-x\r\n\r\n", "malformed"],
    ["HTTP/2.0 200 OK\r\n\r\n", "unsupported"],
    [`${good}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, "malformed"],
    [`${good}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      "malformed"],
    [`${good}Transfer-Encoding: gzip\r\n\r\n`, "unsupported"],
    [`${good}X : y\r\n\r\n`, "malformed"],
    [`${good}X: y\r\n z\r\n\r\n`, "malformed"],
    [`${good}X: y\0\r\n\r\n`, "malformed"],
    [`${good}X: ${"y".repeat(70000)}\r\n\r\n`, "too_large"],
    [`${good}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, "malformed"],
    [`${good}Transfer-Encoding: chunked\r\n\r\n-1\r\n`, "malformed"],
    ["HTTP/1.1 102 Processing\r\n\r\n".repeat(40), "too_large"],
  ]) {
    await assert.rejects(read(octets), (e) => {
      assert(e instanceof Refused, e);
      assert.equal(e.code, code, `${octets.slice(0, 60)}: ${e.message}`);
      return true;
    });
  }
});

test("a body that was cut is no body", async () => {
  for (const octets of ["HTTP/1.1 200 OK\r\nContent-Le",
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"]) {
    await assert.rejects(read(octets), (e) => {
      assert.match(e.code, /^(network|truncated)$/);
      return true;
    });
  }
});

test("without TLS's goodbye the end of a connection ends no body", async () => {
  const { link, socket } = await pipe();
  socket.write("HTTP/1.1 200 OK\r\n\r\nhalf of i");
  const answer = link.answer("GET");
  await link.until(state.OPEN);
  // Who stands between cuts it: neither end says goodbye.
  link.socket.once("data", () => link.socket.destroy());
  socket.write("t");
  link.socket.on("close", () => link.end());
  await assert.rejects(answer, (e) => {
    assert.equal(e.code, "network");
    return true;
  });
  socket.destroy();
  link.free();
});
