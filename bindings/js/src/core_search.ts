// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// core_search.ts - the search for one session's collateral, without I/O.

import type { SessionObject } from "./core_session.js";
import { Handle, type Module } from "./module.js";

export interface Found {
  readonly origin: "stapled" | "cached" | "stale" | "fetched";
  /** Is the bundle to be kept under its name? */
  readonly keep: boolean;
  /** Evaluations to be kept. */
  readonly learnt: readonly string[];
  readonly note: string;
}

/** Each with a NUL behind it. */
const listed = (sources: readonly string[]): string =>
  sources.map((s) => s + "\0").join("");

/** What a bundle for this session's quote and these sources is called. */
export function bundleName(
  session: SessionObject,
  sources: readonly string[],
): string {
  const m = session.module;
  m.do("js_search_name", session.at, listed(sources));
  return new TextDecoder().decode(m.result());
}

export class SearchObject extends Handle {
  constructor(
    module: Module,
    session: SessionObject,
    sources: readonly string[],
    cached: Uint8Array | null,
  ) {
    const now = Math.floor(Date.now() / 1000);
    super(
      module,
      module.make("js_search_new", session.at, listed(sources), cached, now),
      "js_search_free",
    );
  }

  /** What is to be asked for next; undefined: nothing more. */
  next(): { url: string; maxBody: number } | undefined {
    return this.module.call("js_search_wants", this.at) === 0
      ? undefined
      : {
          url: this.module.string("js_search_url", this.at),
          maxBody: this.module.call("js_search_max_body", this.at) >>> 0,
        };
  }

  give(headers: string, body: Uint8Array): void {
    this.module.call("js_search_give", this.at, headers, body);
  }

  fail(code: string, message: string): void {
    this.module.call("js_search_fail", this.at, code, message);
  }

  /** Once. Throws AtlsError if there is none. */
  take(): { collateral: Handle; found: Found } {
    const at = this.module.make("js_search_take", this.at);
    const found = this.module.json() as Found;
    const collateral = new Handle(this.module, at, "js_collateral_free");
    return { collateral, found };
  }

  bundle(): Uint8Array {
    this.module.call("js_search_bundle", this.at);
    return this.module.result();
  }
}
