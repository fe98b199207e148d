// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_cache.test.mjs - a cache that is damaged, full, another user's or
// stuck costs a fetch, and nothing else; and relays of collateral.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import fsp from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import * as path from "node:path";
import { beforeEach, test } from "node:test";
import * as kit from "./engine_kit.mjs";

const { engine, peer, rejection, until } = kit;
const caches = path.join(process.env.XDG_CACHE_HOME, "assay");
const states = path.join(process.env.XDG_STATE_HOME, "assay", "evaluations");
const NOBODY = 65534;

const clear = (folder) => fs.rmSync(folder, { recursive: true, force: true });

beforeEach(() => {
  clear(caches);
  clear(states);
});

async function connect(of, more = {}, options = {}) {
  const policy = kit.policy({ cache_collateral: true });
  return of.Connection.connect({
    dial: of.tcpDial("127.0.0.1", peer.port),
    serverName: "localhost",
    trust: await of.readTrust({ policy, ...options }),
    ...more,
  });
}

const bundles = () =>
  fs.existsSync(caches)
    ? fs.readdirSync(caches).filter((name) => name.endsWith(".json"))
    : [];

/** What a program keeps that connects; the path of its bundle. */
async function kept() {
  (await connect(await kit.freshEngine())).close();
  const [name] = await until(() => bundles().length > 0 && bundles());
  return path.join(caches, name);
}

/** Ways to damage a bundle. */
const DAMAGES = {
  "that is empty": (file) => fs.writeFileSync(file, ""),
  "of nonsense": (file) => fs.writeFileSync(file, "nonsense"),
  "of other JSON": (file) => fs.writeFileSync(file, "[{}, 1]"),
  "that is cut": (file, text) => fs.writeFileSync(file, text.slice(0, 2000)),
  "that is deep": (file) => fs.writeFileSync(file, "[".repeat(100_000)),
  "that is too large": (file) => fs.truncateSync(file, (16 << 20) + 1),
  "with NULs": (file) => fs.writeFileSync(file, Buffer.alloc(5000)),
  "that is a folder": (file) => (fs.rmSync(file), fs.mkdirSync(file)),
  "that is a pipe": (file) => {
    fs.rmSync(file);
    execFileSync("mkfifo", [file]);
  },
  "that leads round": (file) => (fs.rmSync(file), fs.symlinkSync(file, file)),
};

for (const [what, damage] of Object.entries(DAMAGES)) {
  test(`a file ${what} in the cache`, async () => {
    const file = await kept();
    damage(file, fs.readFileSync(file, "utf8"));
    const c = await connect(await kit.freshEngine());
    assert.equal(c.attestation.tcbStatus, "UpToDate");
    c.close();
    if (what !== "that is a folder") {
      // It was replaced by what was fetched.
      await until(
        () =>
          fs.lstatSync(file).isFile() &&
          fs.statSync(file).size < 1 << 20 &&
          fs.readFileSync(file, "utf8").includes("UpToDate"),
      );
    }
  });
}

test("a disk that is full", async () => {
  const real = fsp.open;
  let full = 0;
  fsp.open = async (...args) => {
    const file = await real(...args);
    if (String(args[1]).startsWith("w")) {
      file.writeFile = async (octets) => {
        full++;
        await file.write(octets.subarray(0, 100));
        throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
      };
    }
    return file;
  };
  syncBuiltinESMExports();
  try {
    (await connect(await kit.freshEngine())).close();
    await until(() => full > 0);
    await until(
      () => fs.existsSync(caches) && fs.readdirSync(caches).length === 0,
    );
  } finally {
    fsp.open = real;
    syncBuiltinESMExports();
  }
});

test("folders that are another user's", async () => {
  const file = await kept();
  const before = fs.readFileSync(file);
  const scratch = fs.mkdtempSync("/tmp/assay-others-");
  const others = path.join(scratch, "cache");
  fs.cpSync(path.dirname(caches), others, { recursive: true });
  const copied = path.join(others, "assay", path.basename(file));
  const root = process.geteuid() === 0;
  const { XDG_CACHE_HOME, XDG_STATE_HOME } = process.env;
  const fresh = await kit.freshEngine(); // which reads what is ours
  try {
    fs.chmodSync(scratch, 0o755);
    if (root) {
      process.seteuid(NOBODY);
    } else {
      fs.chmodSync(path.join(others, "assay"), 0);
    }
    Object.assign(process.env, {
      XDG_CACHE_HOME: others,
      XDG_STATE_HOME: path.join(others, "state"),
    });
    assert.throws(() => fs.readFileSync(copied), /EACCES/u);
    (await connect(fresh)).close();
  } finally {
    Object.assign(process.env, { XDG_CACHE_HOME, XDG_STATE_HOME });
    root ? process.seteuid(0) : fs.chmodSync(path.join(others, "assay"), 0o700);
  }
  assert.deepEqual(fs.readFileSync(copied), before);
  assert.equal(fs.existsSync(path.join(others, "state")), false);
  clear(scratch);
});

/** A host whose store does as it is told. */
function storing(store) {
  return kit.freshEngine((host, { memoryStore }) => ({
    ...host,
    store: () => Promise.resolve({ ...memoryStore(), ...store }),
  }));
}

test("a store that hangs keeps nobody longer than he wants", async () => {
  const stuck = { now: true };
  const fresh = await storing({
    load: () => (stuck.now ? new Promise(() => undefined) : undefined),
  });
  const late = await rejection(connect(fresh, { timeouts: { attest: 300 } }));
  assert.equal(late.code, "timeout");
  const abort = new AbortController();
  const why = new Error("enough");
  const { signal } = abort;
  const given = rejection(connect(fresh, { signal }));
  setTimeout(() => abort.abort(why), 100);
  assert.equal(await given, why);
  stuck.now = false;
  (await connect(fresh)).close();
});

test("a store that never opens", async () => {
  const fresh = await kit.freshEngine((host) => ({
    ...host,
    store: () => new Promise(() => undefined),
  }));
  const late = await rejection(connect(fresh, { timeouts: { attest: 300 } }));
  assert.equal(late.code, "timeout");
  (await connect(fresh)).close(); // it is done without
});

test("a store that fails, and one that cannot be opened", async () => {
  const no = () => Promise.reject(new Error("no"));
  const none = await kit.freshEngine((host) => ({ ...host, store: no }));
  (await connect(none)).close();
});

test("evaluations that a store lost are told again, and survive the module", async () => {
  const learnt = [];
  const fresh = await storing({
    evaluations: () => Promise.resolve([]),
    learn: (names) => (learnt.push(names), Promise.resolve()),
  });
  (await connect(fresh)).close();
  assert.equal(learnt.length, 1);
  const core = await fresh.theCore();
  assert.throws(() => core.module.release("js_bytes_free", 1n));
  assert.equal(core.broken, true);
  const added = [];
  const next = await fresh.theCore();
  next.addEvaluation = (name) => void added.push(name);
  (await connect(fresh)).close();
  assert.deepEqual([...added].sort(), [...learnt[0]].sort());
  assert.deepEqual([...learnt[1]].sort(), [...learnt[0]].sort());
});

test("a machine that slept: its evidence is as old as the night was long", async () => {
  const c = await kit.connect({
    trust: await kit.trust({ reattestation_interval_secs: 300 }),
  });
  assert.equal(c.due, false);
  const real = Date.now;
  Date.now = () => real() + 3_600_000;
  try {
    assert.equal(c.due, true);
  } finally {
    Date.now = real;
  }
  assert.equal(c.due, true); // a clock that was set back makes nothing younger
  c.close();
});

// --- sources -------------------------------------------------------------------

/** assay-bridge with a relay; its URL. */
async function relay(source) {
  const port = path.join(kit.scratch, `relay-${process.pid}.json`);
  clear(port);
  const bridge = spawn(
    path.join(path.dirname(peer.sim), "assay-bridge"),
    [
      "--listen",
      "127.0.0.1:0",
      "--allow",
      "127.0.0.1:1",
      "--relay",
      source,
    ].concat(["--ready-file", port]),
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const ready = await until(
    () => fs.existsSync(port) && fs.readFileSync(port, "utf8"),
  );
  return { ready, close: () => bridge.kill() };
}

test("collateral by a bridge's relay", async () => {
  const { ready, close } = await relay(peer.platform.pccs);
  try {
    const [, port] = /127\.0\.0\.1:(\d+)/u.exec(ready) ?? [];
    const collateral = `http://127.0.0.1:${port}`;
    const c = await connect(await kit.freshEngine(), {}, { collateral });
    assert.equal(c.attestation.tcbStatus, "UpToDate");
    c.close();
  } finally {
    close();
  }
});

/** The page's fetch, in place of Node's. */
async function asked(url, answer) {
  const real = globalThis.fetch;
  let init;
  globalThis.fetch = async (_, given) => {
    init = given;
    return answer;
  };
  try {
    return await engine.askSource(url, 100, new AbortController().signal);
  } finally {
    globalThis.fetch = real;
    assert.equal(init.credentials, "omit");
    assert.equal(init.redirect, "error");
    assert.equal(init.referrerPolicy, "no-referrer");
  }
}

const cors = (headers) =>
  Object.defineProperty(new Response("{}", { headers }), "type", {
    value: "cors",
  });

test("a source that hides its issuer chain from pages is told from others", async () => {
  const url = "https://pccs.example/tdx/certification/v4/tcb?fmspc=0";
  const e = await rejection(asked(url, cors({})));
  assert.equal(e.code, "network");
  assert.match(e.message, /Access-Control-Expose-Headers/u);
  const chain = { "TCB-Info-Issuer-Chain": "x" };
  const { headers } = await asked(url, cors(chain));
  assert.equal(headers.includes("tcb-info-issuer-chain: x\r\n"), true);
  // That of the root's CRL has none.
  await asked("https://pccs.example/sgx/certification/v4/rootcacrl", cors({}));
});

test("a source with too many headers, or too large a body", async () => {
  const url = "https://pccs.example/";
  const many = Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [`x-${i}`, "y".repeat(1000)]),
  );
  const headers = await rejection(
    asked(url, new Response("", { headers: many })),
  );
  assert.equal(headers.code, "too_large");
  const body = await rejection(asked(url, new Response("z".repeat(101))));
  assert.equal(body.code, "too_large");
});

test("a source's secrets are in no error", async () => {
  const url = "http://user:s3cret@127.0.0.1:1/";
  const e = await rejection(
    engine.askSource(url, 100, new AbortController().signal),
  );
  assert.equal(e.code, "invalid");
  assert.ok(!`${e.message} ${e.hint} ${e.cause?.message}`.includes("s3cret"));
});

test("roots that are none are refused, as they would be without effect", async () => {
  const e = await rejection(kit.trust({}, { extraRoots: "no certificate" }));
  assert.equal(e.code, "invalid", String(e));
});
