// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// The page's side of `worker: true`, with a Worker that this test plays: which
// requests it is told of.

import assert from "node:assert/strict";
import * as path from "node:path";
import { beforeEach, test } from "node:test";
import { pathToFileURL } from "node:url";
import { dist, policy, rejects, until } from "./world.mjs";

const WHY = new Error("the caller's reason");

let told; // the requests of which the Worker was told

class PlayedWorker {
  /** Every request fails. */
  postMessage({ kind, id, ...more }) {
    if (kind === "request") {
      told.push(more);
      const error = { code: "network", message: "no", hint: "", retryAfter: 0 };
      const data = { kind: "failed", id, error };
      setImmediate(() => this.onmessage({ data }));
    }
  }
}

globalThis.Worker = PlayedWorker;
globalThis.WebSocket ??= class {}; // of Node 20 there are none
globalThis.navigator ??= {};

const page = await import(pathToFileURL(path.join(dist, "index.js")).href);
const fetch = page.createAtlsFetch({
  proxyUrl: "ws://127.0.0.1:9/",
  targetHost: "localhost",
  policy,
  worker: true,
});

beforeEach(() => (told = []));

/** As browsers have them that do not stream: its body is read, once open. */
function slowRequest() {
  const body = {};
  const text = new Promise((resolve) => (body.open = resolve));
  body.request = {
    url: "https://localhost/slow",
    method: "POST",
    headers: new Headers(),
    bodyUsed: false,
    blob() {
      body.asked = true;
      return text.then(() => new Blob(["secret"]));
    },
  };
  return body;
}

test("a request is told to the Worker, and ends as that says", async () => {
  const { signal } = new AbortController();
  assert.equal((await rejects(fetch("/", { signal }))).code, "network");
  assert.deepEqual(
    told.map(({ url }) => url),
    ["https://localhost/"],
  );
});

test("aborted right after the call: the Worker never learns of it", async () => {
  const form = new FormData();
  form.append("a", "secret");
  for (const body of [undefined, "secret", new Blob(["secret"]), form]) {
    const control = new AbortController();
    const method = body === undefined ? "GET" : "POST";
    const pending = rejects(fetch("/", { method, body, signal: control.signal }));
    control.abort(WHY);
    assert.equal(await pending, WHY);
  }
  assert.deepEqual(told, []);
});

test("aborted while the request's body is read: the Worker never learns of it", async () => {
  const control = new AbortController();
  const slow = slowRequest();
  const pending = rejects(fetch(slow.request, { signal: control.signal }));
  await until(() => slow.asked);
  control.abort(WHY);
  slow.open();
  assert.equal(await pending, WHY);
  assert.deepEqual(told, []);
});
