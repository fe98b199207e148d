// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// errors.ts - the one class of errors.

import type { Verdict } from "./types.js";

export interface ErrorDetails {
  readonly hint?: string;
  readonly verdict?: Verdict;
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** What could not be done. `code` is for programs: one of assay/error.h
 * ("not_trusted", "tls", "network", "timeout", "invalid", ...), or
 * "policy_required", "wrong_host", "redirect_refused". */
export class AtlsError extends Error {
  readonly code: string;
  /** What to try; or "". */
  readonly hint: string;
  /** Of a server that did not prove itself, where there is one. */
  readonly verdict: Verdict | undefined;
  /** Seconds after which the server asks to be tried again; 0: not said. */
  readonly retryAfter: number;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = "AtlsError";
    this.code = code;
    this.hint = details.hint ?? "";
    this.verdict = details.verdict;
    this.retryAfter = details.retryAfter ?? 0;
  }
}
