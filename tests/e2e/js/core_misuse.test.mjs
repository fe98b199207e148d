// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// Every function of core.h, by its declaration, with what it must not be given:
// a new one is tried without being named here.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { Core, module, monoMs, response, state, wallS }
  from "./core_instance.mjs";
import { Link, search, Trust } from "./core_link.mjs";

const HEADER = new URL("../../../bindings/js/core/core.h", import.meta.url);
const LARGE = 20 << 20;
/** Those that may be without. */
const OPTIONAL = new Set(["js_verify policy"]);
/** What becomes of it is JavaScript's matter, or there is nothing to tell. */
const HAS_NO_ERROR = /_free$/;

/** [{ name, returns, parameters: [{ type, name }] }] */
function declarations() {
  const text = readFileSync(HEADER, "utf8")
    .replace(/\/\*.*?\*\//gs, "").replace(/^#.*$/gm, "");
  const pattern = /([\w ]+?[\s*]+)(js_\w+)\(([^)]*)\);/g;
  return [...text.matchAll(pattern)].map(([, returns, name, list]) => ({
    name,
    returns: returns.trim(),
    parameters: list.trim() === "void" ? [] : list.split(",").map((each) => {
      const [, type, word] = /^(.*?)(\w+)$/s.exec(each.trim());
      return { type: type.replace(/const|\s/g, ""), name: word };
    }),
  }));
}

const functions = declarations();
const isOctets = (p) => p.type === "uint8_t*";
const kindOf = (p) => /^structjs_(\w+)\*$/.exec(p.type)?.[1];

const core = Core.started();
const trust = new Trust(core);
let link; // a session that waits for collateral
let held; // one of each kind

before(async () => {
  link = new Link(trust, {});
  await link.until(state.NEED_COLLATERAL);
  const found = await search(link);
  held = { policy: trust.policy, root: trust.root, roots: trust.roots,
    session: link.session, collateral: found.collateral,
    search: newSearch(), response: newResponse() };
});
after(() => {
  link.free();
  trust.free();
});

const newResponse = () => core.made(core.call("js_response_new", "GET"));
const newSearch = () => core.made(core.call("js_search_new", link.session,
  null, null, wallS()));
const newSession = () => core.made(core.call("js_session_new", trust.policy,
  trust.root, trust.roots, "localhost", 0, wallS(), monoMs()));

/** What goes into a parameter where it is not what is tried. */
function usual(p) {
  const kind = kindOf(p);
  if (kind !== undefined) {
    return held[kind];
  }
  return p.type === "double" ? (p.name === "mono_ms" ? monoMs() : wallS()) : 0;
}

/** Calls it with one parameter, and those behind it, as given. */
function callWith(f, at, ...values) {
  const args = f.parameters.map(usual);
  args.splice(at, values.length, ...values);
  return core.f[f.name](...args);
}

/** A head that may go on, since a field is refused without. */
function prepare(f) {
  if (f.name.startsWith("js_head_")) {
    core.ok(core.call("js_head_begin", "GET", "/"));
  }
  core.f.js_response_status(0); // some error, so that an old one shows
  core.f.js_compose_default();
  assert.equal(core.errorCode, "ok");
}

/** The call has refused what it was given. */
function refused(f, value, what) {
  if (HAS_NO_ERROR.test(f.name)) {
    return;
  }
  const about = `${f.name}: ${what}: ${core.error.message}`;
  assert.equal(core.errorCode, "invalid", about);
  if (f.returns === "struct js_" || f.returns.startsWith("struct")) {
    assert.equal(value, 0, about);
  }
}

test("the header is what the module has", () => {
  const exported = WebAssembly.Module.exports(module)
    .map(({ name }) => name).filter((name) => name.startsWith("js_"));
  assert.deepEqual(functions.map((f) => f.name).sort(), exported.sort());
  assert(functions.length > 60);
});

test("handles that are none, are gone, or are of another kind", () => {
  const gone = newSession();
  core.f.js_session_free(gone);
  const room = core.made(core.f.js_bytes_new(64));
  const end = core.f.memory.buffer.byteLength;
  let tried = 0;
  for (const f of functions) {
    f.parameters.forEach((p, at) => {
      const kind = kindOf(p);
      if (kind === undefined) {
        return;
      }
      const others = Object.entries(held)
        .filter(([k]) => k !== kind).map(([, h]) => h);
      for (const h of [0, 1, 2, 3, -1, -8, gone, room, room - 16, room + 4,
        held[kind] + 4, end - 4, end, 0x7ffffff8, ...others]) {
        if (h === 0 && OPTIONAL.has(`${f.name} ${p.name}`)) {
          continue;
        }
        prepare(f);
        refused(f, callWith(f, at, h), `${p.name} = ${h}`);
        tried++;
      }
    });
  }
  assert(tried > 500);
  core.f.js_bytes_free(room);
  // And nothing has come of it for those that are held.
  assert.equal(link.state, state.NEED_COLLATERAL);
  assert.equal(core.f.js_search_wants(held.search), 1);
  core.ok(core.f.js_policy_facts(held.policy));
});

test("octets that are in no room, or in a smaller one", () => {
  const room = core.made(core.f.js_bytes_new(64));
  new Uint8Array(core.f.memory.buffer, room, 64).fill(0x2f);
  const gone = core.made(core.f.js_bytes_new(64));
  core.f.js_bytes_free(gone);
  const end = core.f.memory.buffer.byteLength;
  const tries = [[0, 1], [0, 0xffffffff], [room, 65], [room, 0xffffffff],
    [room + 1, 1], [room + 16, 1], [room - 16, 1], [gone, 1], [end - 4, 4],
    [end, 1], [-1, 1], [held.policy, 4], [core.f.js_error_message(), 1]];
  for (const f of functions) {
    f.parameters.forEach((p, at) => {
      if (!isOctets(p) || HAS_NO_ERROR.test(f.name)) {
        return;
      }
      for (const [address, n] of tries) {
        withFresh(f, () => {
          prepare(f);
          refused(f, callWith(f, at, address, n), `${p.name} ${address} ${n}`);
        });
      }
    });
  }
  core.f.js_bytes_free(room);
});

/** What a refusal ends is not what the others need. */
function withFresh(f, run) {
  const usually = { ...held };
  if (/^js_search_(give|fail)$/.test(f.name)) {
    held.search = newSearch();
  } else if (/^js_session_(abort|feed)$/.test(f.name)) {
    held.session = newSession();
  }
  run();
  if (held.search !== usually.search) {
    core.f.js_search_free(held.search);
  }
  if (held.session !== usually.session) {
    core.f.js_session_free(held.session);
  }
  held = usually;
}

test("octets that are far too many", () => {
  const large = core.made(core.f.js_bytes_new(LARGE));
  for (const filling of [0x41, 0x00, 0xff, 0x7b]) {
    new Uint8Array(core.f.memory.buffer, large, LARGE).fill(filling);
    for (const f of functions) {
      f.parameters.forEach((p, at) => {
        if (!isOctets(p) || HAS_NO_ERROR.test(f.name)) {
          return;
        }
        withFresh(f, () => {
          prepare(f);
          const value = callWith(f, at, large, LARGE);
          // It may be said by a state in place of an error; never done.
          const made = f.returns.startsWith("struct");
          if (made && value !== 0) {
            assert.equal(f.name, "js_search_new"); // a cache that is no use
            core.f.js_search_free(value);
          } else if (f.returns === "int32_t") {
            assert.notEqual(value, 0, f.name);
          }
        });
      });
    }
  }
  core.f.js_bytes_free(large);
});

test("numbers that are none", () => {
  for (const f of functions) {
    f.parameters.forEach((p, at) => {
      if (p.type !== "double" || f.name === "js_session_due"
        || f.name === "js_verify_evidence") {
        return;
      }
      for (const t of [NaN, -1, Infinity, -Infinity, 2 ** 53 + 2, 1e300]) {
        prepare(f);
        refused(f, callWith(f, at, t), `${p.name} = ${t}`);
      }
    });
  }
  for (const t of [NaN, Infinity, 2 ** 60]) {
    assert.equal(core.f.js_session_due(held.session, t, monoMs()), 1);
    assert.notEqual(core.f.js_verify_evidence(0, 0, held.policy, held.root, t),
      0);
    assert.equal(core.errorCode, "invalid");
  }
  for (const wire of [-1, 3, 2 ** 31, 1e9]) {
    assert.equal(core.call("js_session_new", trust.policy, trust.root,
      trust.roots, "localhost", wire, wallS(), monoMs()), 0);
  }
});

test("whatever is freed twice is freed once", () => {
  const policy = core.made(core.call("js_policy_new",
    '{"type":"tdx","partial":true}', null));
  const made = { policy, root: core.made(core.f.js_root_new(0, 0)),
    roots: core.made(core.f.js_roots_new(0, 0)), session: newSession(),
    search: newSearch(), response: newResponse() };
  for (const [kind, h] of Object.entries(made)) {
    const free = core.f[`js_${kind}_free`];
    free(h);
    free(h);
    free(h);
  }
  const room = core.made(core.f.js_bytes_new(16));
  for (const at of [room, room, 0, 1, 15, 16, -1, room + 16, held.policy]) {
    core.f.js_bytes_free(at);
  }
  // Two that are made now are two.
  const two = [core.f.js_bytes_new(16), core.f.js_bytes_new(16)];
  assert.notEqual(two[0], two[1]);
  two.forEach((at) => core.f.js_bytes_free(at));
  const pair = [newResponse(), newResponse()];
  assert.notEqual(pair[0], pair[1]);
  pair.forEach((at) => core.f.js_response_free(at));
});

test("an abort aborts, whatever it is called", () => {
  const names = readFileSync(new URL(
    "../../../include/assay/error.h", import.meta.url), "utf8")
    .matchAll(/X\(ASSAY_\w+,\s*"(\w+)"/g);
  const codes = [...names].map(([, name]) => name);
  assert(codes.length > 15);
  for (const [name, code] of [...codes.map((c) => [c, c]), ["ok", "network"],
    ["", "network"], ["ERR_".padEnd(400, "X"), "network"], ["a\0b", "network"],
    ["timeout\0", "network"]]) {
    const session = newSession();
    core.call("js_session_abort", session, name, "so it is");
    assert.equal(core.f.js_session_state(session), state.FAILED, name);
    core.f.js_session_error(session);
    assert.equal(core.errorCode, code === "ok" ? "network" : code);
    core.f.js_session_free(session);
  }
  const session = newSession();
  core.f.js_session_abort(session, 0, 5, 0, 5);
  assert.equal(core.f.js_session_state(session), state.FAILED);
  core.f.js_session_error(session);
  assert.equal(core.errorCode, "invalid");
  core.f.js_session_free(session);
});

test("messages come out as text, whatever went in", () => {
  const session = newSession();
  const words = Buffer.concat([Buffer.from("é\n\0\x1b[31m"),
    Buffer.alloc(5000, 0xe2)]);
  core.call("js_session_abort", session, "timeout", words);
  core.f.js_session_error(session);
  assert.match(core.error.message, /^timeout: [ -~]*$/);
  core.f.js_session_free(session);
});

test("a source that failed has failed, whatever it is called", () => {
  const f = newSearch();
  let asked = 0;
  while (core.f.js_search_wants(f)) {
    core.call("js_search_fail", f, "ERR_".padEnd(400, "X"), "it is down");
    assert(++asked < 20);
  }
  assert.equal(core.f.js_search_take(f), 0);
  assert.equal(core.errorCode, "network");
  core.f.js_search_free(f);
});

test("what a search has found is taken once, and its bundle stays", async () => {
  const f = newSearch();
  while (core.f.js_search_wants(f)) {
    const url = core.cString(core.f.js_search_url(f));
    const answer = await fetch(url);
    const fields = [...answer.headers].map(([n, v]) => `${n}: ${v}\r\n`);
    core.call("js_search_give", f, fields.join(""),
      new Uint8Array(await answer.arrayBuffer()));
  }
  core.f.js_collateral_free(core.made(core.f.js_search_take(f)));
  core.f.js_search_bundle(f);
  const { text } = core;
  assert(text.length > 1000);
  assert.equal(core.f.js_search_take(f), 0);
  assert.equal(core.errorCode, "invalid");
  core.f.js_search_bundle(f);
  assert.equal(core.text, text);
  core.f.js_search_free(f);
});

test("a response is of one session", async () => {
  const [one, other] = [await Link.open(trust), await Link.open(trust)];
  const r = newResponse();
  assert.notEqual(core.f.js_response_head(r), 0); // not known yet
  assert.equal(core.errorCode, "invalid");
  assert.equal(core.f.js_response_pull(r, one.session), response.HEAD);
  assert.equal(core.f.js_response_pull(r, other.session), response.FAILED);
  assert.match(core.error.message, /another session/);
  assert.equal(core.f.js_response_eof(r, other.session), response.FAILED);
  assert.match(core.error.message, /another session/);
  assert.equal(core.f.js_response_pull(r, one.session), response.HEAD);
  core.f.js_response_free(r);
  one.close();
  other.close();
});

test("what never fits is not to be tried again", async () => {
  const open = await Link.open(trust);
  open.begin();
  const octets = Buffer.alloc((16 << 20) + 1);
  for (const chunked of [0, 1]) {
    assert.notEqual(core.call("js_session_write", open.session, octets,
      chunked), 0);
    assert.equal(core.errorCode, "invalid");
  }
  core.ok(core.call("js_session_write", open.session, octets.subarray(1), 1));
  assert.notEqual(core.call("js_session_write", open.session,
    octets.subarray(1), 1), 0);
  assert.equal(core.errorCode, "too_large");
  open.free();
});

test("a verdict says nothing of evidence that it is not of", async () => {
  const open = await Link.open(trust);
  const before = open.verdict;
  assert(Object.keys(before).includes("quote"), Object.keys(before).join(" "));
  core.ok(core.f.js_session_reattest(open.session, wallS(), monoMs()));
  await open.until(state.NEED_COLLATERAL);
  const amid = open.verdict;
  assert.equal(amid.trusted, true);
  assert.equal(amid.quote, null);
  assert.notEqual(core.f.js_session_evidence(open.session), 0);
  await open.attest();
  assert.deepEqual(Object.keys(open.verdict), Object.keys(before));
  open.close();
});
