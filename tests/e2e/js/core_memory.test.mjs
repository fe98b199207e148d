// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// The module's memory: what it is after it has grown, what is left in it, what
// is given back.
import { strict as assert } from "node:assert";
import { randomBytes } from "node:crypto";
import { before, test } from "node:test";

import { Core, monoMs, wallS } from "./core_instance.mjs";
import { Link, Trust } from "./core_link.mjs";
import { Work } from "./core_work.mjs";

const MIB = 1 << 20;
const PAGE = 65536;
const TIMES = 1000;
const OFTEN = new Set(["session", "verify", "head", "response"]);
const WARM = 200; // what is remembered of platforms is full by then
const LIVE = 200;

let core;
let work;
const pages = (of = core) => of.f.memory.buffer.byteLength / PAGE;

before(async () => {
  core = Core.started();
  work = await Work.of(core);
});

function repeat(name, times) {
  for (let i = 0; i < times; i++) {
    assert(work[name](), name);
  }
}

/** How often a text is in memory. */
function count(words) {
  const memory = Buffer.from(core.f.memory.buffer);
  let n = 0;
  for (let at = memory.indexOf(words); at >= 0;
    at = memory.indexOf(words, at + 1)) {
    n++;
  }
  return n;
}

test("a view of before is of no use once memory has grown, a result is", () => {
  const own = Core.started();
  own.ok(own.f.js_compose_default());
  const { text } = own;
  const at = own.f.js_result();
  const view = new Uint8Array(own.f.memory.buffer, at, 4);
  const room = own.made(own.f.js_bytes_new(32 * MIB));
  assert.equal(view.length, 0);
  assert.equal(own.f.js_result(), at);
  assert.equal(own.text, text);
  own.f.js_bytes_free(room);
});

test("memory that grows under a session changes nothing for it", async () => {
  const link = await Link.open(work.trust);
  const before = pages();
  const room = core.made(core.f.js_bytes_new(48 * MIB));
  assert(pages() > before);
  const answer = await link.ask("GET", "/big?100000");
  assert.equal(answer.body.length, 100_000);
  core.f.js_bytes_free(room);
  link.close();
});

test("rooms are wiped when they are given back", () => {
  const secret = randomBytes(24).toString("hex");
  const room = core.made(core.f.js_bytes_new(secret.length));
  Buffer.from(core.f.memory.buffer).write(secret, room);
  assert.equal(count(secret), 1);
  core.f.js_bytes_free(room);
  assert.equal(count(secret), 0);
});

test("credentials of a head stay no longer than its result", () => {
  const secret = randomBytes(24).toString("hex");
  core.ok(core.call("js_head_begin", "GET", "/"));
  core.ok(core.call("js_head_field", "Authorization", `Bearer ${secret}`));
  core.ok(core.f.js_head_end());
  assert.equal(count(secret), 1);
  core.ok(core.f.js_compose_default());
  assert.equal(count(secret), 0);
  for (const refused of [["X Y", "z"], [64, 3, "z"], ["X", 64, 3]]) {
    core.ok(core.call("js_head_begin", "GET", "/"));
    core.ok(core.call("js_head_field", "Authorization", secret));
    assert.equal(count(secret), 1);
    assert.notEqual(core.call("js_head_field", ...refused), 0);
    assert.equal(count(secret), 0);
  }
});

test("what was said in a session is gone with it", async () => {
  const secret = randomBytes(24).toString("hex");
  const link = await Link.open(work.trust);
  const answer = await link.ask("POST", "/echo",
    [["Authorization", `Bearer ${secret}`]], Buffer.from(`body ${secret}`));
  const seen = JSON.parse(answer.body);
  assert.equal(seen.body, `body ${secret}`);
  link.close();
  core.ok(core.f.js_compose_default());
  assert.equal(count(secret), 0);
});

test("the result is not of an object that is gone", () => {
  const { policy, root, roots } = work.trust;
  const session = core.made(core.call("js_session_new", policy, root, roots,
    "localhost", 0, wallS(), monoMs()));
  core.f.js_session_output(session);
  assert(core.f.js_result_len() > 0);
  core.f.js_session_free(session);
  assert.equal(core.f.js_result_len(), 0);
});

test(`${TIMES} sessions and verdicts leave memory where it was`, () => {
  Work.NAMES.forEach((name) => repeat(name, 20));
  core.f.js_bytes_free(core.made(core.f.js_bytes_new(MIB))); // at hand
  const before = pages();
  for (const name of Work.NAMES) {
    repeat(name, OFTEN.has(name) ? TIMES : TIMES / 10);
    // A few octets lost each time would show.
    assert.equal(pages(), before, name);
  }
});

test("what is refused is given back, too", () => {
  const { trust } = work;
  const refusals = [
    () => core.call("js_policy_new", '{"type":"tdx","mrdt":1}', null),
    () => core.call("js_policy_new", "{}", "x".repeat(70000)),
    () => core.call("js_root_new", "no root"),
    () => core.call("js_roots_new", "no roots"),
    () => core.call("js_session_new", trust.policy, trust.root, trust.roots,
      "a b", 0, wallS(), monoMs()),
    () => core.call("js_response_new", "X".repeat(40)),
    () => -core.call("js_verify", work.quote, "{}", 0, trust.root, null, null,
      null, wallS()) || 1,
  ];
  const each = (times) => refusals.forEach((f) => {
    for (let i = 0; i < times; i++) {
      assert(f() <= 0);
    }
  });
  each(TIMES / 10);
  const before = pages();
  each(TIMES);
  assert.equal(pages(), before);
});

test(`memory does not grow over ${LIVE} sessions`, async () => {
  const own = Core.started();
  const by = new Trust(own);
  let before = 0;
  for (let i = 0; i < WARM + LIVE; i++) {
    const link = await Link.open(by);
    assert.equal((await link.ask("GET", "/big?100000")).body.length, 100_000);
    link.close();
    before = i < WARM ? pages(own) : before;
  }
  assert.equal(pages(own), before);
  by.free();
});
