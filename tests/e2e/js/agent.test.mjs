// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// createAtlsAgent: Node's own https over attested sockets.

import assert from "node:assert/strict";
import * as https from "node:https";
import { after, afterEach, before, beforeEach, test } from "node:test";
import {
  assay,
  Backend,
  bodyOf,
  Gate,
  options,
  policy,
  rejects,
  Relay,
  sim,
  until,
} from "./world.mjs";

let backend;
let relay;
let agents;

before(async () => {
  backend = await Backend.start();
});
beforeEach(async () => {
  backend.reset();
  relay = await Relay.start();
  agents = [];
});
afterEach(async () => {
  agents.forEach((agent) => agent.destroy());
  await relay.close();
});
after(() => backend.close());

function makeAgent(more = {}) {
  const agent = assay.createAtlsAgent(
    options({ target: relay.target, ...more }),
  );
  agents.push(agent);
  return agent;
}

function urlOf(path = "/") {
  return `https://${relay.target}${path}`;
}

/** A request, and its response once it is there. */
function begin(agent, how = {}, url = urlOf()) {
  const request = https.request(url, { agent, ...how });
  const response = new Promise((resolve, reject) => {
    request.on("response", resolve);
    request.on("error", reject);
  });
  return { request, response };
}

async function ask(agent, how = {}, body = undefined, url = urlOf()) {
  const { request, response } = begin(agent, how, url);
  request.end(body);
  const got = await response;
  return { status: got.statusCode, body: (await bodyOf(got)).toString() };
}

test("requests go over attested sockets, which are kept", async () => {
  const agent = makeAgent();
  for (let i = 0; i < 3; i++) {
    const got = await ask(agent, { method: "POST" }, `body ${i}`);
    assert.equal(got.status, 200);
    assert.equal(JSON.parse(got.body).body, `body ${i}`);
  }
  assert.equal(relay.count, 1);
});

test("keepAlive: false keeps none", async () => {
  const agent = makeAgent({ keepAlive: false });
  await ask(agent);
  await ask(agent);
  assert.equal(relay.count, 2);
});

test("sockets tell what was verified", async () => {
  const { request, response } = begin(makeAgent());
  let told;
  request.on("socket", (socket) => {
    assert.equal(socket.atlsAttestation, undefined);
    socket.on("attestation", (attestation) => {
      assert.deepEqual(backend.seen, []);
      told = attestation;
    });
  });
  request.end();
  const { socket } = await response;
  assert.equal(told.trusted, true);
  assert.equal(socket.atlsAttestation, told);
  assert.equal(socket.encrypted, true);
  (await response).resume();
});

test("onAttestation is called before anything is sent, and can refuse", async () => {
  let told;
  await ask(
    makeAgent({
      onAttestation(attestation) {
        assert.deepEqual(backend.seen, []);
        told = attestation;
      },
    }),
  );
  assert.equal(told.trusted, true);
  backend.reset();
  const why = new Error("not this one");
  const agent = makeAgent({
    onAttestation() {
      throw why;
    },
  });
  assert.equal(await rejects(ask(agent, { method: "POST" }, "secret")), why);
  assert.deepEqual(backend.seen, []);
});

test("other hosts, ports and paths of sockets are refused, never passed on", async () => {
  const agent = makeAgent();
  const [, port] = relay.target.split(":");
  for (const how of [
    { host: "example.com" },
    { hostname: "example.com" },
    { port: Number(port) + 1 },
    { host: "127.0.0.1" },
    { headers: { host: "example.com" } },
    { servername: "example.com" },
    { socketPath: "/run/other.sock" },
  ]) {
    const all = { host: "localhost", port, path: "/", ...how };
    const request = https.request({ agent, ...all });
    request.end("secret");
    const error = await new Promise((resolve) => request.on("error", resolve));
    assert.equal(error.code, "wrong_host", JSON.stringify(how));
  }
  assert.equal(relay.count, 0);
  assert.equal((await ask(agent, { host: "LOCALHOST." })).status, 200);
});

/** What the request is refused with. */
async function refusal(agent, how, url = urlOf(), change = () => {}) {
  const { request, response } = begin(agent, { method: "POST", ...how }, url);
  change(request);
  request.end("secret");
  return rejects(response);
}

test("a Host of another does not reach the target, over no socket", async () => {
  const [, port] = relay.target.split(":");
  const hosts = [
    "other.example",
    "203.0.113.9",
    "127.0.0.1",
    "localhost",
    "localhost:9999",
    `localhost:${port}, other.example`,
    `user@localhost:${port}`,
    `https://localhost:${port}`,
  ];
  for (const isKept of [false, true]) {
    const agent = makeAgent();
    if (isKept) {
      await ask(agent, { servername: "localhost" });
      await ask(agent);
    }
    backend.reset();
    for (const host of hosts) {
      for (const servername of [undefined, "localhost"]) {
        const error = await refusal(agent, { headers: { host }, servername });
        assert.equal(error.code, "wrong_host", `${host} ${servername}`);
      }
    }
    assert.deepEqual(backend.seen, []);
    const headers = { host: `LOCALHOST:${port}` };
    assert.equal((await ask(agent, { headers })).status, 200);
  }
});

test("the agent's own options do not lead other hosts to the target", async () => {
  const [host, port] = relay.target.split(":");
  for (const isKept of [false, true]) {
    const agent = makeAgent();
    Object.assign(agent.options, { host, port, servername: host });
    if (isKept) {
      await ask(agent);
    }
    backend.reset();
    for (const url of ["https://other.example/", `https://${host}/`]) {
      const headers = { host: relay.target };
      for (const how of [{}, { headers }]) {
        assert.equal((await refusal(agent, how, url)).code, "wrong_host", url);
      }
    }
    assert.deepEqual(backend.seen, []);
    assert.equal((await ask(agent)).status, 200);
  }
});

test("a Host that is set late, or in an array, does not reach the target", async () => {
  const agent = makeAgent();
  for (let i = 0; i < 2; i++) {
    backend.reset();
    const late = (request) => request.setHeader("Host", "other.example");
    const error = await refusal(agent, {}, urlOf(), late);
    assert.equal(error.code, "wrong_host");
    for (const headers of [
      ["Host", "other.example"],
      ["Host", relay.target, "hOST", "other.example"],
    ]) {
      assert.equal((await refusal(agent, { headers })).code, "wrong_host");
    }
    assert.deepEqual(backend.seen, []);
    const headers = ["Host", relay.target, "X-Host", "other.example"];
    assert.equal((await ask(agent, { headers })).status, 200);
    const body = "\r\nHost: other.example\r\n\r\n";
    assert.equal((await ask(agent, { method: "POST" }, body)).status, 200);
  }
});

test("options that would be without effect are refused", () => {
  for (const more of [
    { ca: "x" },
    { checkServerIdentity: () => undefined },
    { cert: "x" },
    { key: "x" },
    { socketPath: "/x" },
    { target: undefined },
    { policy: 1 },
    { timeouts: { x: 1 } },
    { timeouts: { response: 1000 } },
    { timeouts: { idle: 1000 } },
    { rejectUnauthorized: false },
    { noDelay: false },
  ]) {
    assert.throws(
      () => makeAgent(more),
      (e) => e.code === "invalid",
      JSON.stringify(more),
    );
  }
  assert.throws(() => assay.createAtlsAgent("localhost"), /object/);
});

test("options count that are inherited, or a getter's", async () => {
  const strict = { ...policy, os_image_hash: "00".repeat(32) };
  const way = { target: relay.target, cache: false };
  class Given {
    target = relay.target;
    cache = false;
    get policy() {
      return strict;
    }
  }
  class Refused extends Given {
    get ca() {
      return "x";
    }
  }
  assay.setDefaultPolicy(policy);
  try {
    for (const given of [Object.create({ ...way, policy: strict }), new Given()]) {
      const agent = assay.createAtlsAgent(given);
      agents.push(agent);
      assert.equal((await rejects(ask(agent))).code, "not_trusted");
    }
    assert.throws(
      () => assay.createAtlsAgent(new Refused()),
      (e) => e.code === "invalid" && /ca/.test(e.message),
    );
    assert.deepEqual(backend.seen, []);
  } finally {
    assay.setDefaultPolicy(null);
  }
});

test("options that agents have in another way: the hint says how", () => {
  for (const [more, hint] of [
    [{ maxConnections: 3 }, /maxSockets/],
    [{ idleTimeout: 1000 }, /timeout/],
    [{ headers: { a: "b" } }, /request/],
    [{ defaultHeaders: { a: "b" } }, /request/],
    [{ servername: "localhost" }, /serverName/],
    [{ host: "localhost" }, /target/],
    [{ proxyUrl: "ws://localhost/" }, /target/],
    [{ worker: true }, /pages/],
    [{ ca: "x" }, /extraRoots/],
  ]) {
    const [name] = Object.keys(more);
    assert.throws(
      () => makeAgent(more),
      (e) =>
        e.code === "invalid" && e.message.includes(name) && hint.test(e.hint),
      name,
    );
  }
});

test("options that are misspelt are refused, as those of fetch are", () => {
  const inherited = (all) => Object.assign(Object.create(all), options());
  assert.throws(
    () => assay.createAtlsAgent(inherited({ maxsockets: 1 })),
    (e) => e.code === "invalid",
  );
  for (const more of [
    { onAttestaton: () => undefined },
    { collaterall: "https://localhost/" },
    { maxsockets: 1 },
    { toString: 1 },
    { constructor: 1 },
  ]) {
    const [name] = Object.keys(more);
    assert.throws(
      () => makeAgent(more),
      (e) =>
        e.code === "invalid" &&
        e.message === `there is no option ${name}` &&
        /target.*onAttestation.*maxSockets/.test(e.hint),
      name,
    );
  }
});

test("options of https.Agent that have an effect, or say what is so", async () => {
  const agent = makeAgent({
    keepAlive: undefined,
    ca: undefined,
    maxFreeSockets: 1,
    maxTotalSockets: 2,
    scheduling: "fifo",
    noDelay: true,
    rejectUnauthorized: true,
  });
  await Promise.all([1, 2, 3, 4].map(() => ask(agent)));
  assert.equal(relay.count, 2);
  await until(() => relay.open === 1);
});

test("without a policy nothing is sent", async () => {
  const { policy: _, ...rest } = options({ target: relay.target });
  const agent = assay.createAtlsAgent(rest);
  assert.equal((await rejects(ask(agent))).code, "policy_required");
  assert.equal(relay.count, 0);
});

test("a server that does not prove itself is sent nothing", async () => {
  sim("tcb=OutOfDate");
  try {
    const error = await rejects(ask(makeAgent(), { method: "POST" }, "secret"));
    assert.equal(error.code, "not_trusted");
    assert.equal(error.verdict.trusted, false);
    assert.deepEqual(backend.seen, []);
  } finally {
    sim("reset");
  }
});

test("another policy, another agent, another connection", async () => {
  await ask(makeAgent());
  const wrong = { ...policy, os_image_hash: "00".repeat(32) };
  const error = await rejects(ask(makeAgent({ policy: wrong })));
  assert.equal(error.code, "not_trusted");
  assert.equal(relay.count, 2);
});

test("a request that is destroyed while it connects ends the connection", async () => {
  relay.held = true;
  const { request, response } = begin(makeAgent());
  request.end();
  await until(() => relay.count === 1);
  request.destroy(new Error("enough"));
  assert.equal((await rejects(response)).message, "enough");
  await until(() => relay.open === 0);
});

test("destroy really closes: the server stops to answer", async () => {
  const gone = new Gate();
  backend.handle = (request, response) => {
    response.on("close", gone.open);
    response.write("begun");
  };
  const { request, response } = begin(makeAgent());
  request.end();
  const got = await response;
  await new Promise((resolve) => got.once("data", resolve));
  got.destroy();
  await gone.opened;
  await until(() => relay.open === 0);
});

test("setTimeout works, amid a response too", async () => {
  backend.handle = (request, response) => {
    response.write("begun");
  };
  const { request, response } = begin(makeAgent());
  const timed = new Promise((resolve) => request.setTimeout(50, resolve));
  request.end();
  (await response).on("error", () => {}).resume();
  await timed;
  request.destroy();
});

test("an idle socket is closed after the agent's timeout", async () => {
  await ask(makeAgent({ timeout: 50 }));
  await until(() => relay.open === 0);
});

test("an idle socket that the server closed is not used again", async () => {
  const agent = makeAgent();
  await ask(agent);
  relay.cut();
  await until(() => Object.keys(agent.freeSockets).length === 0);
  assert.equal((await ask(agent)).status, 200);
});

test("a connection that breaks fails the request", async () => {
  backend.handle = () => relay.cut();
  const error = await rejects(ask(makeAgent()));
  assert.ok(error instanceof Error);
});

test("many at the same time, with maxSockets", async () => {
  const agent = makeAgent({ maxSockets: 3 });
  const all = Array.from({ length: 12 }, (_, i) =>
    ask(agent, { method: "POST" }, `n${i}`),
  );
  const bodies = (await Promise.all(all)).map((x) => JSON.parse(x.body).body);
  assert.deepEqual(
    bodies,
    Array.from({ length: 12 }, (_, i) => `n${i}`),
  );
  assert.ok(relay.count <= 3);
});

test("large bodies, both ways", async () => {
  const body = Buffer.alloc(8 << 20, "x");
  backend.handle = async (request, response) =>
    response.end(await bodyOf(request));
  const got = await ask(makeAgent(), { method: "POST" }, body);
  assert.equal(got.body.length, body.length);
  assert.ok(Buffer.from(got.body).equals(body));
});

test("a program ends though sockets are idle", async () => {
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", PROGRAM],
    { env: { ...process.env, TARGET: relay.target }, timeout: 20_000 },
  );
  assert.equal(stdout.trim(), "200 200");
});

const PROGRAM = `
  import * as https from "node:https";
  const about = JSON.parse(process.env.ASSAY_WORLD);
  const assay = await import("file://" + about.dist + "/node.mjs");
  const { TARGET: target } = process.env;
  const options = { target, policy: about.policy, cache: false };
  const response = await assay.createAtlsFetch(options)("/");
  await response.text();
  const agent = assay.createAtlsAgent(options);
  const status = await new Promise((resolve, reject) => {
    https.get("https://" + target + "/", { agent }, (got) => {
      got.resume().on("end", () => resolve(got.statusCode));
    }).on("error", reject);
  });
  console.log(response.status, status);
`;

test("evidence is renewed on a kept socket; one that fails ends the others", async () => {
  const proofs = [];
  const agent = makeAgent({
    policy: { ...policy, reattestation_interval_secs: 1 },
    onAttestation: (attestation) => void proofs.push(attestation),
  });
  const isOld = () =>
    until(() => Date.now() - Math.max(...proofs.map((p) => p.attestedAt)) > 1500);
  await Promise.all([ask(agent), ask(agent)]);
  assert.equal(relay.count, 2);
  await isOld();
  await ask(agent);
  assert.deepEqual(
    proofs.map((p) => p.attestations),
    [1, 1, 2],
  );
  assert.equal(relay.count, 2);
  await isOld();
  sim("tcb=OutOfDate");
  try {
    backend.reset();
    const error = await rejects(ask(agent, { method: "POST" }, "secret"));
    assert.equal(error.code, "not_trusted", error.stack);
    await until(() => relay.open === 0);
    assert.deepEqual(backend.seen, []);
  } finally {
    sim("reset");
  }
});

test("a new socket that is not trusted ends the others", async () => {
  const downloads = new Gate();
  let received = 0;
  backend.handle = async (request, response) => {
    if (request.url === "/down") {
      response.write("begun, ");
      await downloads.opened;
    } else if (request.url === "/up") {
      request.on("data", (piece) => (received += piece.length));
      return;
    }
    response.end("done");
  };
  const agent = makeAgent();
  await Promise.all([ask(agent), ask(agent), ask(agent)]);
  const down = begin(agent, {}, urlOf("/down"));
  down.request.end();
  const answer = await down.response;
  const up = begin(agent, { method: "POST" }, urlOf("/up"));
  up.request.write(Buffer.alloc(1000));
  await until(() => received === 1000);
  assert.equal(Object.values(agent.freeSockets).flat().length, 1);
  backend.seen = [];
  sim("tcb=OutOfDate");
  try {
    const how = { method: "POST", family: 4 }; // of no kept socket
    const error = await rejects(ask(agent, how, "secret"));
    assert.equal(error.code, "not_trusted", error.stack);
    assert.equal((await rejects(up.response)).code, "not_trusted");
    await until(() => relay.open === 1);
    // What was sent is answered, and nothing follows on its socket.
    downloads.open();
    assert.equal((await bodyOf(answer)).toString(), "begun, done");
    await until(() => relay.open === 0);
    assert.equal((await rejects(ask(agent))).code, "not_trusted");
    assert.deepEqual(backend.seen, []);
  } finally {
    sim("reset");
  }
});
