// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// connection.ts - one attested connection: handshake, collateral, appraisal,
// evidence anew when it is due, and one exchange of HTTP at a time.

import { AtlsError } from "./errors.js";
import { Link } from "./link.js";
import { LinkExchange } from "./link_http.js";
import type { Trust } from "./trust.js";
import type { Dial } from "./transport.js";
import type { Attestation, Timeouts } from "./types.js";

export interface ConnectOptions {
  readonly dial: Dial;
  /** For TLS: SNI, certificate, and Host of the request for evidence. */
  readonly serverName: string;
  readonly trust: Trust;
  readonly timeouts?: Timeouts;
  /** Ends the attempt only: what comes later has signals of its own. */
  readonly signal?: AbortSignal;
  /** Awaited for each attestation that succeeded, before anything is sent.
   * What it throws closes the connection, and is thrown on as it is. */
  readonly onAttestation?: (attestation: Attestation) => void | Promise<void>;
}

/** Names and values in the order in which they go, or came; octets as ISO
 * 8859-1. */
export type Fields = readonly (readonly [name: string, value: string])[];

export interface ExchangeRequest {
  readonly method: string;
  /** The request target: path and query. */
  readonly target: string;
  /** All but those of framing (Content-Length, Transfer-Encoding), which the
   * connection adds. Host is the caller's. */
  readonly fields: Fields;
  /** Null or absent: none. A stream goes in chunks. */
  readonly body?: Uint8Array | ReadableStream<Uint8Array> | null;
  /** Octets of a stream, where that is known: then it goes with a
   * Content-Length, and more or less than that fails. */
  readonly bodyLength?: number;
  /** Ends the exchange at any moment, the reading of the body included. The
   * reason is what is thrown. */
  readonly signal?: AbortSignal;
}

export interface ExchangeResponse {
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
  /** Null where there can be none (HEAD, 204, 304). A stream of bytes that
   * reads no more than 64 KiB of the network ahead of its reader. Cancelling it
   * closes the connection, as does forgetting it before its end. It fails where
   * the body did not come whole. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** Those behind a chunked body; resolves with its end, to [] where there are
   * none; rejects as the body fails. */
  readonly trailers: Promise<Fields>;
  /** Resolves, never rejects, once the exchange is over, well or not: the
   * connection can be used again, or never. */
  readonly done: Promise<void>;
  /** Of the connection, as it was when the request was sent. */
  readonly attestation: Attestation;
}

/** How far a request that failed had come. "unsent": not an octet of it left.
 * "unanswered": some did, and not an octet of an answer came. */
export type Progress = "unsent" | "unanswered" | "answered";

const progress = new WeakMap<object, Progress>();

/** Of what exchange() rejected with; "answered" for anything else. */
export function progressOf(error: unknown): Progress {
  const known = typeof error === "object" && error !== null;
  return (known ? progress.get(error) : undefined) ?? "answered";
}

export class Connection {
  readonly #link: Link;
  readonly #timeouts: Timeouts | undefined;
  #busy = false;
  #last = false; // nothing more is asked over it
  #exchange: LinkExchange | undefined; // while it goes on
  #turn = 0; // of watching

  /** Dials, and resolves once the server is trusted and onAttestation() went
   * well. Nothing of the caller's was sent until then. AtlsError, or the
   * signal's reason. */
  static async connect(options: ConnectOptions): Promise<Connection> {
    return new Connection(await Link.open(options), options.timeouts);
  }

  private constructor(link: Link, timeouts: Timeouts | undefined) {
    this.#link = link;
    this.#timeouts = timeouts;
    this.#rest();
  }

  /** The last one. */
  get attestation(): Attestation {
    return this.#link.attestation;
  }

  /** May it be given a request? False amid one, and for ever once it ended:
   * the server said goodbye, or spoke without being asked. */
  get usable(): boolean {
    return !this.#busy && !this.#last && this.#link.usable;
  }

  /** Ended for good. */
  get ended(): boolean {
    return this.#link.ended;
  }

  /** Resolves, never rejects, once it has ended for good, for whatever reason:
   * so an idle one that the server closed is noticed. */
  get closed(): Promise<void> {
    return this.#link.closed;
  }

  /** Is the evidence older than the policy's interval? exchange() asks for it
   * anew by itself. */
  get due(): boolean {
    return !this.#link.ended && this.#link.session.due;
  }

  /** While it is usable: fresh evidence, and onAttestation(). It is not usable
   * meanwhile; what fails ends the connection. */
  async reattest(signal?: AbortSignal): Promise<void> {
    this.#begin();
    signal?.throwIfAborted();
    this.#use();
    try {
      await this.#link.reattest(signal);
    } finally {
      this.#rest();
    }
  }

  /** While it is usable. Resolves with the head of the response, perhaps before
   * the request's body was sent. */
  async exchange(request: ExchangeRequest): Promise<ExchangeResponse> {
    this.#begin();
    this.#use();
    const exchange = new LinkExchange(this.#link, request, this.#timeouts);
    this.#exchange = exchange;
    void exchange.done.then(() => {
      this.#exchange = undefined;
      if (exchange.clean) {
        this.#rest();
      } else {
        this.close();
      }
    });
    try {
      return await exchange.run();
    } catch (e) {
      if (typeof e === "object" && e !== null) {
        progress.set(e, exchange.progress);
      }
      throw e;
    }
  }

  /** What its server has proved counts no more: nothing more is told to it. A
   * request that is still on its way fails with `why`; one that was sent ends
   * with its response, and none follows. */
  distrust(why: unknown): void {
    this.#last = true;
    if (this.#exchange?.sent !== true) {
      this.#endWith(why);
    }
  }

  /** Says goodbye if nothing is under way, and is done. What goes on fails. */
  close(): void {
    this.#endWith(new AtlsError("network", "the connection was closed"));
  }

  /** A goodbye would go out behind what waits to be sent. */
  #endWith(why: unknown): void {
    if (this.#exchange === undefined) {
      this.#link.close(why);
    } else {
      this.#link.end(why);
    }
  }

  #begin(): void {
    if (!this.usable) {
      const e = new AtlsError(
        "network",
        this.#busy ? "the connection is busy" : "the connection has ended",
      );
      progress.set(e, "unsent");
      throw e;
    }
  }

  #use(): void {
    this.#busy = true;
    this.#link.rest(false);
  }

  #rest(): void {
    this.#busy = false;
    this.#link.rest(true);
    void this.#watch(++this.#turn).catch((e: unknown) => this.#link.end(e));
  }

  /** While nobody uses it: a goodbye, or nonsense, ends it. */
  async #watch(turn: number): Promise<void> {
    const link = this.#link;
    while (!link.ended) {
      await link.arrival();
      if (turn !== this.#turn || this.#busy || link.ended) {
        return;
      }
      await link.more();
      if (!link.usable) {
        this.close();
      }
    }
  }
}
