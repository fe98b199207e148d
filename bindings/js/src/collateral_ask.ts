// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// collateral_ask.ts - one GET to a source of collateral, by the host's fetch:
// no cookies, no redirects, limits on time and size.

import { AtlsError } from "./errors.js";

const TIMEOUT_MS = 20_000; // of a whole request
const HEADERS_MAX_CHARS = 96 * 1024;
const RELAY =
  "use a bridge's relay: assay bridge --relay, and its URL as `collateral`";

export interface Answer {
  /** Lines. */
  readonly headers: string;
  readonly body: Uint8Array;
}

/** Rejects with AtlsError, the message beginning with the URL; or, aborted,
 * with the signal's reason. */
export async function askSource(
  url: string,
  maxBody: number,
  signal: AbortSignal,
): Promise<Answer> {
  const where = plain(url);
  const attempt = new AbortController();
  const abort = (): void => attempt.abort();
  signal.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(abort, TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      credentials: "omit",
      redirect: "error",
      cache: "no-store",
      referrerPolicy: "no-referrer",
      signal: attempt.signal,
    });
    if (response.status !== 200) {
      attempt.abort(); // its body is of no interest
      throw refused(where, response.status);
    }
    const headers = linesOf(where, response);
    return { headers, body: await bodyOf(where, response, maxBody) };
  } catch (e) {
    signal.throwIfAborted();
    if (e instanceof AtlsError) {
      throw e;
    }
    throw attempt.signal.aborted
      ? new AtlsError("timeout", `${where}: no answer in time`)
      : new AtlsError("network", `${where}: ${unreached(e)}`, { cause: e });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    attempt.abort();
  }
}

/** As it may be told. What the host's fetch refuses would be in its words, with
 * the password. */
function plain(url: string): string {
  if (!URL.canParse(url)) {
    throw new AtlsError("invalid", "a source of collateral is no URL");
  }
  const u = new URL(url);
  const secret = u.username !== "" || u.password !== "";
  u.username = u.password = "";
  if (secret) {
    throw new AtlsError("invalid", `${u.href}: must not have a user name`, {
      hint: "sources of collateral are public: leave name and password out",
    });
  }
  return u.href;
}

function refused(where: string, status: number): AtlsError {
  const missing = status === 404 || status === 461; // 461: of a PCCS
  return new AtlsError(
    missing ? "not_found" : "network",
    `${where}: answered ${status}`,
  );
}

/** Pages are not told why. */
function unreached(e: unknown): string {
  if (isPage()) {
    return `not reached, or it allows no pages of other origins (CORS): ${RELAY}`;
  }
  const cause = e instanceof Error ? (e.cause ?? e) : e;
  return cause instanceof Error ? cause.message : "not reached";
}

const isPage = (): boolean => typeof location === "object";

/** All but the root's CRL come with the chain that signed them, in a field
 * whose name ends so. Sources must name those in Access-Control-Expose-Headers
 * for pages to see them: TCB-Info-Issuer-Chain,
 * SGX-Enclave-Identity-Issuer-Chain, SGX-PCK-CRL-Issuer-Chain. */
const CHAIN = "-issuer-chain";

function linesOf(where: string, response: Response): string {
  let lines = "";
  let chain = false;
  for (const [name, value] of response.headers) {
    chain ||= name.endsWith(CHAIN);
    lines += `${name}: ${value}\r\n`;
  }
  if (lines.length > HEADERS_MAX_CHARS) {
    throw new AtlsError("too_large", `${where}: too many headers`);
  }
  if (!chain && response.type === "cors" && !/rootcacrl/iu.test(where)) {
    throw new AtlsError(
      "network",
      `${where}: hides its issuer chain from pages of other origins ` +
        `(Access-Control-Expose-Headers): ${RELAY}`,
    );
  }
  return lines;
}

async function bodyOf(
  where: string,
  response: Response,
  max: number,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let r; reader && !(r = await reader.read()).done;) {
    length += r.value.length;
    if (length > max) {
      throw new AtlsError("too_large", `${where}: more than ${max} bytes`);
    }
    pieces.push(r.value);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.length;
  }
  return body;
}
