// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// fields.ts - which fields of a request are a caller's to set.

import { AtlsError } from "./errors.js";
import type { Fields } from "./connection.js";
import { namesTarget, type Target } from "./target.js";
import type { HeaderFields } from "./types.js";

/** What becomes of a field that belongs to the connection or to a proxy. */
type Rule = "drop" | "refuse";

// Dropped where leaving it out changes nothing of what the request means, and
// refused where it does.
const RULES: Readonly<Record<string, Rule>> = {
  connection: "drop",
  "content-length": "drop", // read before: see body.ts
  expect: "drop",
  "keep-alive": "drop",
  "proxy-authorization": "refuse", // a secret that is a proxy's
  "proxy-connection": "drop",
  te: "drop",
  trailer: "drop",
  "transfer-encoding": "refuse",
  upgrade: "refuse",
};

/** Fields of a body, which go where a redirect drops that. */
export const BODY_FIELDS: readonly string[] = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-type",
];

/** Headers without messages that repeat what is in them. */
export function readHeaders(from: HeaderFields | undefined): Headers {
  try {
    return new Headers(from);
  } catch {
    throw new AtlsError(
      "invalid",
      "the request's fields cannot be read: a name or a value is not one of HTTP",
    );
  }
}

/** What is missing is taken from the defaults. */
export function addDefaults(headers: Headers, defaults: Headers): void {
  for (const [name, value] of defaults) {
    if (!headers.has(name)) {
      headers.append(name, value);
    }
  }
}

function checkHost(given: string, target: Target): void {
  if (!namesTarget(given, target)) {
    throw new AtlsError(
      "wrong_host",
      `the field Host is not ${target.authority}, so nothing was sent`,
    );
  }
}

/** As they go: Host first, and no coding unless it was asked for. */
export function fieldsOf(headers: Headers, target: Target): Fields {
  const fields: [string, string][] = [["Host", target.authority]];
  for (const [name, value] of headers) {
    if (name === "host") {
      checkHost(value, target);
      continue;
    }
    const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
    if (rule === "refuse") {
      throw new AtlsError(
        "invalid",
        `the field ${name} is not a request's to set`,
      );
    }
    if (rule === undefined) {
      fields.push([name, value]);
    }
  }
  if (!headers.has("accept")) {
    fields.push(["Accept", "*/*"]);
  }
  if (!headers.has("accept-encoding")) {
    fields.push(["Accept-Encoding", "identity"]);
  }
  return fields;
}
