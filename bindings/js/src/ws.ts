// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// ws.ts - a transport through a WebSocket: a bridge on its way to the server.
//
// A WebSocket cannot be told to wait, so what has come may be more than was
// asked for: it is bounded, and a connection that goes beyond that is given up.

import { AtlsError } from "./errors.js";
import type { Dial, Transport } from "./transport.js";

/** Octets that may wait to be sent, and a piece more: none can be taken back. */
const BUFFERED_MAX = 256 * 1024;
const POLL_MS = 1; // there is no event for it
/** Octets that may wait to be read. */
const UNREAD_MAX = 256 * 1024 * 1024;
/** While there is no more than a handshake and evidence to come. */
const UNTRUSTED_MAX = 4 * 1024 * 1024;
/** As how many a smaller message counts: each costs some 400 besides. */
const MESSAGE_LEAST = 2048;
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

const weight = ({ byteLength }: ArrayBuffer | Uint8Array): number =>
  Math.max(byteLength, MESSAGE_LEAST);

class WsTransport implements Transport {
  readonly #ws: WebSocket;
  #came: Uint8Array[] = [];
  #ready: Uint8Array[] = []; // came before those; the next one is the last
  #unread = 0;
  #most = UNREAD_MAX;
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
      const next = this.#next();
      if (next !== undefined) {
        this.#unread -= weight(next);
        return next;
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

  /** shift() would move all the others each time. */
  #next(): Uint8Array | undefined {
    if (this.#ready.length === 0) {
      this.#ready = this.#came.reverse();
      this.#came = [];
    }
    return this.#ready.pop();
  }

  async write(octets: Uint8Array): Promise<void> {
    this.#writable();
    this.#ws.send(octets as Uint8Array<ArrayBuffer>);
    while (this.#ws.bufferedAmount > BUFFERED_MAX) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      this.#writable();
    }
  }

  trusts(isTrusted: boolean): void {
    this.#most = isTrusted ? UNREAD_MAX : UNTRUSTED_MAX;
  }

  close(): void {
    this.#over = true;
    this.#drop();
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
    if (data.byteLength === 0) {
      return;
    }
    this.#unread += weight(data);
    if (this.#unread > this.#most) {
      return this.#giveUp("more came than is being read");
    }
    this.#came.push(new Uint8Array(data));
    this.#woken();
  }

  #drop(): void {
    this.#came.length = this.#ready.length = this.#unread = 0;
  }

  #giveUp(why: string): void {
    this.#drop();
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
