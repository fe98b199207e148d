// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// link_inbox.ts - what came over a transport, until the session takes it.

import type { SessionObject } from "./core_session.js";
import type { Transport } from "./transport.js";

export class Inbox {
  readonly #transport: Transport;
  #came: Uint8Array | undefined; // not yet taken by the session
  #reading: Promise<void> | undefined;
  #over = false; // the transport brings no more
  #told = false; // the session knows
  #fault: unknown; // of the transport

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  get length(): number {
    return this.#came?.length ?? 0;
  }

  /** Why the transport broke, if it did. */
  get fault(): unknown {
    return this.#fault;
  }

  /** Something came, or will never: without taking it. Never rejects. */
  arrival(): Promise<void> {
    return this.#came === undefined && !this.#over
      ? this.#read()
      : Promise.resolve();
  }

  #read(): Promise<void> {
    return (this.#reading ??= this.#transport
      .read()
      .then(
        (octets) => {
          this.#over = octets === null;
          this.#came = octets?.length ? octets : undefined;
        },
        (e: unknown) => {
          this.#over = true;
          this.#fault = e;
        },
      )
      .finally(() => {
        this.#reading = undefined;
      }));
  }

  /** What came goes to the session, as far as that takes it; true: all. */
  giveTo(session: SessionObject): boolean {
    while (this.#came !== undefined) {
      const n = session.feed(this.#came);
      if (n === 0) {
        return false;
      }
      this.#came = n < this.#came.length ? this.#came.subarray(n) : undefined;
    }
    if (this.#over && !this.#told) {
      this.#told = true;
      session.eof();
    }
    return true;
  }
}
