// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// fetch.ts - createAtlsFetch: a fetch for one host.

import type { ExchangeResponse } from "./connection.js";
import { readEndpoint, type Endpoint } from "./endpoint.js";
import { exchange } from "./exchange.js";
import { invalid, isBridge, type AnyOptions } from "./options.js";
import { locationOf, redirected } from "./redirect.js";
import { readRequest, type Ask } from "./request.js";
import { fieldOf, makeResponse } from "./response.js";
import type { AtlsFetch, AtlsResponse, BridgeOptions } from "./types.js";

type Bytes = ReadableStream<Uint8Array>;

/** Of a redirect's body: more, or later, is not worth the connection. */
const DISCARD_MAX = 64 * 1024;
const DISCARD_MS = 1_000;

/** Whatever becomes of it: where it leads is known. */
async function discard(body: Bytes | null): Promise<void> {
  const reader = body?.getReader();
  const giveUp = (): void => void reader?.cancel().catch(() => {});
  const timer = setTimeout(giveUp, DISCARD_MS);
  try {
    for (let left = DISCARD_MAX; reader !== undefined && left >= 0;) {
      const { done, value } = await reader.read();
      left -= value?.length ?? 0;
      if (done) {
        return;
      }
    }
    giveUp();
  } catch {
    // an abort is told by the next exchange
  } finally {
    clearTimeout(timer);
  }
}

function finish(from: ExchangeResponse, ask: Ask, hops: number): AtlsResponse {
  try {
    return makeResponse(from, ask.url, hops > 0);
  } catch (error) {
    from.body?.cancel(error).catch(() => {});
    throw error;
  }
}

async function run(endpoint: Endpoint, first: Ask): Promise<AtlsResponse> {
  let ask = first;
  for (let hops = 0; ; hops++) {
    const from = await exchange(endpoint, ask);
    const location = locationOf(from.status, fieldOf(from.fields, "location"));
    if (location === undefined || ask.redirect === "manual") {
      return finish(from, ask, hops);
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
  try {
    return await run(endpoint, ask);
  } catch (error) {
    ask.body?.cancel(error);
    throw error;
  }
}

/** The same with everything in a Worker, where there are any.
 * @internal */
export type RemoteMaker = (
  options: BridgeOptions,
  endpoint: Endpoint,
) => AtlsFetch;

let remote: RemoteMaker | undefined;

/** By the browser's entry.
 * @internal */
export function setRemote(maker: RemoteMaker): void {
  remote = maker;
}

/** Returns at once; the module is loaded by the first request. */
export function createAtlsFetch(given: AnyOptions): AtlsFetch {
  const endpoint = readEndpoint(given);
  const { options } = endpoint;
  if (isBridge(options) && options.worker === true) {
    if (remote === undefined) {
      throw invalid("worker: true is for pages in browsers");
    }
    return remote(options, endpoint);
  }
  return (input, init) => fetchFrom(endpoint, input, init ?? {});
}
