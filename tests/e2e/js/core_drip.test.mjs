// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// Responses come to the same however they are cut, and so do broken ones: whole
// against octet by octet, each of which is pulled before the next is sent.
import { strict as assert } from "node:assert";
import { once } from "node:events";
import { test } from "node:test";

import { Refused, response } from "./core_instance.mjs";
import { core, pipe, read } from "./core_pipe.mjs";

const MUTANTS = 60;
const GOOD = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: a b\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + "3;a=b\r\nabc\r\n00A\r\n0123456789\r\n0\r\nSum: 1\r\nSum: 2\r\n\r\n",
  "HTTP/1.1 103 E\r\nA: b\r\n\r\nHTTP/1.1 404 \r\nB: c\r\n\r\nto the end",
  "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
];

/** What one octet, or its loss or doubling, makes of a good one: always the
 * same ones (a linear congruential generator). */
function* mutants() {
  let seed = 8;
  const below = (n) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  const odd = Buffer.from("\r\n\0 :;,\t-0fFx\x7f\x80\xff", "latin1");
  for (let i = 0; i < MUTANTS; i++) {
    const good = Buffer.from(GOOD[i % GOOD.length], "latin1");
    const at = below(good.length);
    const middle = [Buffer.from([odd[below(odd.length)]]), Buffer.alloc(0),
      good.subarray(at, at + 1 + below(9))][below(3)];
    const skip = below(2);
    yield Buffer.concat([good.subarray(0, at), middle,
      good.subarray(at + skip)]);
  }
}

const waiting = (link) => {
  core.f.js_session_read(link.session);
  return core.f.js_result_len();
};

/** Pulls until it gives nothing. */
function drain(link, r, got) {
  for (let before; before !== got.state;) {
    before = got.state;
    got.state = core.f.js_response_pull(r, link.session);
    if (got.state === response.FAILED) {
      throw core.error;
    }
    const { octets } = core;
    if (octets.length > 0) {
      got.body.push(octets);
      before = undefined;
    }
  }
}

async function drip(octets) {
  const { link, socket } = await pipe();
  socket.setNoDelay(true);
  const r = core.made(core.call("js_response_new", "GET"));
  const got = { state: response.HEAD, body: [] };
  try {
    for (const octet of octets) {
      const before = waiting(link);
      socket.write(Buffer.from([octet]));
      while (waiting(link) === before) {
        await link.more();
      }
      assert.equal(waiting(link), before + 1);
      drain(link, r, got);
      if (got.state === response.DONE) {
        break;
      }
    }
    if (got.state !== response.DONE) {
      socket.end();
      while (!core.f.js_session_read_done(link.session)) {
        await link.more();
      }
      got.state = core.f.js_response_eof(r, link.session);
      if (got.state === response.FAILED) {
        throw core.error;
      }
    }
    assert.equal(got.state, response.DONE);
    core.ok(core.f.js_response_head(r));
    const [reason, ...fields] = core.texts;
    core.ok(core.f.js_response_trailers(r));
    return { status: core.f.js_response_status(r), reason, fields,
      trailers: core.texts, body: Buffer.concat(got.body).toString("latin1") };
  } finally {
    core.f.js_response_free(r);
    socket.destroy();
    link.free();
  }
}

async function whole(octets) {
  const { keeps, body, ...rest } = await read(octets);
  return { ...rest, body: body.toString("latin1") };
}

/** What it comes to, or the word for why it comes to nothing. */
const outcome = (answer) => answer.catch((e) => {
  assert(e instanceof Refused, e);
  return e.code;
});

test("good ones, octet by octet", async () => {
  const answers = [];
  for (const each of GOOD) {
    answers.push(await drip(Buffer.from(each, "latin1")));
  }
  const [sized, chunked, open, empty] = answers;
  assert.equal(sized.body, "hello");
  assert.deepEqual(sized.fields, ["Content-Length", "5", "X", "a b"]);
  assert.equal(chunked.body, "abc0123456789");
  assert.deepEqual(chunked.trailers, ["Sum", "1", "Sum", "2"]);
  assert.equal(open.body, "to the end");
  assert.equal(open.status, 404);
  assert.equal(empty.body, "");
});

test("good ones, cut at each octet", async () => {
  for (const each of GOOD.slice(0, 2)) {
    const octets = Buffer.from(each, "latin1");
    for (let n = 0; n < octets.length; n += 7) {
      const cut = await outcome(whole(octets.subarray(0, n)));
      assert.match(String(cut), /^(network|truncated)$/, `${n} of ${each}`);
    }
  }
});

test(`${MUTANTS} broken ones, whole and octet by octet`, async () => {
  const seen = { answers: 0 };
  for (const octets of mutants()) {
    const [one, other] = [await outcome(whole(octets)),
      await outcome(drip(octets))];
    assert.deepEqual(other, one, JSON.stringify(octets.toString("latin1")));
    const what = typeof one === "string" ? one : "answers";
    seen[what] = (seen[what] ?? 0) + 1;
  }
  // They are not all broken in one way.
  assert(seen.answers > 5 && seen.malformed > 5, JSON.stringify(seen));
});
