// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// response.ts - from one exchange to a Response as fetch gives it.

import { failureOf } from "./byte_stream.js";
import type { ExchangeResponse, Fields } from "./connection.js";
import { decode } from "./decode.js";
import { AtlsError } from "./errors.js";
import type { AtlsResponse, Attestation } from "./types.js";

export interface Facts {
  readonly url: URL;
  readonly redirected: boolean;
  readonly headers: Headers;
  readonly attestation: Attestation;
  /** What its body was made of. */
  readonly source: ReadableStream<Uint8Array> | null;
}

/** Those that a Response cannot have a body with. */
const BODILESS = new Set([101, 103, 204, 205, 304]);

function headersOf(fields: Fields): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) {
    headers.append(name, value);
  }
  return headers;
}

export function fieldOf(fields: Fields, wanted: string): string | undefined {
  return fields.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

const READERS = [
  "arrayBuffer",
  "blob",
  "bytes",
  "formData",
  "json",
  "text",
] as const;

/** A Response's way to read all of its body. Chromium says "Failed to fetch" of
 * every stream that fails, and what it failed with is lost. */
async function read(
  response: Response,
  how: () => Promise<unknown>,
  source: ReadableStream<Uint8Array> | null,
): Promise<unknown> {
  try {
    return await how.call(response);
  } catch (error) {
    const failure = source === null ? undefined : failureOf(source);
    throw failure === undefined ? error : failure.why;
  }
}

function readersOf(response: Response, { source }: Facts): object {
  const prototype = Response.prototype as unknown as Record<
    string,
    (() => Promise<unknown>) | undefined
  >;
  const all: Record<string, () => Promise<unknown>> = {};
  for (const name of READERS) {
    const how = prototype[name];
    if (how !== undefined) {
      all[name] = () => read(response, how, source);
    }
  }
  return all;
}

/** What a Response cannot be told when it is made. Its own headers would be
 * without Set-Cookie in browsers. */
export function dress(response: Response, facts: Facts): AtlsResponse {
  const url = new URL(facts.url);
  url.hash = "";
  const values = {
    url: url.href,
    redirected: facts.redirected,
    type: "basic",
    headers: facts.headers,
    attestation: facts.attestation,
    ...readersOf(response, facts),
    clone: () =>
      dress(Response.prototype.clone.call(response), {
        ...facts,
        headers: new Headers(facts.headers),
      }),
  };
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(response, name, {
      value,
      enumerable: typeof value !== "function",
      configurable: true,
    });
  }
  return response as AtlsResponse;
}

export function makeResponse(
  from: ExchangeResponse,
  url: URL,
  redirected: boolean,
): AtlsResponse {
  if (from.status < 200 || from.status > 599) {
    throw new AtlsError("reply", `the server answered with ${from.status}`);
  }
  const headers = headersOf(from.fields);
  const none = from.body === null || BODILESS.has(from.status);
  const content = none
    ? null
    : decode(from.body, headers.get("content-encoding"));
  const response = new Response(content as BodyInit | null, {
    status: from.status,
    statusText: from.reason,
    headers,
  });
  if (none) {
    from.body?.cancel().catch(() => {}); // 205 must not have one
  }
  return dress(response, {
    url,
    redirected,
    headers,
    attestation: from.attestation,
    source: content,
  });
}
