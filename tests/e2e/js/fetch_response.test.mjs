// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// What comes back: heads, bodies, codings, redirects.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import * as zlib from "node:zlib";
import {
  assay,
  Backend,
  bodyOf,
  Gate,
  makeFetch,
  ORIGIN,
  port,
  refused,
  rejects,
  until,
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

function answering(status, headers, body, reason) {
  backend.handle = (request, response) => {
    response.writeHead(status, reason, headers);
    response.end(body);
  };
}

// --- heads -----------------------------------------------------------------------

test("a response is one of fetch", async () => {
  answering(201, { "X-A": "b", "Content-Type": "text/x" }, "body", "Made It");
  const response = await fetch("/a/../b?c#d");
  assert.ok(response instanceof Response);
  assert.equal(response.status, 201);
  assert.equal(response.ok, true);
  assert.equal(response.statusText, "Made It");
  assert.equal(response.url, `${ORIGIN}/b?c`);
  assert.equal(response.redirected, false);
  assert.equal(response.headers.get("x-a"), "b");
  assert.equal(response.bodyUsed, false);
  const copy = response.clone();
  assert.equal(await response.text(), "body");
  assert.equal(response.bodyUsed, true);
  assert.equal(copy.url, response.url);
  assert.equal(copy.attestation, response.attestation);
  assert.equal((await copy.blob()).type, "text/x");
});

test("statuses without a body, and HEAD, are no crash", async () => {
  for (const status of [204, 205, 304]) {
    answering(status, { "X-A": "b" });
    const response = await fetch("/");
    assert.equal(response.status, status);
    assert.equal(response.body, null);
    assert.equal(await response.text(), "");
  }
  answering(200, { "Content-Length": "1000" });
  const response = await fetch("/", { method: "HEAD" });
  assert.equal(response.headers.get("content-length"), "1000");
  assert.equal(response.body, null);
  answering(200, {}, "still here");
  assert.equal(await (await fetch("/")).text(), "still here");
});

test("several Set-Cookie stay several", async () => {
  answering(200, { "Set-Cookie": ["a=1; Path=/", "b=2"], "X-M": ["1", "2"] }, "");
  const response = await fetch("/");
  assert.deepEqual(response.headers.getSetCookie(), ["a=1; Path=/", "b=2"]);
  assert.equal(response.headers.get("x-m"), "1, 2");
});

test("what was verified is told with each response", async () => {
  const { attestation } = await fetch("/");
  assert.equal(attestation.trusted, true);
  assert.equal(attestation.teeType, "tdx");
  assert.equal(attestation.tcbStatus, "UpToDate");
  assert.deepEqual(attestation.advisoryIds, []);
  assert.match(attestation.measurement, /^[0-9a-f]{96}$/);
  assert.ok(attestation.attestedAt instanceof Date);
  assert.equal(attestation.verdict.trusted, true);
  assert.ok(attestation.verdict.checks.length > 10);
  assert.ok(JSON.parse(await attestation.evidence()));
});

test("informational responses are passed by", async () => {
  backend.handle = (request, response) => {
    response.writeEarlyHints({ link: "</a>; rel=preload" });
    response.end("final");
  };
  const response = await fetch("/");
  assert.equal(response.status, 200);
  assert.equal(await response.text(), "final");
});

// --- bodies ----------------------------------------------------------------------

test("a stream is not held back", async () => {
  const second = new Gate();
  backend.handle = async (request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write("data: 1\n\n");
    await second.opened;
    response.end("data: 2\n\n");
  };
  const reader = (await fetch("/")).body
    .pipeThrough(new TextDecoderStream())
    .getReader();
  assert.equal((await reader.read()).value, "data: 1\n\n");
  second.open();
  assert.equal((await reader.read()).value, "data: 2\n\n");
  assert.equal((await reader.read()).done, true);
});

test("a body that is cut fails", async () => {
  for (const headers of [{ "Content-Length": "100" }, {}]) {
    backend.handle = (request, response) => {
      response.writeHead(200, headers);
      response.write("only this");
      setImmediate(() => response.destroy());
    };
    const error = await rejects(fetch("/").then((r) => r.text()));
    assert.ok(error instanceof Error);
  }
});

test("a large body comes whole, and waits for its reader", async () => {
  const SIZE = 16 * 1024 * 1024;
  let sent = 0;
  backend.handle = async (request, response) => {
    const piece = Buffer.alloc(64 * 1024, 7);
    for (; sent < SIZE; sent += piece.length) {
      if (!response.write(piece)) {
        await new Promise((resolve) => response.once("drain", resolve));
      }
    }
    response.end();
  };
  const reader = (await fetch("/")).body.getReader();
  let got = (await reader.read()).value.length;
  for (let i = 0; i < 50; i++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const ahead = sent;
  for (let next; !(next = await reader.read()).done; ) {
    assert.equal(next.value[0], 7);
    got += next.value.length;
  }
  assert.equal(got, SIZE);
  assert.ok(ahead < SIZE, "all was taken though nobody read");
});

/** Node has it from 20.12 on. */
function hasRawDeflate() {
  try {
    return new DecompressionStream("deflate-raw") !== undefined;
  } catch {
    return false;
  }
}

test("codings are taken off as fetch does", async () => {
  const TEXT = "text ".repeat(10_000);
  for (const [coding, body] of [
    ["gzip", zlib.gzipSync(TEXT)],
    ["x-gzip", zlib.gzipSync(TEXT)],
    ["GZIP", zlib.gzipSync(TEXT)],
    ["deflate", zlib.deflateSync(TEXT)],
    ["deflate", zlib.deflateRawSync(TEXT)],
    ["deflate, gzip", zlib.gzipSync(zlib.deflateSync(TEXT))],
    ["identity", TEXT],
  ]) {
    answering(200, { "Content-Encoding": coding }, body);
    const response = await fetch("/", { headers: { "accept-encoding": "gzip" } });
    if (coding === "deflate" && body[0] !== 0x78 && !hasRawDeflate()) {
      await refused(response.text(), "unsupported");
      await until(() => assay.getConnectionPoolStats().busy === 0);
      continue;
    }
    assert.equal(await response.text(), TEXT, coding);
    assert.equal(response.headers.get("content-encoding"), coding);
    assert.equal(backend.seen.at(-1).headers["accept-encoding"], "gzip");
  }
});

async function drained(stream) {
  for await (const _ of stream);
}

test("codings that are unknown, empty, broken or too many", async () => {
  answering(200, { "Content-Encoding": "br" }, zlib.brotliCompressSync("x"));
  const coded = Buffer.from(await (await fetch("/")).arrayBuffer());
  assert.equal(zlib.brotliDecompressSync(coded).toString(), "x");
  answering(200, { "Content-Encoding": "gzip" }, "");
  assert.equal(await (await fetch("/")).text(), "");
  for (const [coding, body] of [
    ["gzip", zlib.gzipSync("text").subarray(0, 15)],
    ["gzip", "this is none"],
    ["deflate", "this is none"],
    ["gzip, deflate", zlib.deflateSync("this is no gzip")],
    ["deflate, gzip", "this is none"],
  ]) {
    answering(200, { "Content-Encoding": coding }, body);
    const error = await refused(fetch("/").then((r) => r.text()), "malformed");
    assert.match(error.message, /gzip|deflate/);
    assert.notEqual(error.hint, "");
    const { body: stream } = await fetch("/");
    await refused(drained(stream), "malformed");
  }
  answering(200, { "Content-Encoding": "gzip,gzip,gzip,gzip,gzip" }, "x");
  await refused(fetch("/"), "unsupported");
});

// --- redirects -------------------------------------------------------------------

/** The first answer is a redirect, the next tells what came. */
function redirecting(status, location, more = {}) {
  const echo = backend.handle;
  let first = true;
  backend.handle = async (request, response) => {
    if (!first) {
      await echo(request, response);
      return;
    }
    first = false;
    await bodyOf(request);
    response.writeHead(status, { Location: location, ...more });
    response.end("moved");
  };
}

test("redirects are followed with fetch's rules on methods and bodies", async () => {
  for (const [status, method, then] of [
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "POST", "GET"],
    [303, "PUT", "GET"],
    [301, "PUT", "PUT"],
    [307, "POST", "POST"],
    [308, "POST", "POST"],
  ]) {
    backend.reset();
    redirecting(status, "/there?q");
    const response = await fetch("/here", {
      method,
      body: "content",
      headers: { authorization: "Bearer x", "content-language": "en" },
    });
    const got = await response.json();
    assert.equal(got.method, then, `${status} ${method}`);
    assert.equal(got.url, "/there?q");
    assert.equal(got.body, then === "GET" ? "" : "content");
    assert.equal(got.headers["content-type"] === undefined, then === "GET");
    assert.equal(got.headers["content-language"] === undefined, then === "GET");
    assert.equal(got.headers.authorization, "Bearer x");
    assert.equal(response.redirected, true);
    assert.equal(response.url, `${ORIGIN}/there?q`);
  }
});

test("HEAD stays HEAD", async () => {
  redirecting(303, "/there");
  assert.equal((await fetch("/", { method: "HEAD" })).status, 200);
  assert.deepEqual(
    backend.seen.map((x) => `${x.method} ${x.url}`),
    ["HEAD /", "HEAD /there"],
  );
});

test("a stream that a redirect does not want is told", async () => {
  const cancelled = new Gate();
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(3)),
    cancel: cancelled.open,
  });
  backend.handle = (request, response) => {
    if (request.url === "/there") {
      response.end("there");
    } else {
      response.writeHead(303, { Location: "/there" });
      response.end();
    }
  };
  const init = { method: "POST", body, duplex: "half" };
  assert.equal(await (await fetch("/", init)).text(), "there");
  await cancelled.opened;
});

test("where redirects lead is read as URLs are", async () => {
  for (const [location, url] of [
    [`${ORIGIN}/x`, "/x"],
    [`https://LOCALHOST.:${port}/x`, "/x"],
    ["../x", "/x"],
    ["?x", "/a/b?x"],
    [`${ORIGIN}//bank.example/account`, "//bank.example/account"],
    [`${ORIGIN}//`, "//"],
    [`${ORIGIN}/\\x`, "//x"],
    ["..//b", "//b"],
    [Buffer.from("/grüße").toString("latin1"), "/gr%C3%BC%C3%9Fe"],
  ]) {
    backend.reset();
    redirecting(302, location);
    const response = await fetch("/a/b");
    assert.equal(response.url, ORIGIN + url);
    assert.equal((await response.json()).url, url);
  }
});

test("a redirect off the attested host is refused", async () => {
  for (const location of [
    "https://example.com/",
    `http://localhost:${port}/`,
    "https://localhost/",
    "//evil.example/",
    "/\\evil.example/",
    `https://user@localhost:${port}/`,
    "data:text/plain,x",
    "https://%",
  ]) {
    backend.reset();
    redirecting(302, location);
    const init = { headers: { authorization: "Bearer secret" } };
    await refused(fetch("/", init), "redirect_refused");
    assert.equal(backend.seen.length, 1);
  }
});

test("redirect: error, and manual", async () => {
  redirecting(302, "/there");
  await refused(fetch("/", { redirect: "error" }), "redirect_refused");
  backend.reset();
  redirecting(302, "https://example.com/");
  const response = await fetch("/", { redirect: "manual" });
  assert.equal(response.status, 302);
  assert.equal(response.headers.get("location"), "https://example.com/");
  assert.equal(response.redirected, false);
  assert.equal(await response.text(), "moved");
});

test("what is no redirect is none", async () => {
  for (const [status, headers] of [
    [300, { Location: "/there" }],
    [305, { Location: "/there" }],
    [302, {}],
    [200, { Location: "/there" }],
  ]) {
    answering(status, headers, "as it is");
    assert.equal(await (await fetch("/")).text(), "as it is");
  }
});

test("twenty redirects are followed, and no more", async () => {
  const chain = (left) => {
    backend.handle = (request, response) => {
      if (left-- > 0) {
        response.writeHead(302, { Location: `/${left}` });
      }
      response.end();
    };
  };
  chain(20);
  assert.equal((await fetch("/")).status, 200);
  backend.reset();
  chain(21);
  await refused(fetch("/"), "redirect_refused");
  assert.equal(backend.seen.length, 21);
});

test("a stream cannot be sent again where a redirect asks for it", async () => {
  const stream = () => new Blob(["x"]).stream();
  const init = () => ({ method: "POST", body: stream(), duplex: "half" });
  redirecting(307, "/there");
  await refused(fetch("/", init()), "redirect_refused");
  backend.reset();
  redirecting(303, "/there");
  assert.equal((await (await fetch("/", init())).json()).method, "GET");
});

test("a redirect's body that does not come, or is cut, does not keep it", async () => {
  for (const end of [() => {}, (response) => response.destroy()]) {
    backend.handle = (request, response) => {
      if (request.url === "/there") {
        response.end("there");
        return;
      }
      response.writeHead(302, { Location: "/there", "Content-Length": 10 });
      response.write("half", () => end(response));
    };
    assert.equal(await (await fetch("/")).text(), "there");
  }
});

test("a redirect's endless body does not keep it", async () => {
  backend.handle = (request, response) => {
    if (request.url === "/there") {
      response.end("there");
      return;
    }
    response.writeHead(302, { Location: "/there" });
    const piece = Buffer.alloc(64 * 1024);
    const pour = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", pour);
    pour();
  };
  assert.equal(await (await fetch("/")).text(), "there");
});

test("a body that expands a thousandfold waits for its reader", async () => {
  const SIZE = 256 << 20;
  const coded = zlib.gzipSync(Buffer.alloc(SIZE));
  answering(200, { "Content-Encoding": "gzip" }, coded);
  const memory = () => process.memoryUsage().arrayBuffers;
  const before = memory();
  const reader = (await fetch("/")).body.getReader();
  let got = (await reader.read()).value.length;
  let most = 0;
  for (let i = 0; i < 40; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    most = Math.max(most, memory() - before);
  }
  assert.ok(most < 32 << 20, `${most} octets are held`);
  for (let next; !(next = await reader.read()).done; ) {
    got += next.value.length;
  }
  assert.equal(got, SIZE);
});

test("a 205 with a body, which it must not have, keeps no connection busy", async () => {
  const before = assay.getConnectionPoolStats().busy;
  backend.handle = (request, response) => {
    response.writeHead(205, { "Content-Length": 10 });
    response.write("half");
  };
  const response = await fetch("/").catch(() => undefined);
  assert.equal(response?.body ?? null, null);
  await until(() => assay.getConnectionPoolStats().busy === before);
});
