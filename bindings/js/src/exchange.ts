// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// exchange.ts - one request and its response on a connection of the pool: what
// is tried again.

import { orAborted } from "./abort.js";
import {
  Connection,
  progressOf,
  type ExchangeRequest,
  type ExchangeResponse,
} from "./connection.js";
import { connectOptions, type Endpoint } from "./endpoint.js";
import { AtlsError } from "./errors.js";
import { fieldsOf } from "./fields.js";
import type { Lease, Pool } from "./pool.js";
import { poolOf } from "./pools.js";
import type { Ask } from "./request.js";
import type { Trust } from "./trust.js";

/** They may be sent twice (RFC 9110, section 9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
/** What a connection fails with that the server closed while it was kept. */
const CLOSED = new Set(["network", "truncated"]);

function bodyOf(ask: Ask): Pick<ExchangeRequest, "body" | "bodyLength"> {
  if (ask.body === null) {
    return {};
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

async function exchangeOn(
  pool: Pool,
  { connection }: Lease,
  endpoint: Endpoint,
  ask: Ask,
): Promise<ExchangeResponse> {
  const response = await connection.exchange({
    method: ask.method,
    target: ask.url.pathname + ask.url.search,
    fields: fieldsOf(ask.headers, endpoint.target),
    ...(ask.signal === undefined ? {} : { signal: ask.signal }),
    ...bodyOf(ask),
  });
  void response.done.then(() => {
    pool.release(connection);
    ask.body?.cancel(new AtlsError("network", "the server has answered"));
  });
  return response;
}

/** To be asked at once: one that has nothing in it may be forgotten. */
function poolFor(endpoint: Endpoint, trust: Trust): Pool {
  return poolOf(endpoint.key(trust), {
    connect: (signal) =>
      Connection.connect(connectOptions(endpoint, trust, signal)),
    maxConnections: endpoint.maxConnections,
    idleTimeout: endpoint.idleTimeout,
  });
}

/** A kept connection that the server had closed costs one more attempt, on a
 * new one, where nothing can happen twice. */
export async function exchange(
  endpoint: Endpoint,
  ask: Ask,
): Promise<ExchangeResponse> {
  for (let fresh = false; ; fresh = true) {
    const trust = await orAborted(endpoint.trust(), ask.signal);
    const pool = poolFor(endpoint, trust);
    const lease = await pool.acquire(ask.signal, fresh);
    try {
      return await exchangeOn(pool, lease, endpoint, ask);
    } catch (error) {
      if (error instanceof AtlsError && error.code === "not_trusted") {
        pool.distrust(error); // it was, and is no more
      }
      const ours = pool.release(lease.connection); // else closeAll() ended it
      if (!ours || fresh || !lease.kept || !mayRepeat(ask, error)) {
        throw error;
      }
    }
  }
}
