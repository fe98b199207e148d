// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// attested_stream.ts - octets as they are, to and from a server that has proved
// itself: for protocols other than HTTP.

import { connectOptions, readEndpoint } from "./endpoint.js";
import { TIMEOUTS_OF_REQUESTS, type AnyOptions } from "./options.js";
import { openStream, type RawStream } from "./stream.js";
import type {
  Attestation,
  BridgeOptions,
  ConnectTimeouts,
  TcpOptions,
} from "./types.js";

// What is of requests, of pools, or of pages' fetch.
const NOT_OF_STREAMS = [
  "defaultHeaders",
  "headers",
  "worker",
  "maxConnections",
  "idleTimeout",
] as const;
type NotOfStreams = (typeof NOT_OF_STREAMS)[number] | "timeouts";

export type StreamOptions = (
  Omit<BridgeOptions, NotOfStreams> | Omit<TcpOptions, NotOfStreams>
) & {
  readonly timeouts?: ConnectTimeouts;
  /** Ends the attempt to connect. */
  readonly signal?: AbortSignal;
};

export class AttestedStream {
  readonly #raw: RawStream;

  private constructor(raw: RawStream) {
    this.#raw = raw;
  }

  /** Resolves once the server has proved itself. */
  static async connect(options: StreamOptions): Promise<AttestedStream> {
    const endpoint = readEndpoint(
      options as AnyOptions,
      [...NOT_OF_STREAMS, ...TIMEOUTS_OF_REQUESTS],
      ["signal"],
    );
    const { signal } = endpoint.options as StreamOptions;
    signal?.throwIfAborted();
    const trust = await endpoint.trust();
    return new AttestedStream(
      await openStream(connectOptions(endpoint, trust, signal)),
    );
  }

  /** Fails where the connection was cut. Cancelling it closes the stream. */
  get readable(): ReadableStream<Uint8Array> {
    return this.#raw.readable;
  }

  /** Closing it ends this direction; reading goes on. */
  get writable(): WritableStream<Uint8Array> {
    return this.#raw.writable;
  }

  /** The last one. */
  get attestation(): Attestation {
    return this.#raw.attestation;
  }

  /** Resolves, never rejects, at its end. */
  get closed(): Promise<void> {
    return this.#raw.closed;
  }

  /** Ends both directions at once. */
  close(): void {
    this.#raw.close();
  }
}
