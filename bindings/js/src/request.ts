// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// request.ts - from fetch's arguments to what is asked; and what is refused.

import { readBody, type Body, type BodySource } from "./body.js";
import { AtlsError } from "./errors.js";
import { addDefaults, readHeaders } from "./fields.js";
import { resolve, type Target } from "./target.js";

/** A request, which redirects may change into others. */
export interface Ask {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Body | null;
  readonly redirect: RequestRedirect;
  readonly signal: AbortSignal | undefined;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Case means nothing for these only (Fetch, "normalize a method"). */
const NORMALISED = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);
const REFUSED = new Set(["CONNECT", "TRACE", "TRACK"]);
const BODILESS = new Set(["GET", "HEAD"]);
const REDIRECTS = new Set(["follow", "manual", "error"]);

function readMethod(text: string): string {
  if (!TOKEN.test(text)) {
    throw new AtlsError("invalid", "the method is not one of HTTP");
  }
  const upper = text.toUpperCase();
  if (REFUSED.has(upper)) {
    throw new AtlsError("invalid", `the method ${upper} cannot be fetched`);
  }
  return NORMALISED.has(upper) ? upper : text;
}

function readRedirect(text: string): RequestRedirect {
  if (!REDIRECTS.has(text)) {
    throw new AtlsError("invalid", "redirect is follow, manual or error");
  }
  return text as RequestRedirect;
}

function checkIntegrity(integrity: string | undefined): void {
  if (integrity !== undefined && integrity !== "") {
    throw new AtlsError("invalid", "integrity cannot be checked here", {
      hint: "leave it out: the server has proved what it is",
    });
  }
}

// Of this realm or another, or of a library.
function isRequest(input: RequestInfo | URL): input is Request {
  return (
    typeof input === "object" &&
    "url" in input &&
    "headers" in input &&
    "method" in input
  );
}

/** The body of a Request; browsers that cannot stream give it whole. */
async function bodyOf(request: Request): Promise<BodySource | null> {
  if (request.bodyUsed) {
    throw new AtlsError("invalid", "the body of the Request was read already");
  }
  if (request.body === undefined) {
    const blob = await request.blob();
    return blob.size > 0 ? blob : null;
  }
  return request.body;
}

async function readAnyBody(
  request: Request | undefined,
  init: RequestInit,
  headers: Headers,
): Promise<Body | null> {
  const source =
    init.body !== undefined && init.body !== null
      ? init.body
      : request !== undefined
        ? await bodyOf(request)
        : null;
  if (source === null) {
    return null;
  }
  const body = await readBody(source, headers.get("content-length"));
  if (body.type !== undefined && !headers.has("content-type")) {
    headers.set("content-type", body.type);
  }
  return body;
}

/** Rejects before anything is sent. */
export async function readRequest(
  input: RequestInfo | URL,
  init: RequestInit,
  target: Target,
  defaults: Headers,
): Promise<Ask> {
  const request = isRequest(input) ? input : undefined;
  const url = resolve(
    request?.url ?? String(input),
    `${target.origin}/`,
    target,
  );
  const method = readMethod(String(init.method ?? request?.method ?? "GET"));
  const signal = init.signal === undefined ? request?.signal : init.signal;
  signal?.throwIfAborted();
  checkIntegrity(init.integrity ?? request?.integrity);
  const redirect = readRedirect(init.redirect ?? request?.redirect ?? "follow");
  const headers = readHeaders(init.headers ?? request?.headers);
  addDefaults(headers, defaults);
  const body = await readAnyBody(request, init, headers);
  if (body !== null && BODILESS.has(method)) {
    throw new AtlsError(
      "invalid",
      `a request with ${method} cannot have a body`,
    );
  }
  return { url, method, headers, body, redirect, signal: signal ?? undefined };
}
