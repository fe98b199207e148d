// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// world.mjs - what a test needs: the package, options for it, a backend, ways to
// be in between, and the simulated platform's switch.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

const about = JSON.parse(process.env.ASSAY_WORLD);

export const assay = await import(
  pathToFileURL(path.join(about.dist, "node.mjs")).href
);
export const { dist, policy, port, ca, impostor, serveCommand, bridge } = about;
export const HOST = `localhost:${port}`;
export const ORIGIN = `https://${HOST}`;

/** To the real server, unless `more` says otherwise. */
export function options(more = {}) {
  return { target: HOST, policy, cache: false, ...more };
}

export function makeFetch(more) {
  return assay.createAtlsFetch(options(more));
}

/** The platform changes: `sim("tcb=OutOfDate")`; "reset" at the end. */
export function sim(change) {
  execFileSync(about.simProgram, ["--dir", about.sim, "--control", change]);
}

// --- the backend -----------------------------------------------------------

/** Behind the server. `handle` answers; `seen` is what was asked. */
export class Backend {
  seen = [];
  handle = answer;

  static async start() {
    const self = new Backend();
    self.server = http.createServer((request, response) => {
      self.seen.push({
        method: request.method,
        url: request.url,
        headers: request.headers,
        raw: request.rawHeaders,
      });
      Promise.resolve(self.handle(request, response)).catch(() =>
        response.destroy(),
      );
    });
    self.server.keepAliveTimeout = 60_000;
    fs.rmSync(about.backend, { force: true });
    await new Promise((resolve) => self.server.listen(about.backend, resolve));
    return self;
  }

  reset() {
    this.seen = [];
    this.handle = answer;
  }

  close() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

export async function bodyOf(request) {
  const pieces = [];
  for await (const piece of request) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** What came, as JSON. */
export async function answer(request, response) {
  const body = await bodyOf(request);
  response.setHeader("Content-Type", "application/json");
  response.end(
    JSON.stringify({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: body.toString("latin1"),
    }),
  );
}

// --- in between --------------------------------------------------------------

/** Octets pass, unless it is told otherwise; connections are counted. */
export class Relay {
  count = 0;
  sockets = new Set();
  held = false;

  static async start() {
    const self = new Relay();
    self.server = net.createServer((client) => self.#accept(client));
    await new Promise((resolve) => self.server.listen(0, "127.0.0.1", resolve));
    self.target = `localhost:${self.server.address().port}`;
    return self;
  }

  #accept(client) {
    this.count++;
    const server = net.connect(port, "127.0.0.1");
    for (const [from, to] of [
      [client, server],
      [server, client],
    ]) {
      this.sockets.add(from);
      from.on("data", (octets) => {
        if (!this.held) {
          to.write(octets);
        }
      });
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }

  /** Every connection ends, as if the server had ended it. */
  cut() {
    this.sockets.forEach((socket) => socket.destroy());
  }

  get open() {
    return this.sockets.size / 2;
  }

  close() {
    this.cut();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

// --- what is awaited ---------------------------------------------------------

export class Gate {
  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

const PATIENCE_MS = 20_000;

export async function until(condition, what = String(condition)) {
  const end = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** It rejects with an AtlsError of this code, which is given back. */
export async function refused(promise, code) {
  let error;
  try {
    await promise;
  } catch (e) {
    error = e;
  }
  assert.ok(error instanceof assay.AtlsError, `not refused: ${error?.stack}`);
  assert.equal(error.code, code, error.stack);
  return error;
}

export async function rejects(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail("it did not reject");
}
