// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// transport.ts - octets to a server and back: a WebSocket through a bridge, or
// TCP. It knows nothing of TLS.

export interface Transport {
  /** The next octets, or null at the end. One call at a time. Rejects when the
   * connection breaks. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when more may be written: what waits to be sent is bounded. The
   * octets are the transport's until then. */
  write(octets: Uint8Array): Promise<void>;
  /** Ends it, both ways, at once; what still waits is dropped. Never throws. */
  close(): void;
}

/** Connects; an aborted signal ends the attempt. Rejects with AtlsError
 * ("network"). */
export type Dial = (signal: AbortSignal) => Promise<Transport>;
