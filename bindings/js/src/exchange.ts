// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// exchange.ts - one request and its response on a connection of the pool: what
// is tried again, and what takes too long.

import {
  Connection,
  progressOf,
  type ExchangeRequest,
  type ExchangeResponse,
} from "./connection.js";
import { connectOptions, type Endpoint } from "./endpoint.js";
import { AtlsError } from "./errors.js";
import { fieldsOf } from "./fields.js";
import { poolOf, type Lease, type Pool } from "./pool.js";
import type { Ask } from "./request.js";

/** They may be sent twice (RFC 9110, section 9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
/** What a connection fails with that the server closed while it was kept. */
const CLOSED = new Set(["network", "truncated"]);

/** The caller's signal, and our own limits. */
export class Limits {
  readonly #control = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #follow: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(caller: AbortSignal | undefined) {
    this.#caller = caller;
    this.#follow = () => this.#control.abort(caller?.reason);
    if (caller?.aborted === true) {
      this.#follow();
    }
    caller?.addEventListener("abort", this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#control.signal;
  }

  /** 0: for ever. */
  start(ms: number, what: string): void {
    this.stop();
    if (ms > 0) {
      this.#timer = setTimeout(() => {
        this.#control.abort(
          new AtlsError("timeout", `${what} took more than ${ms} ms`),
        );
      }, ms);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.stop();
    this.#caller?.removeEventListener("abort", this.#follow);
  }
}

function bodyOf(ask: Ask): Pick<ExchangeRequest, "body" | "bodyLength"> {
  if (ask.body === null) {
    // Where a server may expect a body, it is told that there is none.
    const says = ask.method === "POST" || ask.method === "PUT";
    return says ? { body: new Uint8Array(0) } : {};
  }
  const body = ask.body.open();
  const length = ask.body.length;
  return length === undefined ? { body } : { body, bodyLength: length };
}

function mayRepeat(ask: Ask, error: unknown): boolean {
  if (!(error instanceof AtlsError) || !CLOSED.has(error.code)) {
    return false;
  }
  switch (progressOf(error)) {
    case "unsent":
      return ask.body?.whole !== false;
    case "unanswered":
      return IDEMPOTENT.has(ask.method) && ask.body?.lasting !== false;
    default:
      return false;
  }
}

/** `done` has to be waited for, too, before the limits end. */
async function exchangeOn(
  pool: Pool,
  { connection }: Lease,
  endpoint: Endpoint,
  ask: Ask,
  limits: Limits,
): Promise<ExchangeResponse> {
  try {
    limits.start(endpoint.timeouts.response ?? 0, "the response");
    const response = await connection.exchange({
      method: ask.method,
      target: ask.url.pathname + ask.url.search,
      fields: fieldsOf(ask.headers, endpoint.target.authority),
      signal: limits.signal,
      ...bodyOf(ask),
    });
    void response.done.then(() => pool.release(connection));
    return response;
  } catch (error) {
    pool.release(connection);
    throw error;
  } finally {
    limits.stop();
  }
}

async function poolFor(endpoint: Endpoint): Promise<Pool> {
  const trust = await endpoint.trust();
  return poolOf(endpoint.key(trust), {
    connect: (signal) =>
      Connection.connect(connectOptions(endpoint, trust, signal)),
    maxConnections: endpoint.maxConnections,
    idleTimeout: endpoint.idleTimeout,
  });
}

/** Whatever it waits for, the caller does not after the signal. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    if (signal.aborted) {
      aborted();
    }
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", aborted);
    });
  });
}

/** A kept connection that the server had closed costs one more attempt, on a
 * new one, where nothing can happen twice. */
export async function exchange(
  endpoint: Endpoint,
  ask: Ask,
  limits: Limits,
): Promise<ExchangeResponse> {
  for (let fresh = false; ; fresh = true) {
    const pool = await orAborted(poolFor(endpoint), limits.signal);
    const lease = await pool.acquire(limits.signal, fresh);
    try {
      return await exchangeOn(pool, lease, endpoint, ask, limits);
    } catch (error) {
      if (fresh || !lease.kept || !mayRepeat(ask, error)) {
        throw error;
      }
    }
  }
}
