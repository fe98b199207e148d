// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// tcp.ts - a transport over TCP, in Node.

import type { Socket } from "node:net";
import { AtlsError } from "./errors.js";
import type { Dial, Transport } from "./transport.js";

// A peer that is gone without a word is noticed; the host says how soon.
const KEEP_ALIVE_MS = 30_000;
const TURN_BYTES = 256 * 1024;

/** `host`: a name or an address, IPv6 without brackets. */
export function tcpDial(host: string, port: number): Dial {
  return async (signal) => {
    const { connect } = await import("node:net"); // browsers have none
    signal.throwIfAborted();
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      autoSelectFamily: true,
    });
    await connected(socket, signal, `${host}:${port}`);
    return new TcpTransport(socket);
  };
}

function connected(
  socket: Socket,
  signal: AbortSignal,
  where: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    const settle = (): void => {
      signal.removeEventListener("abort", abort);
      socket.off("error", fail);
    };
    const fail = (cause: Error): void => {
      settle();
      socket.destroy();
      reject(
        new AtlsError("network", `${where}: cannot connect: ${words(cause)}`, {
          hint: "check the address, the network and that the server runs",
          cause,
        }),
      );
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.on("error", fail);
    socket.once("connect", () => {
      settle();
      resolve();
    });
  });
}

/** Of several addresses that were tried, the first says enough. */
function words(e: Error): string {
  const first: unknown = e instanceof AggregateError ? e.errors[0] : e;
  return first instanceof Error ? first.message : e.message;
}

class TcpTransport implements Transport {
  readonly #socket: Socket;
  #fault: Error | undefined;
  #written = 0; // since others had their turn
  #wake: (() => void)[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    // Nothing is read ahead of read() but what one chunk holds.
    for (const event of ["readable", "end", "drain", "close"]) {
      socket.on(event, () => this.#woken());
    }
    socket.on("error", (e) => {
      this.#fault = new AtlsError("network", e.message, { cause: e });
      this.#woken();
    });
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const chunk = this.#socket.read() as Uint8Array | null;
      if (chunk !== null) {
        return chunk;
      }
      if (this.#fault !== undefined) {
        throw this.#fault;
      }
      if (this.#socket.readableEnded || this.#socket.destroyed) {
        return null;
      }
      await this.#something();
    }
  }

  async write(octets: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (!socket.writable) {
      throw this.#fault ?? new AtlsError("network", "the connection is closed");
    }
    socket.write(octets);
    this.#written += octets.length;
    if (this.#written >= TURN_BYTES) {
      // A peer that takes all at once would keep what it says from being heard.
      this.#written = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (socket.writableNeedDrain) {
      await this.#something();
      if (socket.destroyed) {
        throw (
          this.#fault ?? new AtlsError("network", "the connection is closed")
        );
      }
    }
  }

  close(): void {
    this.#socket.destroy();
    this.#woken();
  }

  rest(idle: boolean): void {
    if (idle) {
      this.#socket.unref();
    } else {
      this.#socket.ref();
    }
  }

  #something(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #woken(): void {
    for (const wake of this.#wake.splice(0)) {
      wake();
    }
  }
}
