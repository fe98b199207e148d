// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// transport.ts - octets to a server and back: a WebSocket through a bridge, or
// TCP. It knows nothing of TLS.

export interface Transport {
  /** The next octets, or null at the end. One call at a time. Rejects when the
   * connection breaks; resolves to null, or rejects, when it is closed here. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when more may be written: what waits to be sent is bounded. The
   * octets are the transport's until then, and go in the order of the calls. */
  write(octets: Uint8Array): Promise<void>;
  /** Ends it, both ways, at once. What waits to be read is dropped; so is what
   * waits to be sent, but for a WebSocket's, which cannot be taken back. Never
   * throws. */
  close(): void;
  /** Has its far end proved itself? Until then little can be due, and no more
   * need wait to be read. */
  trusts?(isTrusted: boolean): void;
  /** Nobody is waiting for anything: a program may end meanwhile. */
  rest?(idle: boolean): void;
}

/** Connects; an aborted signal ends the attempt. Rejects with AtlsError
 * ("network"). */
export type Dial = (signal: AbortSignal) => Promise<Transport>;
