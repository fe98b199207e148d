// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// What went wrong in other bindings for Node (../shared/spec/atls.md, 3.1, and holes
// 3 and 13 of 7.1) and has no test elsewhere; test_js_defects.py has the table.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as dns from "node:dns";
import { getEventListeners } from "node:events";
import * as net from "node:net";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { promisify } from "node:util";
import {
  assay,
  Backend,
  ca,
  dist,
  makeFetch,
  options,
  policy,
  port,
  refused,
  rejects,
  Relay,
  until,
} from "./world.mjs";

const WRONG = { ...policy, os_image_hash: "00".repeat(32) };
const POST = { method: "POST", body: "secret" };

let backend;
let relay;
let unattested; // what the program's own fetch was asked
const ownFetch = globalThis.fetch;

before(async () => {
  backend = await Backend.start();
});
beforeEach(async () => {
  backend.reset();
  relay = await Relay.start();
  unattested = [];
  // Collateral comes by it, and nothing else may.
  globalThis.fetch = (...args) => {
    if (String(args[0]).startsWith(policy.pccs_url)) {
      return ownFetch(...args);
    }
    unattested.push(args);
    return Promise.resolve(new Response("unattested"));
  };
});
afterEach(async () => {
  globalThis.fetch = ownFetch;
  assay.setDefaultPolicy(null);
  assay.closeAllConnections();
  await relay.close();
});
after(() => backend.close());

// --- fail-open routing ---------------------------------------------------------

/** A server that proves nothing to those who do not ask it, at an IPv6 address. */
async function onIPv6(use) {
  const server = net.createServer((client) => {
    const forward = net.connect(port, "127.0.0.1");
    client.pipe(forward).pipe(client);
    client.on("error", () => forward.destroy());
    forward.on("error", () => client.destroy());
    client.on("close", () => forward.destroy());
  });
  const listening = await new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(0, "::1", () => resolve(true));
  });
  if (listening) {
    try {
      await use(server.address().port);
    } finally {
      assay.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
  return listening;
}

/** Attested under the right policy, refused under a wrong one. */
async function isAttested(target, url, more = {}) {
  const before = backend.seen.length;
  const wrong = makeFetch({ target, policy: WRONG, ...more });
  await refused(wrong(url, POST), "not_trusted");
  assert.equal(backend.seen.length, before, `${target}: something was sent`);
  const response = await makeFetch({ target, ...more })(url, POST);
  assert.equal(response.attestation?.trusted, true, `${target} ${url}`);
  assert.equal((await response.json()).body, "secret");
  assert.deepEqual(unattested, [], `${target} ${url}`);
}

test("3.1: capitals, a dot at the end or Unicode in target or URL: attested all the same", async () => {
  const { target } = relay;
  const at = target.split(":")[1];
  for (const spelling of [
    `LOCALHOST:${at}`,
    `LocalHost.:${at}`,
    `https://LOCALHOST:${at}`,
    `https://localhost.:${at}/`,
    `\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54:${at}`,
    `lo\u00adcalhost:${at}`,
  ]) {
    await isAttested(spelling, "/");
    await isAttested(spelling, `https://${target}/`);
    const full = spelling.includes("://") ? spelling : `https://${spelling}`;
    await isAttested(target, full);
  }
});

test("3.1: a target that is an IPv4 address in any spelling is attested", async () => {
  const at = relay.target.split(":")[1];
  for (const spelling of ["127.0.0.1", "127.1", "0x7f.1", "2130706433"]) {
    await isAttested(`${spelling}:${at}`, `https://127.0.0.1:${at}/`);
  }
});

test("3.1: an IPv6 target is attested in every spelling", async (t) => {
  const there = await onIPv6(async (at) => {
    const name = { serverName: "localhost" };
    for (const spelling of [
      `[::1]:${at}`,
      `[0:0:0:0:0:0:0:1]:${at}`,
      `https://[::0001]:${at}`,
    ]) {
      await isAttested(spelling, `https://[::1]:${at}/`, name);
      await isAttested(spelling, `https://[0::1]:${at}/`, name);
    }
    await refused(
      makeFetch({ target: `[::1]:${at}`, ...name })(`https://[::2]:${at}/`),
      "wrong_host",
    );
  });
  if (!there) {
    console.log("SKIPPED no IPv6 on this machine: nobody can listen at ::1");
    t.skip("no IPv6 on this machine");
  }
});

test("3.1, hole 3: what is for another host, port or scheme never goes to the program's own fetch", async () => {
  const fetch = makeFetch({ target: relay.target });
  for (const url of [
    "https://api.openai.example/v1",
    "https://localhost/",
    `http://${relay.target}/`,
    `https://localhost.example/`,
  ]) {
    await refused(fetch(url, POST), "wrong_host");
    await refused(fetch(new Request(url, POST)), "wrong_host");
  }
  backend.handle = (request, response) => {
    response.writeHead(307, { Location: "https://api.openai.example/v1" });
    response.end();
  };
  await refused(fetch("/", POST), "redirect_refused");
  assert.deepEqual(unattested, []);
  assert.equal(backend.seen.length, 1);
});

test("hole 3: proxies of the environment are not used", async () => {
  let asked = 0;
  const proxy = net.createServer((socket) => {
    asked++;
    socket.destroy();
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${proxy.address().port}`;
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
  const all = [...names, ...names.map((name) => name.toLowerCase())];
  const env = Object.fromEntries(all.map((name) => [name, url]));
  const { stdout } = await child(ASK, { ...env, NODE_USE_ENV_PROXY: "1" });
  proxy.close();
  assert.equal(stdout.trim(), "true");
  assert.equal(asked, 0);
});

// --- programs of their own ---------------------------------------------------------

const START = `
  const { policy } = JSON.parse(process.env.ASSAY_WORLD);
  const assay = await import("file://" + process.env.DIST + "/node.mjs");
  const options = { target: process.env.TARGET, policy, cache: false };
`;
const ASK = `${START}
  const response = await assay.createAtlsFetch(options)("/");
  await response.text();
  console.log(response.attestation.trusted);
`;

function child(program, more = {}) {
  return promisify(execFile)(
    process.execPath,
    ["--no-warnings", "--input-type=module", "-e", program],
    {
      env: { ...process.env, DIST: dist, TARGET: relay.target, ...more },
      timeout: 60_000,
    },
  );
}

test("3.1: what cannot start is not off in silence: every request fails, and nothing is sent", async () => {
  const { stdout } = await child(`${START}
    let unattested = 0;
    globalThis.fetch = async () => { unattested++; return new Response(); };
    const codes = [];
    const note = (error) => void codes.push(error.code ?? String(error));
    await assay.init({ wasm: "/nowhere/assay.wasm" }).catch(note);
    const broken = await import("node:fs").then((fs) => {
      fs.writeFileSync(process.env.HOME + "/broken.wasm", "no module");
      return process.env.HOME + "/broken.wasm";
    });
    await assay.init({ wasm: broken }).catch(() => codes.push("broken"));
    const { compile } = WebAssembly; // of which Node's own fetch has need
    WebAssembly.compile = (octets) => octets.length > 1 << 20
      ? Promise.reject(new Error("not here")) : compile(octets);
    await assay.createAtlsFetch(options)("/").catch(() => codes.push("fetch"));
    const https = await import("node:https");
    const agent = assay.createAtlsAgent(options);
    await new Promise((resolve) => https.get("https://" + options.target, { agent })
      .on("error", resolve)).then(() => codes.push("agent"));
    await assay.AttestedStream.connect(options).catch(() => codes.push("stream"));
    console.log(JSON.stringify({ codes, unattested }));
    process.exit(0);
  `);
  assert.deepEqual(JSON.parse(stdout), {
    codes: ["io", "broken", "fetch", "agent", "stream"],
    unattested: 0,
  });
  assert.equal(relay.count, 0);
  assert.deepEqual(backend.seen, []);
});

test("3.2: nothing is logged unless the program does it", async () => {
  const { stdout, stderr } = await child(
    `${START}
    for (const name of Object.keys(console)) {
      console[name] = () => process.stdout.write("console." + name);
    }
    const wrong = { ...policy, os_image_hash: "00".repeat(32) };
    const headers = { authorization: "Bearer secret" };
    const fetch = assay.createAtlsFetch(options);
    await (await fetch("/", { method: "POST", body: "x", headers })).text();
    await assay.createAtlsFetch({ ...options, policy: wrong })("/").catch(() => 0);
    await fetch("https://elsewhere.example/").catch(() => 0);
    const https = await import("node:https");
    const agent = assay.createAtlsAgent(options);
    await new Promise((resolve) => https.get("https://" + options.target,
      { agent }, (response) => response.resume().on("end", resolve)));
    (await assay.AttestedStream.connect(options)).close();
    `,
    { ATLS_DEBUG: "1", NODE_ENV: "development" },
  );
  assert.deepEqual({ stdout, stderr }, { stdout: "", stderr: "" });
  assert.equal(backend.seen.length, 2);
});

// --- connecting ----------------------------------------------------------------------

test("3.1: every address of a name is tried", async () => {
  const { lookup } = dns.default;
  const at = relay.target.split(":")[1];
  let asked = 0;
  dns.default.lookup = (host, how, done) => {
    assert.equal(host, "many.example");
    asked++;
    // Nobody listens at the first two: the relay has 127.0.0.1 alone.
    const all = ["127.0.0.2", "127.0.0.3", "127.0.0.1"];
    const found = all.map((address) => ({ address, family: 4 }));
    setImmediate(() =>
      how.all ? done(null, found) : done(null, found[0].address, 4),
    );
  };
  try {
    const target = `many.example:${at}`;
    const fetch = makeFetch({ target, serverName: "localhost" });
    assert.equal((await fetch("/")).attestation.trusted, true);
    assert.ok(asked > 0);
  } finally {
    dns.default.lookup = lookup;
  }
});

test("3.1: trailers are read: what comes next on the connection is its own", async () => {
  const fetch = makeFetch({ target: relay.target });
  backend.handle = (request, response) => {
    response.writeHead(200, { Trailer: "X-Sum" });
    response.write("with trailers");
    response.addTrailers({ "X-Sum": "HTTP/1.1 500 No", "X-More": "1" });
    response.end();
  };
  for (let i = 0; i < 3; i++) {
    const response = await fetch("/");
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "with trailers");
    assert.equal(response.headers.get("x-sum"), null);
  }
  assert.equal(relay.count, 1);
});

test("3.1: a signal that many requests share, and one that lives long, are no leak", async () => {
  const warnings = [];
  const note = (warning) => warnings.push(warning.name);
  process.on("warning", note);
  const { signal } = new AbortController();
  const fetch = makeFetch({ target: relay.target });
  const ask = () => fetch("/", { signal }).then((r) => r.text());
  await Promise.all(Array.from({ length: 40 }, ask));
  for (let i = 0; i < 40; i++) {
    await ask();
  }
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", note);
  assert.deepEqual(warnings, []);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("3.1: the string that is short for a target says what to write", () => {
  for (const make of [assay.createAtlsFetch, assay.createAtlsAgent]) {
    assert.throws(
      () => make("localhost"),
      (error) =>
        error.code === "invalid" && error.hint.includes('{target: "host", policy}'),
    );
  }
});

// --- hole 13 ---------------------------------------------------------------------

test("hole 13: two policies for one host are both in force, whoever came first", async () => {
  const right = makeFetch({ target: relay.target });
  const wrong = makeFetch({ target: relay.target, policy: WRONG });
  for (let i = 0; i < 5; i++) {
    await refused(wrong("/wrong", POST), "not_trusted");
    assert.equal((await right("/right")).status, 200);
    const all = await Promise.allSettled(
      [wrong, right, wrong, right].map((fetch) => fetch("/both", POST)),
    );
    assert.deepEqual(
      all.map(({ reason }) => reason?.code),
      ["not_trusted", undefined, "not_trusted", undefined],
    );
    await Promise.all(all.map(({ value }) => value?.text()));
  }
  assert.ok(backend.seen.every(({ url }) => url !== "/wrong"));
  assert.equal(backend.seen.filter(({ url }) => url === "/both").length, 10);
});

test("hole 13: every member of a policy counts, and what is trusted besides", async () => {
  await (await makeFetch({ target: relay.target })("/")).text();
  const changes = [
    { policy: { ...policy, allowed_tcb_status: ["OutOfDate"] } },
    { policy: { ...policy, accept_self_signed_certs: false } },
    { policy: { ...policy, compose_hash: "00".repeat(32) } },
    {
      policy: {
        ...policy,
        expected_bootchain: { ...policy.expected_bootchain, rtmr2: "00".repeat(48) },
      },
    },
    { policy: { ...policy, trusted_root: undefined } },
    {
      policy: { ...policy, accept_self_signed_certs: false },
      extraRoots: ca,
      serverName: "wrong.example",
    },
  ];
  for (const change of changes) {
    const fetch = makeFetch({ target: relay.target, ...change });
    const error = await rejects(fetch("/changed", POST));
    assert.ok(error instanceof assay.AtlsError, JSON.stringify(change));
  }
  assert.ok(backend.seen.every(({ url }) => url !== "/changed"));
  assert.equal(relay.count, 1 + changes.length);
});

test("hole 13: agents, streams and fetches lend each other no connection", async () => {
  await (await makeFetch({ target: relay.target })("/")).text();
  const how = options({ target: relay.target, policy: WRONG });
  await refused(assay.AttestedStream.connect(how), "not_trusted");
  const https = await import("node:https");
  const agent = assay.createAtlsAgent(how);
  const request = https.get(`https://${relay.target}/agent`, { agent });
  const error = await new Promise((resolve) => request.on("error", resolve));
  assert.equal(error.code, "not_trusted");
  assert.equal(backend.seen.length, 1);
});

// --- onAttestation ---------------------------------------------------------------

test("3.2: a connection is nobody's until onAttestation has agreed", async () => {
  const told = [];
  const onAttestation = () =>
    new Promise((resolve, reject) => told.push({ resolve, reject }));
  const fetch = makeFetch({ target: relay.target, onAttestation });
  const first = rejects(fetch("/first", POST));
  await until(() => told.length === 1);
  const second = rejects(fetch("/second", POST));
  await until(() => told.length === 2);
  assert.deepEqual(backend.seen, []);
  const why = new Error("not this one");
  told.forEach(({ reject }) => reject(why));
  assert.deepEqual(await Promise.all([first, second]), [why, why]);
  await until(() => relay.open === 0);
  const third = rejects(fetch("/third", POST));
  await until(() => told.length === 3);
  told[2].reject(why);
  assert.equal(await third, why);
  assert.equal(relay.count, 3);
  assert.deepEqual(backend.seen, []);
});
