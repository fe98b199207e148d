// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// A session from its first octet to its last, and what is refused on the way.
import { strict as assert } from "node:assert";
import { createHash, randomBytes } from "node:crypto";
import { after, test } from "node:test";

import { Core, monoMs, Refused, state, wallS } from "./core_instance.mjs";
import { Link, peer, policy, search, Trust } from "./core_link.mjs";

const MIB = 1 << 20;
const core = Core.started();
const trust = new Trust(core);
after(() => trust.free());

const refused = (code, message) => (e) => {
  assert(e instanceof Refused, e);
  assert.equal(e.code, code, e);
  assert.match(e.message, message);
  return true;
};
const sha256 = (octets) => createHash("sha256").update(octets).digest("hex");

test("from the handshake to a request that is answered", async () => {
  const link = await Link.open(trust);
  const { facts, verdict, found } = link;
  assert.equal(facts.tls_version, "TLSv1.3");
  // What is fast without instructions for AES.
  assert.equal(facts.tls_cipher, "TLS_CHACHA20_POLY1305_SHA256");
  assert.equal(facts.certificate_checked, true);
  assert.equal(facts.wire, "v2");
  assert.equal(facts.attestations, 1);
  assert.match(facts.exporter, /^[0-9a-f]{64}$/);
  assert.match(facts.nonce, /^[0-9a-f]{64,128}$/);
  assert.equal(verdict.trusted, true);
  assert.equal(found.origin, "fetched");
  assert.equal(found.asked.length, 4);
  const answer = await link.ask("POST", "/a?b=c", [["X-One", "1"]],
    Buffer.from("body"));
  assert.equal(answer.status, 200);
  assert.equal(answer.reason, "OK");
  assert.equal(answer.keeps, true);
  const seen = JSON.parse(answer.body);
  assert.equal(seen.path, "/a?b=c");
  assert.equal(seen.body, "body");
  assert(seen.fields.some(([n, v]) => n === "X-One" && v === "1"));
  link.close();
});

test("what comes one octet at a time comes to the same", async () => {
  const link = await Link.open(trust, { step: 1 });
  const answer = await link.ask("GET", "/chunked", [["TE", "trailers"],
    ["Connection", "TE"]]);
  assert.equal(answer.body.toString(), "hello world");
  assert.deepEqual(answer.trailers, ["X-Sum", "1"]);
  link.close();
});

test("16 MiB both ways", async () => {
  const link = await Link.open(trust);
  const body = randomBytes(16 * MIB);
  const sunk = await link.ask("POST", "/sink", [], body);
  assert.equal(sunk.body.toString(), sha256(body));
  const big = await link.ask("GET", `/big?${16 * MIB}`);
  assert.equal(sha256(big.body), peer.big);
  link.close();
});

test("a body in chunks", async () => {
  const link = await Link.open(trust);
  link.begin();
  link.head("POST", "/sink", [["Transfer-Encoding", "chunked"]]);
  link.write(Buffer.from("hello "), 1);
  link.write(Buffer.from("world"), 1);
  link.write(Buffer.alloc(0), 1);
  const answer = await link.answer("POST");
  assert.equal(answer.body.toString(), sha256("hello world"));
  link.close();
});

test("fresh evidence on the same session", async () => {
  const link = await Link.open(trust);
  const { nonce } = link.facts;
  await link.reattest();
  assert.equal(link.facts.attestations, 2);
  assert.notEqual(link.facts.nonce, nonce);
  assert.equal((await link.ask("GET", "/")).status, 200);
  link.close();
});

test("evidence that is older than the interval opens no request", async () => {
  const strict = new Trust(core,
    { policy: { reattestation_interval_secs: 60 } });
  const link = await Link.open(strict);
  const later = monoMs() + 61_000;
  assert.equal(core.f.js_session_due(link.session, wallS(), monoMs()), 0);
  assert.equal(core.f.js_session_due(link.session, wallS(), later), 1);
  core.f.js_session_begin(link.session, wallS(), later);
  assert.equal(core.errorCode, "stale");
  link.close();
  strict.free();
});

test("a verdict that is not trusted opens nothing", async () => {
  const strict = new Trust(core, { policy: { compose_hash: "ab".repeat(32) } });
  const link = new Link(strict, {});
  await link.until(state.NEED_COLLATERAL);
  await assert.rejects(link.attest(), refused("not_trusted", /compose/));
  assert.equal(link.state, state.FAILED);
  assert.equal(link.verdict.trusted, false);
  assert.throws(() => link.begin(), refused("invalid", /state failed/));
  link.close();
  strict.free();
});

test("the certificate's faults are told in words", async () => {
  const day = 86400;
  const cases = [
    [{ name: "elsewhere.example" }, /is for another name/],
    [{ wallS: wallS() + 4000 * day }, /expired/],
    [{ wallS: wallS() - 10 * day }, /not yet valid/],
  ];
  // One that has seen no collateral, and so nothing that its clock is behind.
  const own = new Trust(Core.started());
  for (const [how, words] of cases) {
    const link = new Link(own, how);
    await assert.rejects(link.until(state.NEED_COLLATERAL),
      refused("tls", words));
    link.free();
  }
  own.free();
  const nobody = new Trust(core, { roots: "" });
  const link = new Link(nobody, {});
  await assert.rejects(link.until(state.NEED_COLLATERAL),
    refused("tls", /self-signed and not among the trusted roots/));
  link.free();
  nobody.free();
});

test("evidence bundles are judged like sessions", async () => {
  const link = await Link.open(trust);
  core.ok(core.f.js_session_evidence(link.session));
  const bundle = core.octets;
  core.ok(core.call("js_verify_evidence", bundle, trust.policy, trust.root,
    -1));
  assert.equal(core.json.trusted, true);
  const other = new Trust(core, { policy: { compose_hash: "ab".repeat(32) } });
  core.ok(core.call("js_verify_evidence", bundle, other.policy, trust.root,
    wallS()));
  assert.equal(core.json.trusted, false);
  const evidence = JSON.parse(new TextDecoder().decode(bundle));
  assert.equal(evidence.claims.server_name, "localhost");
  other.free();
  link.close();
});

test("a quote by itself", async () => {
  const link = await Link.open(trust);
  core.ok(core.f.js_session_evidence(link.session));
  const { quote: hex, collateral } = core.json;
  const quote = Buffer.from(hex, "hex");
  const judge = (octets) => core.call("js_verify", octets,
    JSON.stringify(collateral), 0, trust.root, null, null, null, wallS());
  core.ok(judge(quote));
  assert.equal(core.json.trusted, true, core.text);
  quote[600] ^= 1;
  core.ok(judge(quote));
  assert.equal(core.json.trusted, false);
  link.close();
});

test("collateral that is kept under its name serves the next", async () => {
  const first = new Link(trust, {});
  await first.until(state.NEED_COLLATERAL);
  core.ok(core.call("js_search_name", first.session, null));
  assert.match(core.text, /^tdx-[0-9a-f]{12}-(platform|processor)-.*\.json$/);
  const found = await search(first);
  assert.equal(found.keep, true);
  core.f.js_collateral_free(found.collateral);
  const second = await search(first, { cached: found.bundle, offline: true });
  assert.equal(second.origin, "cached");
  assert.deepEqual(second.asked, []);
  core.f.js_collateral_free(second.collateral);
  await assert.rejects(search(first, { offline: true }),
    refused("network", /no answer/));
  await assert.rejects(
    search(first, { sources: "ftp://127.0.0.1/\0" }), refused("invalid", /ftp|URL/));
  first.free();
});

test("evaluations that were learnt are remembered by name", async () => {
  const fresh = Core.started();
  const own = new Trust(fresh);
  const link = await Link.open(own);
  assert(link.found.learnt.length > 0);
  for (const name of link.found.learnt) {
    assert.match(name, /_(tdx-[0-9a-f]{12}|tdx-qe)_\d+_\d+$/);
  }
  link.close();
  const again = await Link.open(own);
  const names = again.found.learnt;
  names.forEach((name) => fresh.call("js_evaluations_add", name));
  again.close();
  const third = await Link.open(own);
  assert.deepEqual(third.found.learnt, []);
  third.close();
  // What was overtaken is passed by.
  const ahead = names.map((n) => n.replace(/_(\d+)_(\d+)$/, "_4000000000_$2"));
  ahead.forEach((name) => fresh.call("js_evaluations_add", name));
  const link2 = new Link(own, {});
  await link2.until(state.NEED_COLLATERAL);
  await assert.rejects(link2.attest(), refused("not_trusted", /./));
  link2.free();
  own.free();
});

test("policies", () => {
  core.ok(core.f.js_policy_facts(trust.policy));
  const facts = core.json;
  assert.equal(facts.policy.type, "dstack_tdx");
  assert.deepEqual(facts.sources, [peer.pccs]);
  assert.deepEqual(facts.wires, ["v2"]);
  assert.equal(facts.partial, null);
  const text = { ...policy(), compose_file: "compose.json" };
  delete text.compose_hash;
  assert.equal(core.call("js_policy_new", JSON.stringify(text), null), 0);
  assert.equal(core.errorCode, "missing");
  assert.deepEqual(core.json, { compose_file: "compose.json" });
  const whole = core.made(
    core.call("js_policy_new", JSON.stringify(text), "{}"));
  core.f.js_policy_free(whole);
  assert.equal(core.call("js_policy_new", '{"type":"tdx","mrdt":"00"}', null),
    0);
  assert.match(core.error.message, /mrdt/);
  core.ok(core.f.js_compose_default());
  assert.equal(typeof core.json, "object");
});
