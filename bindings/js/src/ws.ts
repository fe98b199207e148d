// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// ws.ts - a transport through a WebSocket: a bridge on its way to the server.
//
// A WebSocket cannot be told to wait, so what has come may be more than was
// asked for: it is bounded, and a connection that goes beyond that is given up.

import { AtlsError } from "./errors.js";
import type { Dial, Transport } from "./transport.js";

/** Octets that may wait to be sent. */
const BUFFERED_MAX = 1024 * 1024;
const POLL_MS = 5; // there is no event for it
/** Octets that may wait to be read. */
const UNREAD_MAX = 256 * 1024 * 1024;
const NORMAL = 1000;
const ABNORMAL = 1006;

/** `url`: ws: or wss:, with its query. */
export function wsDial(url: string): Dial {
  return async (signal) => {
    signal.throwIfAborted();
    const ws = made(url);
    ws.binaryType = "arraybuffer";
    const transport = new WsTransport(ws); // listens from the first frame on
    await opened(ws, signal, url);
    return transport;
  };
}

/** What a page may not open at all is told at once, and in the host's words. */
function made(url: string): WebSocket {
  try {
    return new WebSocket(url);
  } catch (cause) {
    throw new AtlsError(
      "network",
      `the bridge ${new URL(url).host} may not be asked from here`,
      {
        hint: "pages of https: need wss:, and some ports are closed to pages",
        cause,
      },
    );
  }
}

function opened(
  ws: WebSocket,
  signal: AbortSignal,
  url: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      ws.close();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
    ws.addEventListener("open", () => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
    onEnd(ws, (code, reason) => {
      signal.removeEventListener("abort", abort);
      reject(refused(url, code, reason));
    });
  });
}

/** Some WebSockets tell of an error, and never of the end behind it. */
function onEnd(
  ws: WebSocket,
  then: (code: number, reason: string) => void,
): void {
  ws.addEventListener("close", ({ code, reason }) => then(code, reason));
  ws.addEventListener("error", () => {
    setTimeout(() => then(ABNORMAL, ""), 0); // its close tells more
  });
}

/** Pages are told no more than a code. */
function refused(url: string, code: number, reason: string): AtlsError {
  const why = reason === "" ? `code ${code}` : `code ${code}, ${reason}`;
  const where = new URL(url).host;
  return new AtlsError(
    "network",
    `the bridge ${where} gave no tunnel (${why})`,
    {
      hint: "check that it runs, and that it allows this page and this target",
    },
  );
}

class WsTransport implements Transport {
  readonly #ws: WebSocket;
  readonly #came: Uint8Array[] = [];
  #unread = 0;
  #over = false;
  #fault: AtlsError | undefined;
  #wake: (() => void) | undefined;

  constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.addEventListener("message", ({ data }) => this.#take(data));
    onEnd(ws, (code, reason) => {
      // A bridge says 1000 where the server ended the connection well.
      if (code !== NORMAL && !this.#over) {
        const why = reason === "" ? `code ${code}` : reason;
        this.#fault ??= new AtlsError("network", `the bridge ended it: ${why}`);
      }
      this.#over = true;
      this.#woken();
    });
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const first = this.#came.shift();
      if (first !== undefined) {
        this.#unread -= first.length;
        return first;
      }
      if (this.#fault !== undefined) {
        throw this.#fault;
      }
      if (this.#over) {
        return null;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async write(octets: Uint8Array): Promise<void> {
    this.#writable();
    this.#ws.send(octets as Uint8Array<ArrayBuffer>);
    while (this.#ws.bufferedAmount > BUFFERED_MAX) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      this.#writable();
    }
  }

  close(): void {
    this.#over = true;
    this.#came.length = this.#unread = 0;
    this.#ws.close(NORMAL);
    this.#woken();
  }

  #writable(): void {
    if (this.#over || this.#ws.readyState !== WebSocket.OPEN) {
      throw this.#fault ?? new AtlsError("network", "the connection is closed");
    }
  }

  #take(data: unknown): void {
    if (this.#over) {
      return;
    }
    if (!(data instanceof ArrayBuffer)) {
      return this.#giveUp("the bridge sent text");
    }
    this.#unread += data.byteLength;
    if (this.#unread > UNREAD_MAX) {
      return this.#giveUp("more came than is being read");
    }
    if (data.byteLength > 0) {
      this.#came.push(new Uint8Array(data));
      this.#woken();
    }
  }

  #giveUp(why: string): void {
    this.#came.length = this.#unread = 0;
    this.#fault = new AtlsError("network", why);
    this.#over = true;
    this.#ws.close();
    this.#woken();
  }

  #woken(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
