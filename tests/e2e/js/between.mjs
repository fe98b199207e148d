// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// between.mjs - who may be on the way to the server: one that changes octets, and
// one that plays the server.

import * as net from "node:net";
import * as tls from "node:tls";
import { port } from "./world.mjs";

async function listening(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `localhost:${server.address().port}`;
}

/** Two sockets end together. */
function tie(one, other) {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ]) {
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
  }
}

/** Octets pass as change() says: it is given a piece, where that begins, and whether
 * it is the client's, and gives what passes. All that came is in `seen`. */
export class Meddler {
  change = (piece) => piece;
  seen = { client: [], server: [] };
  count = 0;
  #sockets = new Set();

  static async start() {
    const self = new Meddler();
    self.server = net.createServer((client) => self.#accept(client));
    self.target = await listening(self.server);
    return self;
  }

  #accept(client) {
    this.count++;
    const server = net.connect(port, "127.0.0.1");
    this.#pass(client, server, "client");
    this.#pass(server, client, "server");
    tie(client, server);
  }

  #pass(from, to, who) {
    let at = 0;
    this.#sockets.add(from);
    from.on("close", () => this.#sockets.delete(from));
    from.on("data", (piece) => {
      this.seen[who].push(piece);
      const changed = this.change(piece, at, who === "client");
      at += piece.length;
      if (changed.length > 0 && !to.destroyed) {
        to.write(changed);
      }
    });
  }

  octets(who) {
    return Buffer.concat(this.seen[who]);
  }

  get open() {
    return this.#sockets.size / 2;
  }

  cut() {
    this.#sockets.forEach((socket) => socket.destroy());
  }

  close() {
    this.cut();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

/** A change() that flips one bit of octet `where` of one's octets, counted from the
 * moment that it is made. `done` tells whether it has been. */
export function flip(ofClient, where) {
  let passed = 0;
  const change = (piece, at, isClient) => {
    if (isClient !== ofClient) {
      return piece;
    }
    const index = where - passed;
    passed += piece.length;
    if (index < 0 || index >= piece.length) {
      return piece;
    }
    const copy = Buffer.from(piece);
    copy[index] ^= 1;
    change.done = true;
    return copy;
  };
  change.done = false;
  return change;
}

/** It ends TLS itself, with a certificate of its own, and asks the real server, over
 * TLS of its own, what it is asked; evidence() is given what the server proves with
 * and gives what the client gets. */
export class Impostor {
  evidence = (body) => body;
  /** What clients said, in clear. */
  heard = "";
  #sockets = new Set();

  static async start({ cert, key }) {
    const self = new Impostor();
    const options = { cert, key, minVersion: "TLSv1.3" };
    self.server = tls.createServer(options, (client) => self.#accept(client));
    self.server.on("tlsClientError", () => undefined);
    self.target = await listening(self.server);
    return self;
  }

  #accept(client) {
    const server = tls.connect({
      port,
      host: "127.0.0.1",
      servername: "localhost",
      rejectUnauthorized: false, // it is not this one that believes anybody
    });
    this.#sockets.add(client).add(server);
    client.on("data", (piece) => {
      this.heard += piece.toString("latin1");
      server.write(piece);
    });
    this.#answer(server, client);
    tie(client, server);
  }

  /** The first answer is the evidence; what follows passes. */
  #answer(server, client) {
    let waiting = Buffer.alloc(0);
    let proved = false;
    server.on("data", (piece) => {
      if (proved) {
        client.write(piece);
        return;
      }
      waiting = Buffer.concat([waiting, piece]);
      const body = wholeBody(waiting);
      if (body !== undefined) {
        proved = true;
        const changed = this.evidence(body);
        client.write(
          `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n` +
            `Content-Length: ${Buffer.byteLength(changed)}\r\n\r\n${changed}`,
        );
      }
    });
  }

  close() {
    this.#sockets.forEach((socket) => socket.destroy());
    return new Promise((resolve) => this.server.close(resolve));
  }
}

/** Of an answer with a Content-Length, once it is all there. */
function wholeBody(octets) {
  const end = octets.indexOf("\r\n\r\n");
  if (end < 0) {
    return undefined;
  }
  const head = octets.subarray(0, end).toString("latin1");
  const [, length] = /^content-length: *(\d+)/im.exec(head) ?? [];
  const body = octets.subarray(end + 4);
  return length !== undefined && body.length >= Number(length)
    ? body.subarray(0, Number(length)).toString()
    : undefined;
}
