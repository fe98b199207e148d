// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_collateral.test.mjs - where collateral comes from, how often it is
// asked for, and what is kept of it. Between client and the simulator's PCCS
// stands one that does as a test says.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { beforeEach, test } from "node:test";
import { promisify } from "node:util";
import * as kit from "./engine_kit.mjs";

const { engine, peer, rejection, until } = kit;
const run = promisify(execFile);
const caches = path.join(process.env.XDG_CACHE_HOME, "assay");
const states = path.join(process.env.XDG_STATE_HOME, "assay", "evaluations");

beforeEach(() => {
  fs.rmSync(caches, { recursive: true, force: true });
  fs.rmSync(states, { recursive: true, force: true });
});

/** `change(request, response)`: true if it has answered, or will. */
async function source(change = () => false) {
  const asked = [];
  const gone = [];
  const server = http.createServer(async (request, response) => {
    asked.push(request);
    response.on("close", () => gone.push(request.url));
    if (await change(request, response)) {
      return;
    }
    const answer = await fetch(peer.platform.pccs + request.url);
    const fields = [...answer.headers].filter(([n]) => !/^(con|tra)/u.test(n));
    response.writeHead(answer.status, fields.flat());
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return { url, asked, gone, close: () => server.close() };
}

async function options(url, more = {}, of = engine) {
  const policy = kit.policy({ cache_collateral: true });
  const trust = await of.readTrust({ policy, collateral: url, ...more });
  return {
    dial: of.tcpDial("127.0.0.1", peer.port),
    serverName: "localhost",
    trust,
  };
}

const connect = async (how, of = engine) => of.Connection.connect(await how);

test("connections that need the same at once search once", async () => {
  const pccs = await source();
  const how = await options(pccs.url);
  const all = await Promise.all(Array.from({ length: 8 }, () => connect(how)));
  assert.equal(pccs.asked.length, 4);
  assert.equal(new Set(pccs.asked.map((r) => r.url)).size, 4);
  (await connect(how)).close();
  assert.equal(pccs.asked.length, 4);
  all.forEach((c) => c.close());
  pccs.close();
});

test("where nothing is kept, nobody waits for another's search", async () => {
  let go;
  const gone = new Promise((resolve) => (go = resolve));
  const pccs = await source(() => gone.then(() => false));
  const policy = kit.policy({ cache_collateral: false });
  const how = await options(pccs.url, { policy });
  const timeouts = { attest: 5_000 };
  const all = Array.from({ length: 6 }, () => connect({ ...how, timeouts }));
  const each = Promise.all(all);
  let late = false; // who waits for others waits in vain
  each.catch(() => (late = true));
  await until(() => late || pccs.asked.length === 6);
  go();
  (await each).forEach((c) => c.close());
  assert.equal(pccs.asked.length, 24);
  pccs.close();
});

test("nothing is told to a source but what is asked for", async () => {
  const pccs = await source();
  (await connect(options(pccs.url))).close();
  for (const { method, headers } of pccs.asked) {
    assert.equal(method, "GET");
    assert.equal(headers.cookie, undefined);
    assert.equal(headers.referer, undefined);
    assert.equal(headers.authorization, undefined);
  }
  pccs.close();
});

test("what was found is kept for other programs, and for native ones", async () => {
  const pccs = await source();
  const how = await options(pccs.url);
  (await connect(how)).close();
  const [name, ...others] = await until(() => {
    const names = fs.existsSync(caches) ? fs.readdirSync(caches) : [];
    return names.some((n) => n.endsWith(".json")) && names;
  });
  assert.deepEqual(others, []);
  assert.match(name, /^tdx-[0-9a-f]{12}-platform-[0-9a-f]{16}\.json$/u);
  assert.equal(fs.statSync(path.join(caches, name)).mode & 0o777, 0o600);
  assert.equal(fs.statSync(caches).mode & 0o777, 0o700);
  const marks = await until(
    () => fs.existsSync(states) && fs.readdirSync(states),
  );
  await until(() => fs.readdirSync(states).length === 2);
  assert.match(marks[0], /^[0-9a-f]{64}_tdx-/u);

  const asked = pccs.asked.length;
  const fresh = await kit.freshEngine();
  (await connect(options(pccs.url, {}, fresh), fresh)).close();
  assert.equal(pccs.asked.length, asked);

  const policy = path.join(kit.scratch, "cached-policy.json");
  fs.writeFileSync(
    policy,
    JSON.stringify(kit.policy({ pccs_url: pccs.url, cache_collateral: true })),
  );
  const ca = path.join(kit.scratch, "serve-ca.pem");
  fs.writeFileSync(ca, peer.ca);
  await run(
    path.join(path.dirname(peer.sim), "assay"),
    ["get", "--ca", ca, "--policy", policy, `https://localhost:${peer.port}/`],
    { timeout: 60_000 },
  );
  assert.equal(pccs.asked.length, asked);
  pccs.close();
});

test("cache: false keeps collateral in memory, and what must not be forgotten", async () => {
  const pccs = await source();
  const how = await options(pccs.url, { cache: false });
  (await connect(how)).close();
  await until(
    () => fs.existsSync(states) && fs.readdirSync(states).length === 2,
  );
  (await connect(how)).close();
  assert.equal(pccs.asked.length, 4);
  assert.equal(fs.existsSync(caches), false);
  pccs.close();
});

test("a policy's cache_collateral: false keeps it nowhere", async () => {
  const pccs = await source();
  const policy = kit.policy({ cache_collateral: false });
  const how = await options(pccs.url, { policy });
  (await connect(how)).close();
  (await connect(how)).close();
  assert.equal(pccs.asked.length, 8);
  assert.equal(fs.existsSync(caches), false);
  pccs.close();
});

test("a bundle that was tampered with is passed by", async () => {
  const pccs = await source();
  (await connect(options(pccs.url))).close();
  const [name] = await until(() => {
    const names = fs.existsSync(caches) ? fs.readdirSync(caches) : [];
    return names.some((n) => n.endsWith(".json")) && names;
  });
  const file = path.join(caches, name);
  const bundle = fs.readFileSync(file, "utf8");
  fs.writeFileSync(file, bundle.replace('\\"UpToDate\\"', '\\"Revoked\\"'));
  assert.notEqual(fs.readFileSync(file, "utf8"), bundle);
  const asked = pccs.asked.length;
  const fresh = await kit.freshEngine();
  const c = await connect(options(pccs.url, {}, fresh), fresh);
  assert.equal(c.attestation.tcbStatus, "UpToDate");
  assert.equal(pccs.asked.length, 2 * asked);
  c.close();
  pccs.close();
});

/** What a source does to every request, and what the search comes to. */
const TROUBLE = {
  "a redirect": [
    "network",
    (q, r) => r.writeHead(302, { Location: peer.platform.pccs + q.url }).end(),
  ],
  "status 404": ["not_found", (q, r) => r.writeHead(404).end()],
  "status 461": ["not_found", (q, r) => r.writeHead(461).end()],
  "status 500": ["network", (q, r) => r.writeHead(500).end("no")],
  "an endless body": [
    "too_large",
    (q, r) => {
      r.writeHead(200);
      const more = () => {
        while (!r.destroyed && r.write(Buffer.alloc(65536, " ")));
      };
      r.on("drain", more);
      more();
    },
  ],
  nonsense: ["network", (q, r) => r.end("nonsense")],
  "a cut": ["network", (q, r) => r.destroy()],
};

for (const [what, [code, change]] of Object.entries(TROUBLE)) {
  test(`a source with ${what}`, async () => {
    const pccs = await source((q, r) => {
      change(q, r);
      return true;
    });
    const how = await options(pccs.url);
    const failing = Array.from({ length: 3 }, () => rejection(connect(how)));
    for (const e of await Promise.all(failing)) {
      assert.equal(e.code, code, String(e));
      assert.ok(e.message.startsWith("localhost: "), e.message);
      assert.ok(e.message.includes(pccs.url), e.message);
    }
    pccs.close();
  });
}

/** A dial, and whether its connection waits for something else than octets. */
function watched(dial) {
  let reading = 0;
  let writes = 0;
  return {
    waits: () => writes >= 2 && reading === 0,
    async dial(signal) {
      const transport = await dial(signal);
      return {
        async read() {
          reading++;
          try {
            return await transport.read();
          } finally {
            reading--;
          }
        },
        write(octets) {
          writes++;
          return transport.write(octets);
        },
        close: () => transport.close(),
      };
    },
  };
}

test("a search that failed has failed for those who wait for it", async () => {
  const held = [];
  const pccs = await source((q, r) => held.push(r));
  const how = await options(pccs.url);
  const dials = Array.from({ length: 3 }, () => watched(how.dial));
  const failing = dials.map(({ dial }) => rejection(connect({ ...how, dial })));
  await until(() => held.length > 0 && dials.every((d) => d.waits()));
  held.forEach((r) => r.writeHead(404).end());
  for (const e of await Promise.all(failing)) {
    assert.equal(e.code, "not_found");
  }
  assert.equal(pccs.asked.length, 1);
  pccs.close();
});

test("the next source is asked where one has nothing", async () => {
  const none = await source((q, r) => {
    r.writeHead(404).end();
    return true;
  });
  const good = await source();
  (await connect(options([none.url, good.url]))).close();
  assert.equal(none.asked.length, 1);
  assert.equal(good.asked.length, 4);
  none.close();
  good.close();
});

test("who gives up does not end the search of those who wait", async () => {
  let held;
  const pccs = await source((q, r) => {
    held ??= r;
    return held === r;
  });
  const abort = new AbortController();
  const why = new Error("enough");
  const how = await options(pccs.url);
  const first = rejection(connect({ ...how, signal: abort.signal }));
  await until(() => held);
  const second = connect(how);
  abort.abort(why);
  assert.equal(await first, why);
  (await second).close();
  await until(() => pccs.gone.length > 0); // it was told, too
  assert.equal(pccs.asked.length, 5);
  pccs.close();
});

test("what the evidence may take includes the search", async () => {
  const pccs = await source(() => true);
  const how = await options(pccs.url);
  const e = await rejection(connect({ ...how, timeouts: { attest: 200 } }));
  assert.equal(e.code, "timeout");
  assert.match(e.message, /fetching collateral/u);
  await until(() => pccs.gone.length > 0);
  pccs.close();
});

test("sources that are none", async () => {
  for (const collateral of ["not a URL", Array(17).fill("https://x.example")]) {
    const e = await rejection(connect(options(collateral)));
    assert.equal(e.code, "invalid", String(e));
  }
});
