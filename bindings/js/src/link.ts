// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// link.ts - a session on a transport: octets between the two, evidence, and
// the end. What is said over it is connection.ts's and stream.ts's.
//
// Every wait ends when the link ends: its transport is closed, what waits for
// it wakes up, and alive() throws why. Nothing is read that nobody waits for.

import { attestationOf } from "./attestation.js";
import { findCollateral } from "./collateral.js";
import type { ConnectOptions } from "./connection.js";
import type { SessionObject } from "./core_session.js";
import type { Core } from "./core.js";
import { AtlsError } from "./errors.js";
import { after, dialInTime, sendLast } from "./link_ends.js";
import { Inbox } from "./link_inbox.js";
import type { Transport } from "./transport.js";
import { objectsOf } from "./trust.js";
import type { Attestation } from "./types.js";

const ATTEST_MS = 30_000;
/** Of TLS's own answers, that wait while the server does not read. */
const ANSWERS_MAX_BYTES = 64 * 1024;

const PHASES: Readonly<Record<string, string>> = {
  handshake: "TLS handshake",
  quote: "waiting for the evidence",
  need_collateral: "fetching collateral",
};

export class Link {
  readonly core: Core;
  readonly session: SessionObject;
  /** Resolves once it has ended. */
  readonly closed: Promise<void>;
  readonly #options: ConnectOptions;
  readonly #transport: Transport;
  readonly #inbox: Inbox;
  readonly #life = new AbortController();
  #attestation: Attestation | undefined;
  #answering = false; // what TLS says by itself is on its way out

  private constructor(
    options: ConnectOptions,
    core: Core,
    session: SessionObject,
    transport: Transport,
  ) {
    this.#options = options;
    this.core = core;
    this.session = session;
    this.#transport = transport;
    this.#inbox = new Inbox(transport);
    const { signal } = this.#life;
    this.closed = new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /** Dials, and resolves once the server is trusted. */
  static async open(options: ConnectOptions): Promise<Link> {
    const { trust, serverName, signal } = options;
    signal?.throwIfAborted();
    const { core, ...objects } = await objectsOf(trust);
    signal?.throwIfAborted();
    const transport = await dialInTime(options);
    transport.trusts?.(false);
    let link: Link;
    try {
      link = new Link(
        options,
        core,
        core.session({ ...objects, serverName }),
        transport,
      );
    } catch (e) {
      transport.close();
      throw e;
    }
    await link.#prove(signal);
    transport.trusts?.(true);
    return link;
  }

  get attestation(): Attestation {
    if (this.#attestation === undefined) {
      throw new AtlsError("internal", "nothing was attested");
    }
    return this.#attestation;
  }

  get ended(): boolean {
    return this.#life.signal.aborted || this.core.broken;
  }

  /** Why it ended. */
  get why(): unknown {
    return this.#life.signal.reason;
  }

  /** Throws why it ended, if it has. */
  alive(): void {
    if (this.core.broken) {
      this.end(new AtlsError("internal", "the module broke"));
    }
    this.#life.signal.throwIfAborted();
  }

  /** Nothing has come that was not read. */
  get quiet(): boolean {
    return this.#inbox.length === 0 && this.session.waiting() === 0;
  }

  /** A message may begin: nothing has come that nobody asked for. */
  get usable(): boolean {
    return !this.ended && this.session.state === "open" && this.quiet;
  }

  // --- octets ---

  /** Sends what the session has to say; resolves when there is room for more. */
  async flush(): Promise<void> {
    const octets = this.session.output();
    if (octets.length > 0) {
      await this.#transport.write(octets);
      this.alive();
    }
  }

  /** Waits until something came, and gives it to the session. To be called when
   * all plaintext was taken. */
  async more(): Promise<void> {
    const before = this.#inbox.length;
    if (before === 0) {
      await this.#inbox.arrival();
      this.alive();
    }
    if (this.#inbox.giveTo(this.session)) {
      this.#answer();
    }
    if (before > 0 && this.#inbox.length === before) {
      throw new AtlsError("internal", "a session takes nothing");
    }
  }

  /** A program may end while it is idle. */
  rest(idle: boolean): void {
    this.#transport.rest?.(idle);
  }

  /** Something came, or will never: without taking it. Never rejects. */
  arrival(): Promise<void> {
    return this.#inbox.arrival();
  }

  /** TLS may have something to answer; a fault of sending is one of reading
   * soon. One answer at a time: who asks on and on without reading what is
   * answered must not fill the memory. */
  #answer(): void {
    if (!this.#answering) {
      this.#answering = true;
      this.flush()
        .catch(() => undefined)
        .finally(() => (this.#answering = false));
    } else if (this.session.unsent() > ANSWERS_MAX_BYTES) {
      throw new AtlsError("reply", "the server asks more than it reads");
    }
  }

  // --- evidence ---

  /** Why nothing more comes, in a session that failed or was closed. */
  failure(): AtlsError {
    const { serverName } = this.#options;
    const { fault } = this.#inbox;
    if (fault !== undefined) {
      const message = `${serverName}: ${wordsOf(fault)}`;
      return new AtlsError("network", message, { cause: fault });
    }
    return this.session.state === "failed"
      ? this.session.failure()
      : new AtlsError("truncated", `${serverName}: the connection was closed`);
  }

  /** Why the session was closed and the server had said no goodbye. */
  cut(): AtlsError {
    return this.#inbox.fault === undefined
      ? new AtlsError("truncated", "the connection was cut")
      : this.failure(); // the transport knows more
  }

  /** Begins a message; on evidence that is fresh. */
  async begin(signal?: AbortSignal): Promise<void> {
    if (this.session.state !== "open") {
      throw this.failure();
    }
    if (!this.session.begin()) {
      await this.reattest(signal);
      if (!this.session.begin()) {
        throw new AtlsError("stale", "evidence came that is too old already");
      }
    }
  }

  async reattest(signal?: AbortSignal): Promise<void> {
    this.session.reattest();
    await this.#prove(signal);
  }

  /** Until the session is open, and the caller agrees. What fails ends the
   * link. */
  async #prove(signal: AbortSignal | undefined): Promise<void> {
    const { serverName, timeouts, onAttestation } = this.#options;
    const abort = (): void => this.end(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) {
      abort();
    }
    const timer = after(timeouts?.attest ?? ATTEST_MS, () => {
      const phase = PHASES[this.session.state] ?? this.session.state;
      this.end(
        new AtlsError(
          "timeout",
          `${serverName}: no answer in time (${phase})`,
          {
            hint: "try again, or raise timeouts.attest",
          },
        ),
      );
    });
    try {
      this.alive();
      const attestedAt = new Date();
      while (this.session.state !== "open") {
        await this.#step();
        this.alive();
      }
      clearTimeout(timer); // onAttestation() may ask a person
      this.#attestation = attestationOf(this.session, attestedAt);
      await this.#orEnd(onAttestation?.(this.#attestation));
      this.alive();
    } catch (e) {
      this.close(e); // with an alert, or a goodbye
      throw this.why;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** What the session needs next. */
  async #step(): Promise<void> {
    const { session } = this;
    await this.flush();
    switch (session.state) {
      case "handshake":
      case "quote":
      case "evidence":
        return this.more();
      case "need_collateral":
        return this.#supply();
      case "appraise":
        try {
          return session.appraise();
        } catch {
          throw session.failure();
        }
      case "need_evidence":
        session.abort(
          "refused",
          "the server asks for evidence of its clients, and this client has none to give",
        );
        throw session.failure();
      default:
        throw this.failure();
    }
  }

  async #supply(): Promise<void> {
    const { session } = this;
    try {
      session.give(
        await findCollateral({
          core: this.core,
          session,
          trust: this.#options.trust,
          signal: this.#life.signal,
        }),
      );
    } catch (e) {
      if (this.ended || !(e instanceof AtlsError)) {
        throw e;
      }
      session.abort(e.code, e.message);
      const message = `${this.#options.serverName}: ${e.message}`;
      throw new AtlsError(e.code, message, { hint: e.hint, cause: e });
    }
  }

  /** Waits for what is not the transport's, but not beyond the end. */
  async #orEnd(promise: void | Promise<void>): Promise<void> {
    await Promise.race([promise, this.closed]);
  }

  // --- the end ---

  /** At once: what waits is dropped, and the server told nothing. */
  end(why: unknown): void {
    if (!this.#life.signal.aborted) {
      this.#life.abort(why);
      this.#transport.close();
      this.session.free();
    }
  }

  /** With a goodbye, if it can still be said. */
  close(why: unknown): void {
    if (this.#life.signal.aborted) {
      return;
    }
    let last: Uint8Array | undefined;
    try {
      this.session.close();
      last = this.session.output();
    } catch {
      // the module broke
    }
    this.#life.abort(why);
    this.session.free();
    void sendLast(this.#transport, last);
  }
}

function wordsOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : "the connection broke";
}
