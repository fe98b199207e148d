// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// attestation.ts - what a trusted session is told as to callers.

import type { SessionObject } from "./core_session.js";
import { AtlsError } from "./errors.js";
import { decode } from "./module.js";
import type { Attestation, Verdict } from "./types.js";

const word = (v: unknown): string => (typeof v === "string" ? v : "");

function words(v: unknown): readonly string[] {
  return Array.isArray(v) ? Object.freeze(v.map(word)) : Object.freeze([]);
}

/** Of an open session. The evidence is kept: the session may be gone when it is
 * asked for. */
export function attestationOf(
  session: SessionObject,
  attestedAt: Date,
): Attestation {
  const verdict: Verdict | undefined = session.verdict();
  if (verdict?.trusted !== true) {
    throw new AtlsError(
      "internal",
      "a session is open without a trusted verdict",
      { hint: "please report this as a bug" },
    );
  }
  const bundle = session.evidence();
  return Object.freeze({
    trusted: true,
    teeType: "tdx",
    tcbStatus: word(verdict["tcb_status"]),
    advisoryIds: words(verdict["advisory_ids"]),
    measurement: word(verdict["measurement"]),
    attestedAt,
    attestations: session.facts().attestations,
    verdict,
    evidence: () => Promise.resolve(decode(bundle)),
  });
}
