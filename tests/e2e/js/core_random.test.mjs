// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// Without random octets of the host nothing is done: there is no weaker source.
import { strict as assert } from "node:assert";
import { test } from "node:test";

import { Core, module, monoMs, wallS } from "./core_instance.mjs";
import { Link, Trust } from "./core_link.mjs";

const NONCE_BYTES = 64;
const HOUR_S = 3600;

const newSession = (core, trust) => core.call("js_session_new", trust.policy,
  trust.root, trust.roots, "localhost", 0, wallS(), monoMs());

// The other three are how OpenSSL would write its last words before it aborts.
const IMPORTS = ["clock_time_get", "fd_close", "fd_seek", "fd_write", "random_get"];

test("only these imports, of which two must be real", () => {
  const names = WebAssembly.Module.imports(module).map(({ name }) => name);
  assert.deepEqual(names.sort(), IMPORTS);
});

test("a host without random octets: nothing starts", () => {
  const core = new Core();
  core.randomFails = () => true;
  assert.notEqual(core.f.js_start(), 0);
  assert.equal(core.errorCode, "crypto");
  assert.match(core.error.message, /no random octets/);
  assert.equal(core.call("js_policy_new", '{"type":"tdx","partial":true}', null),
    0);
  assert.equal(core.errorCode, "invalid");
  assert.equal(core.f.js_roots_new(0, 0), 0);
});

test("a host whose random octets end amid the start: nothing starts", () => {
  const whole = Core.started().randomCalls.length;
  assert(whole > 0);
  for (let last = 0; last < whole; last++) {
    const core = new Core();
    core.randomFails = (n, call) => call > last;
    assert.notEqual(core.f.js_start(), 0, `${last} of ${whole} calls`);
    assert.equal(core.errorCode, "crypto");
  }
});

test("a host that writes nothing, and says that it did: nothing starts", () => {
  const whole = Core.started().randomCalls.length;
  for (let last = 0; last < whole; last++) {
    const core = new Core();
    const { random } = core;
    core.random = (at, n) => (core.randomCalls.length < last
      ? random.call(core, at, n) : 0);
    assert.notEqual(core.f.js_start(), 0, `${last} of ${whole} calls`);
    assert.equal(core.errorCode, "crypto");
  }
});

test("one that could not start may be tried again", () => {
  const core = new Core();
  core.randomFails = () => true;
  assert.notEqual(core.f.js_start(), 0);
  core.randomFails = () => false;
  core.ok(core.f.js_start());
  new Trust(core).free();
});

test("every session's nonce comes from the host", () => {
  const core = Core.started();
  const trust = new Trust(core);
  for (let i = 0; i < 3; i++) {
    core.randomCalls.length = 0;
    core.f.js_session_free(core.made(newSession(core, trust)));
    assert(core.randomCalls.includes(NONCE_BYTES));
  }
  core.randomFails = (n) => n === NONCE_BYTES;
  assert.equal(newSession(core, trust), 0);
  assert.equal(core.errorCode, "crypto");
  assert.match(core.error.message, /nonce/);
  trust.free();
});

test("a nonce for fresh evidence that cannot be had ends the attempt", async () => {
  const core = Core.started();
  const trust = new Trust(core);
  const link = await Link.open(trust);
  core.randomFails = () => true;
  assert.notEqual(core.f.js_session_reattest(link.session, wallS(), monoMs()),
    0);
  assert.equal(core.errorCode, "crypto");
  assert.equal(link.facts.attestations, 1);
  core.randomFails = () => false;
  await link.reattest();
  assert.equal(link.facts.attestations, 2);
  link.close();
  trust.free();
});

test("a seed that cannot be renewed ends what needs it", () => {
  const core = Core.started();
  const trust = new Trust(core);
  core.f.js_session_free(core.made(newSession(core, trust)));
  // Hours later OpenSSL wants a new seed; nonces can still be had.
  const later = Date.now() / 1000 + 3 * HOUR_S;
  core.clockS = () => later;
  core.randomFails = (n) => n !== NONCE_BYTES;
  core.randomCalls.length = 0;
  assert.equal(newSession(core, trust), 0);
  assert.equal(core.errorCode, "crypto");
  assert(core.randomCalls.some((n) => n !== NONCE_BYTES));
  core.randomFails = () => false;
  core.f.js_session_free(core.made(newSession(core, trust)));
  trust.free();
});
