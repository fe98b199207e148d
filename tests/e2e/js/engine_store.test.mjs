// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_store.test.mjs - what is kept on disk, and how much of it; what is read
// of policies; what the module needs to load.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { beforeEach, test } from "node:test";
import * as kit from "./engine_kit.mjs";

const { engine, rejection } = kit;
const folder = path.join(kit.scratch, `store-${process.pid}`);
const bundles = path.join(folder, "cache", "assay");
const marks = path.join(folder, "state", "assay", "evaluations");
const name = (n) => `tdx-${String(n).padStart(12, "0")}-platform-ab.json`;
const octets = (text) => new TextEncoder().encode(text);

process.env.XDG_CACHE_HOME = path.join(folder, "cache");
process.env.XDG_STATE_HOME = path.join(folder, "state");

beforeEach(() => fs.rmSync(folder, { recursive: true, force: true }));

test("bundles on disk, each whole", async () => {
  const store = engine.diskStore();
  assert.equal(await store.load(name(1)), undefined);
  await store.save(name(1), octets("one"));
  await store.save(name(1), octets("two"));
  assert.equal(Buffer.from(await store.load(name(1))).toString(), "two");
  assert.deepEqual(fs.readdirSync(bundles), [name(1)]);
});

test("names that are none lead nowhere", async () => {
  const store = engine.diskStore();
  fs.mkdirSync(bundles, { recursive: true });
  fs.writeFileSync(path.join(folder, "cache", "tdx-1.json"), "secret");
  for (const bad of ["../tdx-1.json", "x.json", "tdx-/../../a.json", ""]) {
    assert.equal(await store.load(bad), undefined);
    await store.save(bad, octets("x"));
  }
  assert.deepEqual(fs.readdirSync(bundles), []);
});

test("the oldest of too many bundles go, and nobody else's files", async () => {
  const store = engine.diskStore();
  fs.mkdirSync(bundles, { recursive: true });
  fs.writeFileSync(path.join(bundles, "mine.txt"), "");
  for (let i = 0; i < 70; i++) {
    fs.writeFileSync(path.join(bundles, name(i)), "x");
    fs.utimesSync(path.join(bundles, name(i)), 1000 + i, 1000 + i);
  }
  await store.save(name(100), octets("new"));
  const left = fs.readdirSync(bundles).sort();
  assert.equal(left.length, 65);
  assert.ok(left.includes("mine.txt"));
  assert.ok(left.includes(name(100)));
  assert.ok(left.includes(name(69)));
  assert.ok(!left.includes(name(6)));
});

test("a store that cannot be written costs nothing else", async () => {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "cache"), "no folder");
  fs.writeFileSync(path.join(folder, "state"), "no folder");
  const store = engine.diskStore();
  await store.save(name(1), octets("x"));
  await store.learn(["intel_tdx-qe_17_1700000000"]);
  assert.equal(await store.load(name(1)), undefined);
  assert.deepEqual(await store.evaluations(), []);
});

const LOW = "intel_tdx-qe_17_1700000000";
const HIGH = "intel_tdx-qe_18_1800000000";
const OTHER = "intel_tdx-00a06f050000_5_1600000000";

for (const [what, make] of [
  ["disk", () => engine.diskStore()],
  ["memory", () => engine.memoryStore()],
]) {
  test(`evaluations in ${what}: the highest counts`, async () => {
    const store = make();
    const known = async () => [...(await store.evaluations())].sort();
    assert.deepEqual(await known(), []);
    await store.learn([LOW, OTHER, "nonsense", "../../x_tdx-qe_1_1"]);
    assert.deepEqual(await known(), [OTHER, LOW]);
    await store.learn([HIGH]);
    assert.deepEqual(await known(), [OTHER, HIGH]);
  });

  test(`evaluations in ${what}: other roots do not push out Intel's`, async () => {
    const store = make();
    const root = (i) => i.toString(16).padStart(64, "0");
    await store.learn([LOW]);
    const names = Array.from(
      { length: 300 },
      (_, i) => `${root(i)}_tdx-qe_1_0`,
    );
    await store.learn(names);
    const known = await store.evaluations();
    assert.equal(known.length, 257);
    assert.ok(known.includes(LOW));
    assert.ok(known.includes(names[299]));
  });
}

test("what a name of an evaluation is", () => {
  for (const bad of [
    "intel_tdx-qe_0_1",
    "intel_tdx-qe_01_1",
    "intel_tdx-qe_1_01",
    "intel_tdx-qe_1_-1",
    "intel_tdx-qe_1_253402300800",
    "intel_tdx-qe_4294967296_1",
    "intel_tdx-QE_1_1",
    "intel_tdx-00A06F050000_1_1",
    "Intel_tdx-qe_1_1",
    "intel_tdx-qe_1_1\n",
    " intel_tdx-qe_1_1",
  ]) {
    assert.equal(engine.parseEvaluation(bad), undefined, bad);
  }
  assert.equal(engine.parseEvaluation(HIGH).number, 18);
});

test("policies that cannot be read", async () => {
  for (const policy of [
    {},
    null,
    [],
    "text",
    { type: "dstack_tdx", nonsense: 1 },
    { type: "dstack_tdx", n: 1n },
  ]) {
    const e = await rejection(engine.readTrust({ policy }));
    assert.ok(e instanceof engine.AtlsError, String(e));
  }
});

test("what is trusted, as a key", async () => {
  const key = async (more, options) => (await kit.trust(more, options)).key;
  const same = await key();
  assert.equal(await key(), same);
  const others = await Promise.all([
    key({ compose_hash: "00".repeat(32) }),
    key({ allowed_tcb_status: ["UpToDate", "OutOfDate"] }),
    key({ reattestation_interval_secs: 7 }),
    key({ accept_self_signed_certs: false }),
    key({}, { extraRoots: kit.peer.ca }),
    key({}, { collateral: "https://pccs.example" }),
    key({}, { trustedRoot: kit.peer.handPlatform.policy.trusted_root }),
    key({ cache_collateral: true }),
  ]);
  assert.equal(new Set([same, ...others]).size, 9);
});

test("a compose file that is named, and what stands in for it", async () => {
  const file = path.join(kit.scratch, "compose.yml");
  fs.writeFileSync(file, "services: {}\n");
  const policy = { ...kit.policy(), compose_file: file };
  delete policy.compose_hash;
  const read = await engine.readTrust({ policy });
  const given = await engine.readTrust({
    policy,
    composeFile: "services: {}\n",
  });
  assert.equal(read.key, given.key);
  const other = await engine.readTrust({ policy, composeFile: "services:\n" });
  assert.notEqual(other.key, given.key);
  fs.rmSync(file);
  const e = await rejection(engine.readTrust({ policy }));
  assert.equal(e.code, "io");
  assert.ok(e.message.includes(file));
});

test("the default app-compose is the module's", async () => {
  const { module } = await engine.theCore();
  module.do("js_compose_default");
  assert.deepEqual(engine.mergeWithDefaultAppCompose(), module.json());
  const merged = engine.mergeWithDefaultAppCompose({ name: "mine" });
  assert.deepEqual(merged, { ...module.json(), name: "mine" });
});

test("a host without random octets: nothing starts", async () => {
  const compiled = await WebAssembly.compile(
    fs.readFileSync(process.env.ASSAY_JS_CORE),
  );
  const real = crypto.getRandomValues;
  crypto.getRandomValues = () => {
    throw new Error("none left");
  };
  try {
    const e = await rejection(engine.Core.start(compiled));
    assert.ok(e instanceof engine.AtlsError, String(e));
  } finally {
    crypto.getRandomValues = real;
  }
  assert.equal((await engine.Core.start(compiled)).broken, false);
});

test("init() after the module is there", async () => {
  await engine.init();
  const e = await rejection(engine.init({ wasm: "elsewhere.wasm" }));
  assert.equal(e.code, "invalid");
});

test("init() after a Worker was told by what to load", async () => {
  const fresh = await kit.unloadedEngine();
  assert.deepEqual(await fresh.initOptions(), {});
  const wasm = process.env.ASSAY_JS_CORE;
  for (const late of [{ wasm }, { roots: octets(kit.peer.ca) }]) {
    const e = await rejection(fresh.init(late));
    assert.equal(e.code, "invalid");
    assert.match(e.message, /Worker/u);
    assert.match(e.hint, /before anything else/u);
  }
  assert.deepEqual(await fresh.initOptions(), {});
});

test("init() with what it does not know", async () => {
  const fresh = await kit.unloadedEngine();
  const e = await rejection(fresh.init({ wsam: process.env.ASSAY_JS_CORE }));
  assert.equal(e.code, "invalid", String(e));
  assert.match(e.message, /wsam/u);
});
