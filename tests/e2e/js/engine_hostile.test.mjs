// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_hostile.test.mjs - servers that have proved themselves and then answer
// as no server should: every answer is refused or comes to an end, and its
// connection serves nobody again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { enclave } from "./engine_enclave.mjs";
import * as kit from "./engine_kit.mjs";

const { connect, get, octets, post, rejection, text, until } = kit;
const { AtlsError } = kit.engine;

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
const sized = (n, body = "") => `${OK}Content-Length: ${n}\r\n\r\n${body}`;

/** Again and again, until the client has had enough. */
const endless = (first, again) => async (v) => {
  v.send(first);
  while (!v.ended && !v.socket.destroyed) {
    if (!v.socket.write(again)) {
      await Promise.race([
        new Promise((resolve) => v.socket.once("drain", resolve)),
        new Promise((resolve) => v.socket.once("close", resolve)),
      ]);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
};

const says = (answer, end) => async (v) => {
  v.send(answer);
  end?.(v);
};
const goodbye = (v) => v.socket.end();

/** Connected to a server that answers its first request so. */
async function facing(answer, more = {}) {
  const server = await enclave(async (v) => {
    await v.prove();
    await v.until("\r\n\r\n");
    await (typeof answer === "string" ? says(answer) : answer)(v);
  });
  const c = await connect({ ...(await server.options()), ...more });
  return { server, c };
}

async function isOver({ server, c }) {
  await c.closed;
  assert.equal(c.usable, false);
  await until(() => server.visitors[0].ended);
  assert.deepEqual(server.faults, []);
  server.close();
}

/** Heads, and what they are refused with. */
const HEADS = {
  "a head that is too big": [
    `${OK}X: ${"a".repeat(70_000)}\r\n\r\n`,
    "too_large",
  ],
  "a head without end": [endless(OK, "X: b\r\n".repeat(1000)), "too_large"],
  "a line without end": [endless(OK + "X: ", "b".repeat(9000)), "too_large"],
  "too many fields": [`${OK}${"X: b\r\n".repeat(200)}\r\n`, "too_large"],
  "heads before the answer without end": [
    endless("", "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"),
    "too_large",
  ],
  "another version": ["HTTP/2 200 OK\r\n\r\n"],
  "a status that is none": ["HTTP/1.1 2000 OK\r\n\r\n"],
  "a status beyond 599": ["HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n"],
  "no status line": ["\x16\x03\x01 not HTTP at all\r\n\r\n"],
  "a field without a name": [`${OK}: b\r\n\r\n`],
  "a space before the colon": [`${OK}Content-Length : 1\r\n\r\na`],
  "a folded line": [`${OK}X: a\r\n b\r\nContent-Length: 0\r\n\r\n`],
  "a NUL in a field": [`${OK}X: a\0b\r\nContent-Length: 0\r\n\r\n`],
  "a bare CR in a field": [`${OK}X: a\rY: b\r\nContent-Length: 0\r\n\r\n`],
  "control characters in the reason": [
    "HTTP/1.1 200 a\x01b\r\nContent-Length: 0\r\n\r\n",
  ],
  "two lengths": [`${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
  "a list of lengths": [`${OK}Content-Length: 1, 2\r\n\r\nab`],
  "a length with a sign": [`${OK}Content-Length: +1\r\n\r\na`],
  "a length below zero": [`${OK}Content-Length: -1\r\n\r\n`],
  "a hexadecimal length": [`${OK}Content-Length: 0x1\r\n\r\na`],
  "a length beyond all numbers": [
    `${OK}Content-Length: 99999999999999999999999\r\n\r\na`,
  ],
  "chunks and a length": [
    `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  "a coding that is unknown": [`${OK}Transfer-Encoding: gzip\r\n\r\na`],
  "chunks twice": [`${OK}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  "protocols switched unasked": [
    "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "reply",
  ],
};

for (const [name, [answer, code]] of Object.entries(HEADS)) {
  test(`refused: ${name}`, async () => {
    const at = await facing(answer);
    const e = await rejection(at.c.exchange(get("/")));
    assert.ok(e instanceof AtlsError, String(e));
    const codes = code === undefined ? ["malformed", "unsupported"] : [code];
    assert.ok(codes.includes(e.code), `${e.code}: ${e.message}`);
    assert.equal(kit.engine.progressOf(e), "answered");
    await isOver(at);
  });
}

/** Answers whose head is good, and whose body does not come whole. */
const BODIES = {
  "less than was announced": says(sized(10, "short"), goodbye),
  "chunks that end without the last": says(`${CHUNKED}3\r\nabc\r\n`, goodbye),
  "half a chunk": says(`${CHUNKED}ff\r\nabc`, goodbye),
  "half a chunk's frame": says(`${CHUNKED}3\r\nabc\r`, goodbye),
  "a chunk of no size": says(`${CHUNKED}\r\nabc`),
  "a chunk of nonsense": says(`${CHUNKED}xyz\r\nabc\r\n`),
  "a chunk below zero": says(`${CHUNKED}-1\r\nabc\r\n`),
  "a chunk with 0x": says(`${CHUNKED}0x3\r\nabc\r\n`),
  "a chunk beyond all numbers": says(`${CHUNKED}ffffffffffffffffff\r\nabc`),
  "a chunk longer than it says": says(`${CHUNKED}2\r\nabc\r\n0\r\n\r\n`),
  "a chunk's size without end": endless(`${CHUNKED}1;`, "a".repeat(1000)),
  "a size of zeros without end": endless(CHUNKED, "0".repeat(1000)),
  "trailers that are none": says(`${CHUNKED}0\r\nno trailer\r\n\r\n`),
  "trailers without end": endless(`${CHUNKED}0\r\n`, "X: b\r\n".repeat(100)),
  "trailers that do not end": says(`${CHUNKED}0\r\nX: b\r\n`, goodbye),
  "a cut amid a length": says(sized(10, "short"), (v) => v.socket.destroy()),
};

for (const [name, answer] of Object.entries(BODIES)) {
  test(`a body that fails: ${name}`, async () => {
    const at = await facing(answer);
    let trailers;
    const read = async (r) => {
      trailers = rejection(r.trailers);
      return text(r);
    };
    // What comes together with the head may fail together with it.
    const e = await rejection(at.c.exchange(get("/")).then(read));
    assert.ok(e instanceof AtlsError, String(e));
    const codes = ["malformed", "too_large", "network", "truncated"];
    assert.ok(codes.includes(e.code), `${e.code}: ${e.message}`);
    assert.equal(((await trailers) ?? e).code, e.code);
    await isOver(at);
  });
}

/** Whole answers that are followed by what nobody asked for. */
const MORE = {
  "a length": ["GET", sized(5, "hello, and more"), "hello"],
  chunks: ["GET", `${CHUNKED}5\r\nhello\r\n0\r\n\r\nHTTP/1.1`, "hello"],
  "the next answer": ["GET", sized(5, "hello") + sized(2, "no"), "hello"],
  HEAD: ["HEAD", sized(5, "hello"), null],
  "status 204": ["GET", "HTTP/1.1 204 No Content\r\n\r\nhello", null],
  "status 304": [
    "GET",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello",
    null,
  ],
};

for (const [name, [method, answer, body]] of Object.entries(MORE)) {
  test(`octets after the end: ${name}`, async () => {
    const at = await facing(answer);
    const r = await at.c.exchange(get("/", { method }));
    assert.equal(r.body && (await text(r)), body);
    await r.done;
    await isOver(at);
  });
}

test("trailers that would change what was read are no trailers", async () => {
  const at = await facing(
    `${CHUNKED}2\r\nok\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n` +
      "Transfer-Encoding: chunked\r\nSet-Cookie: a=b\r\n\r\n",
  );
  const r = await at.c.exchange(get("/"));
  assert.equal(await text(r), "ok");
  const names = (await r.trailers).map(([name]) => name);
  assert.ok(names.includes("X-Sum"));
  assert.ok(!names.includes("Content-Length"));
  assert.ok(!names.includes("Transfer-Encoding"));
  at.server.close();
});

/** Where a server stops, which limit ends that. */
const SILENT = {
  "before the head": ["", "response"],
  "amid the status line": ["HTTP/1.1 2", "response"],
  "amid the head": [`${OK}Content-`, "response"],
  "after a head that comes before it": [
    "HTTP/1.1 103 Hints\r\n\r\n",
    "response",
  ],
  "after the head": [sized(5), "idle"],
  "amid a chunk's size": [`${CHUNKED}5`, "idle"],
  "amid a chunk": [`${CHUNKED}5\r\nhe`, "idle"],
  "before the last chunk": [`${CHUNKED}5\r\nhello\r\n`, "idle"],
  "amid the trailers": [`${CHUNKED}0\r\nX: b\r\n`, "idle"],
};

for (const [where, [answer, limit]] of Object.entries(SILENT)) {
  test(`silence ${where}`, async () => {
    const at = await facing(answer, { timeouts: { response: 400, idle: 400 } });
    const e = await rejection(at.c.exchange(get("/")).then((r) => text(r)));
    assert.equal(e.code, "timeout", String(e));
    assert.ok(e.hint.includes(`timeouts.${limit}`), e.hint);
    await isOver(at);
  });
}

test("a server that takes nothing of a request", async () => {
  const server = await enclave(async (v) => {
    await v.prove();
    v.socket.pause();
  });
  const c = await connect({
    ...(await server.options()),
    timeouts: { response: 400 },
  });
  const e = await rejection(c.exchange(post("/", kit.noise(64 << 20).stream)));
  assert.equal(e.code, "timeout", String(e));
  await c.closed;
  server.close();
});

test("an address that does not answer", async () => {
  // It never accepts: its queue is full after a few.
  const { connect: knock } = await import("node:net");
  const port = kit.peer.hand["never-accepts"];
  const others = Array.from({ length: 8 }, () => knock(port, "127.0.0.1"));
  others.forEach((socket) => socket.on("error", () => undefined));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const e = await rejection(connect({ port, timeouts: { connect: 300 } }));
  assert.equal(e.code, "timeout", String(e));
  assert.match(e.message, /no connection in time/u);
  assert.match(e.hint, /timeouts\.connect/u);
  others.forEach((socket) => socket.destroy());
});

test("cancelling a body that came whole does not cut who came next", async () => {
  const server = await enclave(async (v) => {
    await v.prove();
    await v.until("\r\n\r\n");
    v.answer("first");
    await v.until("\r\n\r\n");
    v.send(sized(6, "sec"));
    await v.until("\n");
    v.send("ond");
  });
  const c = await connect(await server.options());
  const first = await c.exchange(get("/first"));
  await first.done; // though nobody has read it
  let say;
  const body = new ReadableStream({ start: (s) => (say = s) });
  const second = await c.exchange(post("/second", body));
  await first.body.cancel();
  say.enqueue(new TextEncoder().encode("go on\n"));
  say.close();
  assert.equal(await text(second), "second");
  server.close();
});

test("an answer that comes before the body was touched: it is told", async () => {
  const server = await enclave(async (v) => {
    await v.prove();
    await v.until("\r\n\r\n");
    v.answer("no", "413 Content Too Large");
  });
  const how = await kit.connectOptions(await server.options());
  let held = false;
  let go;
  const gone = new Promise((resolve) => (go = resolve));
  const dial = async (signal) => {
    const transport = await how.dial(signal);
    return {
      read: () => transport.read(),
      close: () => transport.close(),
      async write(data) {
        await transport.write(data);
        await (held ? gone : undefined);
      },
    };
  };
  const c = await connect({ ...how, dial });
  held = true; // the head goes, and nobody is told
  let told;
  const body = new ReadableStream(
    { cancel: (why) => (told = why), pull: () => undefined },
    { highWaterMark: 0 },
  );
  const r = await c.exchange(post("/", body));
  assert.equal(r.status, 413);
  assert.equal(await text(r), "no");
  go();
  await until(() => told);
  assert.equal(c.usable, false);
  server.close();
});

test("a stream without octets, as was said, keeps the connection", async () => {
  const c = await connect();
  const body = new Blob([]).stream();
  const r = await c.exchange(post("/echo", body, { bodyLength: 0 }));
  assert.equal(JSON.parse(await text(r)).body, "");
  await r.done;
  assert.equal(c.usable, true);
  c.close();
});

test("aborted at every step between dialling and proving", async () => {
  const server = await enclave((v) => v.prove());
  const how = await kit.connectOptions(await server.options());
  for (let steps = 0; steps < 12; steps++) {
    const abort = new AbortController();
    const why = new Error(`after ${steps}`);
    const dial = async (signal) => {
      const transport = await how.dial(signal);
      let left = steps;
      const step = () => (left-- > 0 ? queueMicrotask(step) : abort.abort(why));
      step();
      return transport;
    };
    const e = await rejection(connect({ ...how, dial, signal: abort.signal }));
    assert.equal(e, why);
  }
  server.close();
});

test("a body that is cut into its smallest pieces is whole", async () => {
  const at = await facing(async (v) => {
    for (const c of `${CHUNKED}5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX: b\r\n\r\n`) {
      v.send(c);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  const r = await at.c.exchange(get("/"));
  assert.equal((await octets(r.body)).toString(), "hello world");
  assert.deepEqual(await r.trailers, [["X", "b"]]);
  await r.done;
  assert.equal(at.c.usable, true);
  at.server.close();
});
