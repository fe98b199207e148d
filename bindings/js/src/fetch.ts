// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// fetch.ts - createAtlsFetch: a fetch for one host.

import type { ExchangeResponse } from "./connection.js";
import { readEndpoint, type Endpoint } from "./endpoint.js";
import { exchange, Limits } from "./exchange.js";
import type { AnyOptions } from "./options.js";
import { locationOf, redirected } from "./redirect.js";
import { readRequest, type Ask } from "./request.js";
import { fieldOf, makeResponse } from "./response.js";
import type { AtlsFetch, AtlsResponse } from "./types.js";

type Bytes = ReadableStream<Uint8Array>;

/** Of a redirect's body: more is not worth the connection. */
const DISCARD_MAX = 64 * 1024;

async function discard(body: Bytes | null): Promise<void> {
  const reader = body?.getReader();
  for (let left = DISCARD_MAX; reader !== undefined;) {
    const { done, value } = await reader.read();
    left -= value?.length ?? 0;
    if (done) {
      return;
    }
    if (left < 0) {
      await reader.cancel();
      return;
    }
  }
}

/** No pause while it is read may be longer than the limit. */
function paced(body: Bytes, ms: number, limits: Limits): Bytes {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        limits.start(ms, "a part of the response's body");
        try {
          const { done, value } = await reader.read();
          if (done) {
            controller.close();
          } else {
            controller.enqueue(value);
          }
        } finally {
          limits.stop();
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function finish(
  from: ExchangeResponse,
  endpoint: Endpoint,
  ask: Ask,
  hops: number,
  limits: Limits,
): AtlsResponse {
  const idle = endpoint.timeouts.idle ?? 0;
  const body =
    from.body !== null && idle > 0 ? paced(from.body, idle, limits) : from.body;
  try {
    return makeResponse(from, body, ask.url, hops > 0);
  } catch (error) {
    body?.cancel(error).catch(() => {});
    throw error;
  }
}

async function run(
  endpoint: Endpoint,
  first: Ask,
  limits: Limits,
): Promise<{ response: AtlsResponse; done: Promise<void> }> {
  let ask = first;
  for (let hops = 0; ; hops++) {
    const from = await exchange(endpoint, ask, limits);
    const location = locationOf(from.status, fieldOf(from.fields, "location"));
    if (location === undefined || ask.redirect === "manual") {
      const response = finish(from, endpoint, ask, hops, limits);
      return { response, done: from.done };
    }
    await discard(from.body);
    ask = redirected(ask, from.status, location, hops, endpoint.target);
  }
}

async function fetchFrom(
  endpoint: Endpoint,
  input: RequestInfo | URL,
  init: RequestInit,
): Promise<AtlsResponse> {
  const ask = await readRequest(input, init, endpoint.target, endpoint.headers);
  const limits = new Limits(ask.signal);
  try {
    const { response, done } = await run(endpoint, ask, limits);
    void done.then(() => limits.end());
    return response;
  } catch (error) {
    limits.end();
    ask.body?.cancel(error);
    throw error;
  }
}

/** Returns at once; the module is loaded by the first request. */
export function createAtlsFetch(options: AnyOptions): AtlsFetch {
  const endpoint = readEndpoint(options);
  return (input, init) => fetchFrom(endpoint, input, init ?? {});
}
