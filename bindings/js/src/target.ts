// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// target.ts - the one host of a fetch or an agent, and which URLs are of it.

import { AtlsError } from "./errors.js";

/** Spelt as URLs are, after the WHATWG's rules and without a dot at the end: two
 * that mean the same host are equal. */
export interface Target {
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** As the field Host has it: no port if it is 443. */
  readonly authority: string;
  /** https://AUTHORITY */
  readonly origin: string;
}

const HTTPS_PORT = 443;

function withoutDot(hostname: string): string {
  return hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
}

function targetOf(url: URL): Target {
  const hostname = withoutDot(url.hostname);
  const port = url.port === "" ? HTTPS_PORT : Number(url.port);
  const authority = port === HTTPS_PORT ? hostname : `${hostname}:${port}`;
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port,
    authority,
    origin: `https://${authority}`,
  };
}

function bad(what: string, why: string): AtlsError {
  return new AtlsError("invalid", `${what} ${why}`, {
    hint: 'write it as "host", "host:port" or "https://host:port"',
  });
}

/** "host", "host:port" or an https: URL. `what`: the option's name. */
export function parseTarget(text: unknown, what: string): Target {
  if (typeof text !== "string" || text === "") {
    throw bad(what, "must be a text that names a host");
  }
  const bare = /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text);
  const full = text.includes("://")
    ? text
    : `https://${bare ? `[${text}]` : text}`;
  if (!URL.canParse(full)) {
    throw bad(what, "names no host");
  }
  const url = new URL(full);
  if (url.protocol !== "https:") {
    throw bad(what, "is not an https: URL");
  }
  if (url.username !== "" || url.password !== "") {
    throw bad(what, "has a user name in it");
  }
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw bad(what, "has more in it than a host and a port");
  }
  if (/(^|\.)$/.test(withoutDot(url.hostname)) || url.port === "0") {
    throw bad(what, "names no host");
  }
  return targetOf(url);
}

export function isSame(a: Target, b: Target): boolean {
  return a.host === b.host && a.port === b.port;
}

/** Whether a field Host, "host" or "host:port" in ASCII, is the target's. */
export function namesTarget(host: string, target: Target): boolean {
  try {
    const plain = /^[\w.:[\]-]+$/.test(host);
    return plain && isSame(parseTarget(host, "the field Host"), target);
  } catch {
    return false;
  }
}

/** Where a URL leads, if that is the target; relative ones are the target's.
 * The host of the URL is replaced by the target's spelling of it. */
export function resolve(text: string, base: string, target: Target): URL {
  if (!URL.canParse(text, base)) {
    throw new AtlsError("invalid", "the URL cannot be read");
  }
  const url = new URL(text, base);
  if (url.protocol !== "https:") {
    throw new AtlsError(
      "wrong_host",
      `the URL's scheme is ${url.protocol} and not https:, so nothing was sent`,
    );
  }
  if (!isSame(targetOf(url), target)) {
    throw new AtlsError(
      "wrong_host",
      `the URL leads to ${url.host} and not to ${target.authority}, so nothing was sent`,
      { hint: "use another fetch for other hosts" },
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new AtlsError("invalid", "the URL has a user name in it");
  }
  // Not relative to the origin: a path may begin with two slashes.
  return new URL(target.origin + url.pathname + url.search + url.hash);
}
