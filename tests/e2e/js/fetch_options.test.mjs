// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// Options that are not an object's own: inherited, or given by a class. What is
// checked of them is what counts.

import assert from "node:assert/strict";
import * as path from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { pathToFileURL } from "node:url";
import {
  assay,
  Backend,
  dist,
  options,
  policy,
  refused,
  rejects,
} from "./world.mjs";

const STRICT = { ...policy, os_image_hash: "00".repeat(32) }; // nobody's

let backend;

before(async () => {
  backend = await Backend.start();
});
beforeEach(() => {
  backend.reset();
  assay.setDefaultPolicy(policy); // which the server satisfies
});
afterEach(() => {
  assay.setDefaultPolicy(null);
  assay.closeAllConnections();
});
after(() => backend.close());

const { policy: _, ...WAY } = options();

class Strict {
  target = WAY.target;
  cache = false;

  get policy() {
    return STRICT;
  }
}

/** Options whose policy is no member of their own. */
const FOREIGN = {
  "a prototype": (way) => Object.assign(Object.create({ policy: STRICT }), way),
  "prototypes all the way": (way) =>
    Object.create(Object.create({ ...way, policy: STRICT })),
  "a class": () => new Strict(),
};

for (const [what, make] of Object.entries(FOREIGN)) {
  test(`the policy of ${what} is in force, not the default one`, async () => {
    await refused(assay.createAtlsFetch(make(WAY))("/"), "not_trusted");
    await refused(assay.AttestedStream.connect(make(WAY)), "not_trusted");
    assert.deepEqual(backend.seen, []);
  });
}

test("other options are inherited, too", async () => {
  const why = new Error("not this one");
  const onAttestation = () => {
    throw why;
  };
  const signal = AbortSignal.abort(why);
  const fetch = assay.createAtlsFetch(Object.create({ ...WAY, onAttestation }));
  assert.equal(await rejects(fetch("/")), why);
  const stream = assay.AttestedStream.connect(Object.create({ ...WAY, signal }));
  assert.equal(await rejects(stream), why);
  assert.throws(
    () => assay.createAtlsFetch(Object.create({ ...WAY, polciy: STRICT })),
    (e) => e.code === "invalid" && /polciy/.test(e.message),
  );
});

test("limits of time are inherited, and checked", async () => {
  const make = (timeouts) => assay.createAtlsFetch({ ...WAY, timeouts });
  const late = make(Object.create({ response: 50 }));
  backend.handle = () => undefined;
  const signal = AbortSignal.timeout(10_000);
  await refused(late("/", { signal }), "timeout");
  assert.throws(
    () => make(Object.create({ respones: 1 })),
    (e) => e.code === "invalid",
  );
});

test("what a getter gives is asked for once", async () => {
  let asked = 0;
  const fetch = assay.createAtlsFetch({
    ...WAY,
    get policy() {
      return asked++ === 0 ? STRICT : policy;
    },
  });
  await refused(fetch("/"), "not_trusted");
  assert.equal(asked, 1);
});

test("a policy that has members of others is refused: JSON would lose them", () => {
  const { type, ...more } = STRICT;
  class Given {
    type = type;
  }
  for (const bad of [
    Object.assign(Object.create(more), { type }),
    Object.assign(Object.create(Object.assign(Object.create(null), more)), {
      type,
    }),
    new Given(),
    [],
  ]) {
    for (const give of [
      () => assay.createAtlsFetch({ ...WAY, policy: bad }),
      () => assay.setDefaultPolicy(bad),
    ]) {
      assert.throws(give, (e) => e.code === "invalid");
    }
  }
  const bare = Object.assign(Object.create(null), STRICT);
  assert.ok(assay.createAtlsFetch({ ...WAY, policy: bare }));
});

// --- in a page, with a Worker -------------------------------------------------

test("a Worker is told of the policy that is in force", async (t) => {
  const told = [];
  const stubs = {
    WebSocket: class {},
    Worker: class {
      postMessage(message) {
        told.push(message);
      }
      terminate() {}
    },
    navigator: {},
  };
  for (const [name, value] of Object.entries(stubs)) {
    const had = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true });
    t.after(() =>
      had === undefined
        ? delete globalThis[name]
        : Object.defineProperty(globalThis, name, had),
    );
  }
  const page = await import(pathToFileURL(path.join(dist, "index.js")).href);
  page.setDefaultPolicy(policy);
  const way = { proxyUrl: "ws://127.0.0.1:9/", targetHost: "a.example" };
  const stop = new AbortController();
  const asked = [
    Object.create({ ...way, worker: true, policy: STRICT }),
    Object.assign(Object.create({ policy: STRICT }), { ...way, worker: true }),
  ].map((given) =>
    rejects(page.createAtlsFetch(given)("/", { signal: stop.signal })),
  );
  await new Promise((resolve) => setImmediate(resolve));
  stop.abort();
  await Promise.all(asked);
  const opened = told.filter(({ kind }) => kind === "open");
  assert.deepEqual(
    opened.map((message) => message.options.policy),
    [STRICT, STRICT],
  );
  assert.deepEqual(opened[0].options, opened[1].options);
});
