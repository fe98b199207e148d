// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// What is sent: where to, methods, fields, bodies, Request objects.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { Readable } from "node:stream";
import {
  assay,
  Backend,
  bodyOf,
  Gate,
  HOST,
  makeFetch,
  options,
  ORIGIN,
  port,
  refused,
} from "./world.mjs";

let backend;
let fetch;

before(async () => {
  backend = await Backend.start();
  fetch = makeFetch();
});
beforeEach(() => backend.reset());
after(async () => {
  assay.closeAllConnections();
  await backend.close();
});

async function echo(input, init) {
  return (await fetch(input, init)).json();
}

// --- where to ----------------------------------------------------------------

test("every spelling of the target's own URLs is served", async () => {
  for (const input of [
    `${ORIGIN}/a?b=c#d`,
    `https://LOCALHOST:${port}/a?b=c`,
    `https://localhost.:${port}/a?b=c`,
    `HTTPS://localhost:${port}/x/../a?b=c`,
    `/a?b=c`,
    "a?b=c",
    `//${HOST}/a?b=c`,
    new URL(`${ORIGIN}/a?b=c`),
    new Request(`${ORIGIN}/a?b=c`),
    { toString: () => "/a?b=c" },
  ]) {
    const got = await echo(input);
    assert.equal(got.url, "/a?b=c", String(input));
    assert.equal(got.headers.host, HOST);
  }
});

test("a path that begins with two slashes is a path, and no host", async () => {
  for (const [input, url] of [
    [`${ORIGIN}//evil.example/x`, "//evil.example/x"],
    [`${ORIGIN}//x/y?q`, "//x/y?q"],
    [`${ORIGIN}//`, "//"],
    [`${ORIGIN}/\\x`, "//x"],
    [`${ORIGIN}/a/..//b`, "//b"],
    ["a/..//b", "//b"],
    [`//${HOST}//x/y`, "//x/y"],
    [new Request(`${ORIGIN}//x/y`), "//x/y"],
  ]) {
    const response = await fetch(input);
    assert.equal(response.url, ORIGIN + url);
    const got = await response.json();
    assert.equal(got.url, url);
    assert.equal(got.headers.host, HOST);
  }
  backend.reset();
  await refused(fetch("//x/y"), "wrong_host");
  await refused(fetch("/\\x"), "wrong_host");
  await refused(fetch("//"), "invalid");
  assert.deepEqual(backend.seen, []);
});

test("a URL that is not the target's is refused, and sent nowhere", async () => {
  for (const input of [
    `http://${HOST}/`,
    `wss://${HOST}/`,
    "https://localhost/",
    `https://localhost:${port + 1}/`,
    `https://127.0.0.1:${port}/`,
    `https://[::1]:${port}/`,
    `https://localhost.example:${port}/`,
    `https://localhost..:${port}/`,
    "//example.com/",
    "https://example.com/",
    "data:text/plain,x",
    "file:///etc/passwd",
    "blob:https://localhost/x",
    new URL("https://example.com/"),
    new Request("https://example.com/", { method: "POST", body: "secret" }),
  ]) {
    await refused(fetch(input, { redirect: "follow" }), "wrong_host");
  }
  await refused(fetch("https://bad host/"), "invalid");
  await refused(fetch(`https://user:secret@${HOST}/`), "invalid");
  assert.deepEqual(backend.seen, []);
});

test("a field Host that is another's is refused", async () => {
  const port = HOST.split(":")[1];
  const others = ["example.com", "localhost:1", `${HOST}, example.com`];
  others.push(`${HOST}/`, `user@${HOST}`, `https://${HOST}`, "");
  for (const host of others) {
    await refused(fetch("/", { headers: { host } }), "wrong_host");
  }
  for (const host of [HOST, `LocalHost:${port}`, `localhost.:${port}`]) {
    const seen = await echo("/", { headers: { host } });
    assert.equal(seen.headers.host, HOST);
  }
});

test("options that cannot be are refused at once", () => {
  const make = (o) => () => assay.createAtlsFetch(o);
  for (const bad of [
    "localhost",
    null,
    undefined,
    {},
    { target: "" },
    { target: "a b" },
    { target: "http://localhost" },
    { target: "https://localhost/path" },
    { target: "https://u@localhost" },
    { target: "." },
    options({ polciy: {} }),
    options({ maxConnections: 0 }),
    options({ idleTimeout: -1 }),
    options({ idleTimeout: Infinity }),
    options({ timeouts: { idle: 2 ** 31 } }),
    options({ timeouts: { respones: 1 } }),
    options({ timeouts: { connect: "1" } }),
    options({ onAttestation: true }),
    options({ policy: "dstack" }),
    options({ collateral: 5 }),
    options({ collateral: new URL("https://pccs.example") }),
    options({ collateral: ["https://pccs.example", null] }),
    options({ headers: { "a b": "c" } }),
    { proxyUrl: "http://bridge", targetHost: "localhost" },
    { proxyUrl: "ws://bridge#x", targetHost: "localhost" },
    { proxyUrl: "ws://bridge" },
  ]) {
    assert.throws(make(bad), (e) => e.code === "invalid", JSON.stringify(bad));
  }
  assert.throws(make("localhost"), /object/);
});

test("worker: true is for pages, through a bridge too", (t) => {
  const had = globalThis.WebSocket;
  t.after(() => (globalThis.WebSocket = had));
  globalThis.WebSocket ??= class {}; // of Node 20 there is none
  const way = { proxyUrl: "ws://127.0.0.1:9/", targetHost: "localhost" };
  assert.ok(assay.createAtlsFetch({ ...way, worker: false }));
  for (const bad of [options({ worker: true }), { ...way, worker: true }]) {
    assert.throws(
      () => assay.createAtlsFetch(bad),
      (e) => e.code === "invalid" && /worker/.test(e.message),
    );
  }
});

// --- methods and fields --------------------------------------------------------

test("methods", async () => {
  for (const [given, sent] of [
    [undefined, "GET"],
    ["get", "GET"],
    ["delete", "DELETE"],
    ["OPTIONS", "OPTIONS"],
    ["put", "PUT"],
    ["PATCH", "PATCH"],
    ["PROPFIND", "PROPFIND"],
  ]) {
    assert.equal((await echo("/", { method: given })).method, sent);
  }
  for (const bad of ["CONNECT", "trace", "TRACK", "", "A B", "GET\r\nX: y"]) {
    await refused(fetch("/", { method: bad }), "invalid");
  }
});

test("fields as they were given, and those of every request", async () => {
  const other = makeFetch({
    headers: { "x-default": "d", authorization: "Bearer default" },
  });
  const response = await other("/", {
    headers: [
      ["Authorization", "Bearer mine"],
      ["X-Many", "1"],
      ["x-many", "2"],
      ["X-Latin", "caf\xe9"],
      ["Cookie", "a=b"],
    ],
  });
  const { headers } = await response.json();
  assert.equal(headers["x-default"], "d");
  assert.equal(headers.authorization, "Bearer mine");
  assert.equal(headers["x-many"], "1, 2");
  assert.equal(headers["x-latin"], "caf\xe9");
  assert.equal(headers.cookie, "a=b");
  assert.equal(headers.accept, "*/*");
  assert.equal(headers["accept-encoding"], "identity");
});

test("fields of the connection are not a request's", async () => {
  const got = await echo("/", {
    headers: {
      Connection: "close, x-secret",
      "Keep-Alive": "timeout=1",
      TE: "trailers",
      Expect: "100-continue",
      "Content-Length": "77",
    },
  });
  for (const name of ["keep-alive", "te", "expect", "content-length"]) {
    assert.equal(got.headers[name], undefined, name);
  }
  for (const name of ["Transfer-Encoding", "Upgrade", "Proxy-Authorization"]) {
    const headers = { [name]: "secret-value" };
    const error = await refused(fetch("/", { headers }), "invalid");
    assert.doesNotMatch(error.message, /secret-value/);
  }
});

test("errors do not repeat what the fields say", async () => {
  const headers = { authorization: "secret\r\nvalue" };
  const error = await refused(fetch("/", { headers }), "invalid");
  assert.doesNotMatch(String(error.stack), /secret/);
});

test("what is ignored, and what cannot be", async () => {
  const got = await echo("/", {
    mode: "same-origin",
    credentials: "include",
    cache: "no-store",
    keepalive: true,
    referrer: "",
    referrerPolicy: "no-referrer",
    priority: "high",
  });
  assert.equal(got.method, "GET");
  await refused(fetch("/", { integrity: "sha256-AAAA" }), "invalid");
  await refused(fetch("/", { redirect: "elsewhere" }), "invalid");
});

// --- bodies --------------------------------------------------------------------

const NOISE = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 251));

test("bodies of every kind", async () => {
  const form = new FormData();
  form.append("a", "b");
  form.append("f", new Blob(["file"], { type: "x/y" }), "f.txt");
  for (const [body, type, text] of [
    ["grüße", "text/plain;charset=UTF-8", Buffer.from("grüße")],
    ["", "text/plain;charset=UTF-8", Buffer.alloc(0)],
    [
      new URLSearchParams({ a: "b c" }),
      "application/x-www-form-urlencoded;charset=UTF-8",
      Buffer.from("a=b+c"),
    ],
    [NOISE, undefined, NOISE],
    [NOISE.buffer.slice(NOISE.byteOffset, NOISE.byteOffset + 5000), undefined, NOISE],
    [new DataView(NOISE.buffer, NOISE.byteOffset, 9), undefined, NOISE.subarray(0, 9)],
    [new Blob([NOISE], { type: "a/b" }), "a/b", NOISE],
    [form, /^multipart\/form-data; boundary=/, undefined],
  ]) {
    const got = await echo("/", { method: "POST", body });
    if (type instanceof RegExp) {
      assert.match(got.headers["content-type"], type);
      assert.match(got.body, /name="f"; filename="f\.txt"/);
    } else {
      assert.equal(got.headers["content-type"], type);
      assert.equal(got.body, text.toString("latin1"));
    }
    assert.equal(got.headers["content-length"], String(got.body.length));
    assert.equal(got.headers["transfer-encoding"], undefined);
  }
});

test("a type that was given is kept", async () => {
  const got = await echo("/", {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  assert.equal(got.headers["content-type"], "application/json");
});

test("a POST without a body says so", async () => {
  const got = await echo("/", { method: "POST" });
  assert.equal(got.headers["content-length"], "0");
});

test("a body may change once it was given", async () => {
  const body = new Uint8Array([97, 98]);
  const answer = echo("/", { method: "POST", body });
  body.fill(120);
  assert.equal((await answer).body, "ab");
});

test("bodies that cannot be", async () => {
  const locked = new ReadableStream();
  locked.getReader();
  const wrong = new ReadableStream({
    start(controller) {
      controller.enqueue("text");
    },
  });
  for (const body of [{ a: 1 }, 7, true, locked, wrong]) {
    await refused(fetch("/", { method: "POST", body, duplex: "half" }), "invalid");
  }
  await refused(fetch("/", { method: "GET", body: "x" }), "invalid");
  await refused(fetch("/", { method: "HEAD", body: "x" }), "invalid");
  const headers = { "content-length": "3" };
  await refused(fetch("/", { method: "POST", body: "four", headers }), "invalid");
});

test("a stream goes as it comes: the server has the first piece before there is a second", async () => {
  const second = new Gate();
  backend.handle = async (request, response) => {
    let text = "";
    for await (const piece of request) {
      text += piece;
      if (text === "first") {
        second.open();
      }
    }
    response.end(`${request.headers["transfer-encoding"]} ${text}`);
  };
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode("first"));
      await second.opened;
      controller.enqueue(new TextEncoder().encode("second"));
      controller.close();
    },
  });
  const response = await fetch("/", { method: "POST", body, duplex: "half" });
  assert.equal(await response.text(), "chunked firstsecond");
});

test("streams of Node, and generators", async () => {
  async function* pieces() {
    yield "one ";
    yield new Uint8Array([50]);
  }
  for (const body of [Readable.from(["one ", "2"]), pieces()]) {
    const got = await echo("/", { method: "POST", body, duplex: "half" });
    assert.equal(got.body, "one 2");
    assert.equal(got.headers["transfer-encoding"], "chunked");
  }
});

test("a stream of a known length", async () => {
  const stream = () => new Blob(["12345"]).stream();
  const send = (length) =>
    fetch("/", {
      method: "POST",
      body: stream(),
      duplex: "half",
      headers: { "Content-Length": length },
    });
  const got = await (await send("5")).json();
  assert.equal(got.headers["content-length"], "5");
  assert.equal(got.body, "12345");
  await assert.rejects(send("4"));
  await assert.rejects(send("6"));
  await refused(send("5x"), "invalid");
});

test("a stream that fails fails the request with its reason", async () => {
  const why = new Error("no more");
  const body = new ReadableStream({
    pull(controller) {
      controller.error(why);
    },
  });
  await assert.rejects(
    fetch("/", { method: "POST", body, duplex: "half" }),
    (e) => e === why || e.cause === why,
  );
});

test("a large stream is not gathered", async () => {
  const PIECE = new Uint8Array(64 * 1024);
  const COUNT = 256;
  let given = 0;
  let most = 0;
  let taken = 0;
  backend.handle = async (request, response) => {
    for await (const piece of request) {
      taken += piece.length;
      most = Math.max(most, given - taken);
    }
    response.end(String(taken));
  };
  const body = new ReadableStream(
    {
      pull(controller) {
        given += PIECE.length;
        controller.enqueue(PIECE);
        if (given === COUNT * PIECE.length) {
          controller.close();
        }
      },
    },
    { highWaterMark: 0 },
  );
  const response = await fetch("/", { method: "POST", body, duplex: "half" });
  assert.equal(Number(await response.text()), COUNT * PIECE.length);
  assert.ok(most < (COUNT * PIECE.length) / 2, `${most} waited`);
});

// --- Request objects -------------------------------------------------------------

test("Request objects keep method, fields and body", async () => {
  const request = new Request(`${ORIGIN}/there?x`, {
    method: "PUT",
    headers: { "x-a": "b", "content-type": "text/x" },
    body: "content",
  });
  const got = await echo(request);
  assert.equal(got.method, "PUT");
  assert.equal(got.url, "/there?x");
  assert.equal(got.headers["x-a"], "b");
  assert.equal(got.headers["content-type"], "text/x");
  assert.equal(got.body, "content");
  assert.ok(request.bodyUsed);
  await refused(fetch(request), "invalid");
});

test("what is said besides a Request counts", async () => {
  const request = new Request(`${ORIGIN}/`, {
    method: "POST",
    headers: { "x-a": "b" },
    body: "content",
  });
  const got = await echo(request, {
    method: "PATCH",
    headers: { "x-c": "d" },
    body: "other",
  });
  assert.equal(got.method, "PATCH");
  assert.equal(got.headers["x-a"], undefined);
  assert.equal(got.headers["x-c"], "d");
  assert.equal(got.body, "other");
});

test("the signal of a Request counts", async () => {
  const control = new AbortController();
  const why = new Error("not now");
  control.abort(why);
  const request = new Request(`${ORIGIN}/`, { signal: control.signal });
  await assert.rejects(fetch(request), (e) => e === why);
  assert.deepEqual(backend.seen, []);
});

test("requests are not answered before their body is read, if the server wants to", async () => {
  backend.handle = async (request, response) => {
    response.end((await bodyOf(request)).toString());
  };
  const texts = await Promise.all(
    ["a", "b", "c"].map(async (body) =>
      (await fetch("/", { method: "POST", body })).text(),
    ),
  );
  assert.deepEqual(texts, ["a", "b", "c"]);
});
