// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// redirect.ts - what a redirect makes of a request (Fetch, "HTTP-redirect
// fetch"), on the attested origin only.

import { AtlsError } from "./errors.js";
import { BODY_FIELDS } from "./fields.js";
import type { Ask } from "./request.js";
import { resolve, type Target } from "./target.js";

export const REDIRECTS_MAX = 20;

const STATUSES = new Set([301, 302, 303, 307, 308]);

function refused(why: string, cause?: unknown): AtlsError {
  return new AtlsError("redirect_refused", why, { cause });
}

/** Where a response leads; undefined if it does not. `location`: octets as ISO
 * 8859-1; what is not ASCII is meant as UTF-8. */
export function locationOf(
  status: number,
  location: string | undefined,
): string | undefined {
  if (!STATUSES.has(status) || location === undefined) {
    return undefined;
  }
  const octets = Uint8Array.from(location, (c) => c.charCodeAt(0));
  return new TextDecoder().decode(octets);
}

function follow(ask: Ask, location: string, target: Target): URL {
  try {
    const url = resolve(location, ask.url.href, target);
    if (url.hash === "") {
      url.hash = ask.url.hash;
    }
    return url;
  } catch (error) {
    throw refused("the server redirects away from the attested host", error);
  }
}

function dropsBody(status: number, method: string): boolean {
  return status === 303
    ? method !== "GET" && method !== "HEAD"
    : (status === 301 || status === 302) && method === "POST";
}

/** The request that follows; or why none does. */
export function redirected(
  ask: Ask,
  status: number,
  location: string,
  hops: number,
  target: Target,
): Ask {
  if (ask.redirect === "error") {
    throw refused("the server redirects, which the request does not allow");
  }
  if (hops >= REDIRECTS_MAX) {
    throw refused(`the server redirects more than ${REDIRECTS_MAX} times`);
  }
  const url = follow(ask, location, target);
  if (status !== 303 && ask.body !== null && !ask.body.lasting) {
    throw refused(
      "the server redirects, and the body was a stream that is gone",
    );
  }
  if (!dropsBody(status, ask.method)) {
    return { ...ask, url };
  }
  ask.body?.cancel(new Error("the server redirects, and does not want it"));
  const headers = new Headers(ask.headers);
  BODY_FIELDS.forEach((name) => headers.delete(name));
  return { ...ask, url, headers, method: "GET", body: null };
}
