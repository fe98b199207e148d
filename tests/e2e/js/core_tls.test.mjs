// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// What a person is told when TLS fails: OpenSSL has no words for it in here.
import { strict as assert } from "node:assert";
import { connect, createServer } from "node:net";
import { after, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";

import { Core, Refused, state } from "./core_instance.mjs";
import { Link, peer, Trust } from "./core_link.mjs";

const core = Core.started();
const trust = new Trust(core);
after(() => trust.free());

async function listening(server) {
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  server.unref();
  after(() => server.close());
  return server.address().port;
}

async function fails(port, words, until = [state.NEED_COLLATERAL]) {
  const link = new Link(trust, { port });
  await assert.rejects(link.until(...until), (e) => {
    assert(e instanceof Refused, e);
    assert.equal(e.code, "tls", e);
    assert.match(e.message, words);
    return true;
  });
  link.free();
}

const answering = (octets) => listening(createServer((socket) => {
  socket.on("error", () => {});
  socket.once("data", () => socket.write(octets));
}));

test("peers that speak something else", async () => {
  await fails(await answering("HTTP/1.1 400 Bad Request\r\n\r\n"),
    /does not speak TLS$/);
  await fails(await answering("SSH-2.0-OpenSSH_9.2\r\n"),
    /does not speak TLS$/);
});

test("alerts have their names", async () => {
  for (const [number, words] of [[40, /handshake failure/],
    [112, /unrecognized name/], [80, /internal error/],
    [120, /no application protocol/], [70, /does not speak TLS 1\.3/]]) {
    await fails(await answering(Buffer.from([21, 3, 3, 0, 2, 2, number])),
      words);
  }
});

test("a server of TLS 1.2", async () => {
  // It refuses before it would show a certificate.
  const server = createTlsServer({ maxVersion: "TLSv1.2" });
  server.on("tlsClientError", () => {});
  await fails(await listening(server), /does not speak TLS 1\.3/);
});

/** Octets to and from the server, of which the n-th from there is changed. */
const flipping = (n) => listening(createServer((client) => {
  const server = connect(peer.port, "127.0.0.1");
  let seen = 0;
  client.on("error", () => server.destroy());
  server.on("error", () => client.destroy());
  client.pipe(server);
  server.on("data", (piece) => {
    const changed = Buffer.from(piece);
    if (n >= seen && n < seen + piece.length) {
      changed[n - seen] ^= 1;
    }
    seen += piece.length;
    client.write(changed);
  });
  server.on("end", () => client.end());
}));

test("octets that were changed on their way", async () => {
  // In the ServerHello's random, in what is sealed behind it, in the quote.
  for (const n of [20, 400, 1000]) {
    const link = new Link(trust, { port: await flipping(n) });
    await assert.rejects(link.until(state.NEED_COLLATERAL), (e) => {
      assert.equal(e.code, "tls");
      assert.doesNotMatch(e.message, /OpenSSL's error|broke off/);
      return true;
    });
    link.free();
  }
});
