// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// What the module makes of calls that are wrong.
import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Core, monoMs, response, state, wallS } from "./core_instance.mjs";
import { Trust } from "./core_link.mjs";

const core = Core.started();
const trust = new Trust(core);
after(() => trust.free());

const invalid = (code) => {
  assert.notEqual(code, 0);
  assert.equal(core.errorCode, "invalid");
};
const none = (handle) => {
  assert.equal(handle, 0);
  assert.equal(core.errorCode, "invalid");
};
const open = (policy, root, roots, wire = 0, wall = wallS()) =>
  core.call("js_session_new", policy, root, roots, "localhost", wire, wall,
    monoMs());
/** What is no object of the wanted kind. */
const wrong = () => [0, 1, 4, 0x7ffffff0, 0xfffffff8, trust.root];

test("an instance that was not started", () => {
  const idle = new Core();
  assert.equal(idle.call("js_policy_new", "{}", null), 0);
  assert.equal(idle.errorCode, "invalid");
  assert.equal(idle.f.js_session_state(0), state.FAILED);
  assert.notEqual(core.f.js_start(), 0); // and one that was, again
  assert.equal(core.errorCode, "invalid");
});

test("it says what it was built of", () => {
  const fresh = Core.started();
  const { version, openssl, openssl_source: source } = fresh.json;
  assert.match(version, /^\d+\.\d+\.\d+/);
  const [, upstream] = /^(?:OpenSSL )?(3\.\d+\.\d+)/.exec(openssl);
  assert(source.startsWith(`${upstream}-`), source); // and Debian's revision
});

test("a module over its limit is a failure of its build", () => {
  const at = (name) => fileURLToPath(
    new URL(`../../../bindings/js/core/${name}`, import.meta.url));
  const size = (...args) => spawnSync(process.execPath,
    [at("size.mjs"), ...args, at("core.h")], { encoding: "utf8" });
  const [, brotli] = /brotli ([\d,]+)/.exec(size().stdout);
  const octets = Number(brotli.replaceAll(",", ""));
  assert.equal(size("--limit", String(octets)).status, 0);
  const over = size("--limit", String(octets - 1));
  assert.equal(over.status, 1);
  assert.match(over.stderr, /core\.h: 1 octets over the limit/);
  assert.equal(size("--limit", "none").status, 64);
});

test("addresses that are no object", () => {
  const { f } = core;
  for (const h of wrong()) {
    none(open(h, trust.root, trust.roots));
    none(open(trust.policy, trust.policy, trust.roots));
    none(open(trust.policy, trust.root, h));
    invalid(f.js_policy_facts(h));
    assert.equal(f.js_session_state(h), state.FAILED);
    invalid(f.js_session_facts(h));
    invalid(f.js_session_verdict(h));
    invalid(f.js_session_evidence(h));
    invalid(f.js_session_appraise(h, wallS(), monoMs()));
    invalid(f.js_session_begin(h, wallS(), monoMs()));
    invalid(f.js_session_reattest(h, wallS(), monoMs()));
    invalid(f.js_session_give(h, h));
    invalid(core.call("js_session_write", h, "x", 0));
    assert(core.call("js_session_feed", h, "x") < 0);
    assert.equal(f.js_session_due(h, wallS(), monoMs()), 1);
    f.js_session_eof(h);
    f.js_session_sent(h, 1);
    f.js_session_taken(h, 1);
    f.js_session_end(h);
    f.js_session_close(h);
    core.call("js_session_abort", h, "timeout", "late");
    f.js_session_output(h);
    assert.equal(f.js_result_len(), 0);
    f.js_session_read(h);
    assert.equal(f.js_result_len(), 0);
    assert.equal(f.js_response_pull(h, h), response.FAILED);
    assert.equal(f.js_response_eof(h, h), response.FAILED);
    assert.equal(f.js_response_status(h), 0);
    assert.equal(f.js_response_keeps(h), 0);
    none(core.call("js_search_new", h, null, null, wallS()));
    assert.equal(f.js_search_wants(h), 0);
    none(f.js_search_take(h));
    f.js_search_free(h);
    f.js_session_free(h);
    f.js_response_free(h);
    f.js_collateral_free(h);
    f.js_policy_free(h);
    f.js_roots_free(h);
  }
});

test("lengths that lead out of memory", () => {
  const { f } = core;
  const end = f.memory.buffer.byteLength;
  for (const [at, n] of [[end - 4, 5], [end, 1], [0, 1], [16, 0xffffffff],
    [0xffffffff, 0xffffffff]]) {
    none(f.js_policy_new(at, n, 0, 0));
    none(f.js_roots_new(at, n));
    invalid(f.js_head_begin(at, n, 0, 0));
  }
  assert.equal(f.js_bytes_new(0), 0);
  assert.equal(f.js_bytes_new(0xf0000000), 0);
  assert.equal(core.errorCode, "no_memory");
});

test("arguments that are out of range", () => {
  for (const wall of [NaN, -1, Infinity, 2 ** 60]) {
    none(open(trust.policy, trust.root, trust.roots, 0, wall));
  }
  none(open(trust.policy, trust.root, trust.roots, 3));
  none(open(trust.policy, trust.root, trust.roots, -1));
  none(open(trust.policy, trust.root, trust.roots, 2)); // not the policy's
  for (const name of ["", "a b", "a\0b", "x".repeat(254)]) {
    none(core.call("js_session_new", trust.policy, trust.root, trust.roots,
      name, 0, wallS(), monoMs()));
  }
});

test("objects are freed in any order, and once", () => {
  const own = new Trust(core);
  const session = core.made(open(own.policy, own.root, own.roots));
  own.free();
  own.free();
  none(open(own.policy, own.root, own.roots));
  core.f.js_session_output(session);
  assert(core.f.js_result_len() > 0);
  core.f.js_session_free(session);
  core.f.js_session_free(session);
  assert.equal(core.f.js_session_state(session), state.FAILED);
});

test("an abort, and calls out of season", () => {
  const { f } = core;
  const session = core.made(open(trust.policy, trust.root, trust.roots));
  invalid(f.js_session_begin(session, wallS(), monoMs()));
  invalid(f.js_session_appraise(session, wallS(), monoMs()));
  invalid(f.js_session_reattest(session, wallS(), monoMs()));
  invalid(core.call("js_session_write", session, "x", 0));
  none(core.call("js_search_new", session, null, null, wallS()));
  assert.notEqual(f.js_session_verdict(session), 0);
  assert.equal(core.errorCode, "not_found");
  f.js_session_sent(session, 0xffffffff);
  f.js_session_output(session);
  assert.equal(f.js_result_len(), 0);
  core.call("js_session_abort", session, "timeout", "after 30 s");
  assert.equal(f.js_session_state(session), state.FAILED);
  f.js_session_error(session);
  assert.equal(core.errorCode, "timeout");
  assert.equal(core.error.message, "timeout: after 30 s");
  f.js_session_free(session);
  const other = core.made(open(trust.policy, trust.root, trust.roots));
  core.call("js_session_abort", other, "nonsense", "x");
  f.js_session_error(other);
  assert.equal(core.errorCode, "network");
  f.js_session_free(other);
});

test("hints are for programs in JavaScript, not for a command line", () => {
  const header = readFileSync(new URL("../../../include/assay/error.h",
    import.meta.url), "utf8");
  const names = [...header.matchAll(/X\(ASSAY_\w+,\s*"(\w+)"/g)]
    .map(([, name]) => name).filter((name) => name !== "ok");
  assert(names.length > 15);
  const hints = {};
  for (const name of names) {
    const session = core.made(open(trust.policy, trust.root, trust.roots));
    core.call("js_session_abort", session, name, "so it is");
    core.f.js_session_error(session);
    const { code, hint } = core.error;
    assert.equal(code, name);
    assert.notEqual(hint, "", name);
    assert.doesNotMatch(hint, /--|OpenSSL|process|proxy/, name);
    hints[name] = hint;
    core.f.js_session_free(session);
  }
  assert.match(hints.tls, /serverName.*extraRoots/);
  assert.match(hints.timeout, /timeouts/);
});

test("heads that would break out of their place", () => {
  const { f } = core;
  core.ok(core.call("js_head_begin", "GET", "/"));
  core.ok(core.call("js_head_field", "X-A", "b"));
  core.ok(f.js_head_end());
  assert.equal(core.text, "GET / HTTP/1.1\r\nX-A: b\r\n\r\n");
  invalid(f.js_head_end());
  for (const [method, target] of [["G T", "/"], ["GET", "/a b"],
    ["GET", "/\r\nX: y"], ["", "/"], ["GET", ""], ["GET", "/#x"]]) {
    invalid(core.call("js_head_begin", method, target));
    invalid(core.call("js_head_field", "X-A", "b"));
  }
  for (const [name, value] of [["X A", "b"], ["X-A:", "b"], ["X-A", "b\r\nc"],
    ["X-A", "b\0"], ["", "b"]]) {
    core.ok(core.call("js_head_begin", "GET", "/"));
    invalid(core.call("js_head_field", name, value));
    invalid(f.js_head_end()); // what was refused is not left out silently
  }
  core.ok(core.call("js_head_begin", "GET", "/"));
  assert.notEqual(core.call("js_head_field", "X-A", "b".repeat(70000)), 0);
  assert.equal(core.errorCode, "too_large");
});
