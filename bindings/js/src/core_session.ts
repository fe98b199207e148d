// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// core_session.ts - the client's end of one attested session, without I/O
// (include/assay/session.h).

import type { SessionInput } from "./core.js";
import { AtlsError } from "./errors.js";
import { Handle, type Module } from "./module.js";
import type { Verdict } from "./types.js";

// In the order of enum assay_client_state.
const STATES = [
  "handshake",
  "quote",
  "need_collateral",
  "appraise",
  "need_evidence",
  "evidence",
  "open",
  "raw",
  "closed",
  "failed",
] as const;
export type SessionState = (typeof STATES)[number];

const WIRES = ["v2", "v1", "v0"]; // in the order of enum assay_wire

/** core.h, js_session_facts(): what JavaScript uses of it. */
export interface SessionFacts {
  readonly truncated: boolean;
  readonly retry_after_s: number;
  readonly attestations: number;
}

const wall = (): number => Math.floor(Date.now() / 1000);

/** Of what is less, clocks that are set little by little are the cause. */
const SLEEP_MIN_MS = 1_000;

let slept = 0;
let last = { wall: Date.now(), now: performance.now() };

/** The host's clock may stand still while the machine sleeps, during which
 * evidence grows older: what the wall clock has gained since the last call
 * counts. What it has lost does not: it was set back, and hides no sleep to
 * come. */
function mono(): number {
  const wall = Date.now();
  const now = performance.now();
  const gained = wall - last.wall - (now - last.now);
  slept += gained > SLEEP_MIN_MS ? gained : 0;
  last = { wall, now };
  return Math.floor(now + slept);
}

export class SessionObject extends Handle {
  readonly input: SessionInput; // it must outlive the session
  #collateral: Handle | undefined;

  constructor(module: Module, input: SessionInput) {
    const { policy, root, roots, serverName } = input;
    const at = module.make(
      "js_session_new",
      policy.at,
      root.at,
      roots.at,
      serverName,
      WIRES.indexOf(policy.facts.wires[0] ?? ""),
      wall(),
      mono(),
    );
    super(module, at, "js_session_free");
    this.input = input;
  }

  override free(): void {
    super.free();
    this.#collateral?.free();
    this.#collateral = undefined;
  }

  get state(): SessionState {
    const state = STATES[this.module.call("js_session_state", this.at)];
    if (state === undefined) {
      throw new AtlsError("internal", "a session is in no state");
    }
    return state;
  }

  /** How many octets it took: fewer while plaintext waits or evidence is to be
   * appraised. Failing is a state. */
  feed(octets: Uint8Array): number {
    const n = this.module.call("js_session_feed", this.at, octets);
    return n < 0 ? octets.length : n;
  }

  eof(): void {
    this.module.call("js_session_eof", this.at);
  }

  abort(code: string, message: string): void {
    this.module.call("js_session_abort", this.at, code, message);
  }

  /** All octets for the server; they are not given again. */
  output(): Uint8Array {
    this.module.call("js_session_output", this.at);
    const octets = this.module.result();
    if (octets.length > 0) {
      this.module.call("js_session_sent", this.at, octets.length);
    }
    return octets;
  }

  /** How much output waits. */
  unsent(): number {
    this.module.call("js_session_output", this.at);
    return this.module.resultLength();
  }

  get due(): boolean {
    return this.module.call("js_session_due", this.at, wall(), mono()) !== 0;
  }

  reattest(): void {
    this.module.do("js_session_reattest", this.at, wall(), mono());
  }

  /** The session's from here on. */
  give(collateral: Handle): void {
    this.module.do("js_session_give", this.at, collateral.at);
    this.#collateral?.free();
    this.#collateral = collateral;
  }

  appraise(): void {
    this.module.do("js_session_appraise", this.at, wall(), mono());
  }

  /** False: the evidence is older than the policy allows. */
  begin(): boolean {
    if (this.module.call("js_session_begin", this.at, wall(), mono()) === 0) {
      return true;
    }
    if (this.module.errorCode() === "stale") {
      return false;
    }
    throw this.module.error();
  }

  /** False: what waits is to be sent first. */
  write(plain: Uint8Array, chunked: boolean): boolean {
    const as = chunked ? 1 : 0;
    if (this.module.call("js_session_write", this.at, plain, as) === 0) {
      return true;
    }
    if (this.module.errorCode() === "too_large") {
      return false;
    }
    throw this.module.error();
  }

  end(): void {
    this.module.call("js_session_end", this.at);
  }

  /** How much plaintext waits. */
  waiting(): number {
    this.module.call("js_session_read", this.at);
    return this.module.resultLength();
  }

  /** All plaintext that waits. */
  take(): Uint8Array {
    this.module.call("js_session_read", this.at);
    const octets = this.module.result();
    if (octets.length > 0) {
      this.module.call("js_session_taken", this.at, octets.length);
    }
    return octets;
  }

  /** The server has ended its direction. */
  get readDone(): boolean {
    return this.module.call("js_session_read_done", this.at) !== 0;
  }

  /** Says goodbye; output() has it. */
  close(): void {
    this.module.call("js_session_close", this.at);
  }

  facts(): SessionFacts {
    this.module.do("js_session_facts", this.at);
    return this.module.json() as SessionFacts;
  }

  /** The last one; undefined before the first. */
  verdict(): Verdict | undefined {
    return this.module.call("js_session_verdict", this.at) === 0
      ? (this.module.json() as Verdict)
      : undefined;
  }

  /** What was appraised last, as a bundle. */
  evidence(): Uint8Array {
    this.module.do("js_session_evidence", this.at);
    return this.module.result();
  }

  /** Why it failed. */
  failure(): AtlsError {
    const { serverName } = this.input;
    this.module.call("js_session_error", this.at);
    const { code, message, hint } = this.module.error();
    const facts = this.facts();
    const verdict = code === "not_trusted" ? this.verdict() : undefined;
    return new AtlsError(code, `${serverName}: ${message}`, {
      hint,
      retryAfter: facts.retry_after_s,
      ...(verdict === undefined ? {} : { verdict }),
    });
  }
}
