// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// stream.ts - octets as they are, both ways, over a connection whose far end
// has proved itself.

import type { ConnectOptions } from "./connection.js";
import type { Attestation } from "./types.js";

export interface RawStream {
  /** Of bytes; reads from the network only as it is read. Fails where the
   * connection was cut. Cancelling it closes the stream. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Closing it ends this direction (close_notify); reading goes on. What is
   * written behind something that was read may have to wait for evidence that
   * is fresh. */
  readonly writable: WritableStream<Uint8Array>;
  /** The last one. */
  readonly attestation: Attestation;
  /** Resolves, never rejects, at its end. */
  readonly closed: Promise<void>;
  /** Ends both directions at once. */
  close(): void;
}

/** What AttestedStream.connect() and createAtlsAgent() are made of: no HTTP of
 * ours, but for the evidence. */
export async function openStream(options: ConnectOptions): Promise<RawStream> {
  throw new Error("not yet: " + typeof options);
}
