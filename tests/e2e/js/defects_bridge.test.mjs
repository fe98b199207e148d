// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// What went wrong in the binding for pages (../shared/spec/atls.md, 3.2, and hole 13
// of 7.1), here through assay-bridge as pages go; test_js_defects.py has the table.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import {
  assay,
  Backend,
  bridge,
  ca,
  Gate,
  HOST,
  makeFetch,
  ORIGIN,
  policy,
  port,
  refused,
  rejects,
  until,
} from "./world.mjs";

const MANY = 20;
const POST = { method: "POST", body: "secret" };

let backend;

before(async () => {
  backend = await Backend.start();
});
beforeEach(() => backend.reset());
afterEach(() => assay.closeAllConnections());
after(() => backend.close());

function through(more = {}) {
  return assay.createAtlsFetch({
    proxyUrl: `${bridge}?target=${HOST}`,
    targetHost: HOST,
    policy,
    cache: false,
    ...more,
  });
}

test("hole 13: a connection of a policy for development is not a strict one's", async () => {
  const weak = { ...policy, partial: true };
  delete weak.os_image_hash;
  delete weak.compose_hash;
  delete weak.accept_self_signed_certs;
  const wrong = { ...policy, os_image_hash: "00".repeat(32) };
  const development = through({ policy: weak, extraRoots: ca });
  assert.equal((await development("/weak")).status, 200);
  await refused(through({ policy: wrong })("/wrong", POST), "not_trusted");
  assert.equal((await through()("/strict")).status, 200);
  assert.deepEqual(
    backend.seen.map(({ url }) => url),
    ["/weak", "/strict"],
  );
});

test("3.2: a URL of another host is sent neither there nor to the TEE", async () => {
  const fetch = through();
  for (const url of [
    "https://google.com/",
    "https://api.openai.example/v1",
    `https://localhost:${port + 1}/`,
    `http://${HOST}/`,
    "//example.com/",
    new Request("https://example.com/", POST),
  ]) {
    await refused(fetch(url), "wrong_host");
  }
  assert.deepEqual(backend.seen, []);
  assert.equal((await fetch(`${ORIGIN}/own`)).status, 200);
});

test("3.2: requests at the same time do not disturb each other", async () => {
  const gate = new Gate();
  let open = 0;
  backend.handle = async (request, response) => {
    open++;
    response.write(`begun ${request.url} `);
    await gate.opened;
    response.end("done");
  };
  const fetch = through({ maxConnections: MANY });
  const ask = async (_, i) => (await fetch(`/${i}`, POST)).text();
  const all = Promise.all(Array.from({ length: MANY }, ask));
  await until(() => open === MANY);
  gate.open();
  const texts = await all;
  texts.forEach((text, i) => assert.equal(text, `begun /${i} done`));
});

test("3.2: several Set-Cookie stay several", async () => {
  backend.handle = (request, response) => {
    response.setHeader("Set-Cookie", ["a=1; Path=/", "b=2"]);
    response.end();
  };
  const response = await through()("/");
  assert.deepEqual(response.headers.getSetCookie(), ["a=1; Path=/", "b=2"]);
});

test("3.2: a body goes as it comes", async () => {
  const second = new Gate();
  backend.handle = async (request, response) => {
    let text = "";
    for await (const piece of request) {
      text += piece;
      if (text === "first") {
        second.open();
      }
    }
    response.end(text);
  };
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode("first"));
      await second.opened;
      controller.enqueue(new TextEncoder().encode("second"));
      controller.close();
    },
  });
  const init = { method: "POST", body, duplex: "half" };
  assert.equal(await (await through()("/", init)).text(), "firstsecond");
});

test("3.2: an abort reaches the server, before the head and amid the body", async () => {
  for (const begins of [false, true]) {
    const gone = new Gate();
    backend.reset();
    backend.handle = (request, response) => {
      response.on("close", gone.open);
      if (begins) {
        response.write("begun");
      }
    };
    const control = new AbortController();
    const why = new Error("enough");
    const text = through()("/", { signal: control.signal }).then((r) => {
      control.abort(why);
      return r.text();
    });
    const error = rejects(text);
    await until(() => backend.seen.length === 1);
    if (!begins) {
      control.abort(why);
    }
    assert.equal(await error, why);
    await gone.opened;
    await until(() => assay.getConnectionPoolStats().total === 0);
  }
});

test("3.2: a connection that onAttestation refused is not kept", async () => {
  const why = new Error("not this one");
  let calls = 0;
  const fetch = through({
    onAttestation() {
      calls++;
      throw why;
    },
  });
  assert.equal(await rejects(fetch("/", POST)), why);
  assert.equal(await rejects(fetch("/", POST)), why);
  assert.equal(calls, 2);
  assert.equal(assay.getConnectionPoolStats().total, 0);
  assert.deepEqual(backend.seen, []);
});

test("3.2: what was attested is told in the same words over TCP and through a bridge", async () => {
  const two = [await through()("/"), await makeFetch()("/")];
  const told = two.map(({ attestation }) => ({
    trusted: attestation.trusted,
    teeType: attestation.teeType,
    tcbStatus: attestation.tcbStatus,
    advisoryIds: attestation.advisoryIds,
    measurement: attestation.measurement,
    checks: attestation.verdict.checks.map((check) => check.name),
  }));
  assert.equal(told[0].teeType, "tdx");
  assert.match(told[0].measurement, /^[0-9a-f]{96}$/);
  assert.deepEqual(told[0], told[1]);
});

test("3.2: without a policy nothing is sent, and the error says what to do", async () => {
  const error = await refused(through({ policy: undefined })("/", POST), "policy_required");
  assert.match(error.hint, /setDefaultPolicy/);
  assert.deepEqual(backend.seen, []);
});
