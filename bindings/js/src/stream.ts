// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// stream.ts - octets as they are, both ways, over a connection whose far end
// has proved itself.

import { byteStream, type Source } from "./byte_stream.js";
import type { ConnectOptions } from "./connection.js";
import { AtlsError } from "./errors.js";
import { Link } from "./link.js";
import type { Attestation } from "./types.js";

export interface RawStream {
  /** Of bytes; reads from the network only as it is read. Fails where the
   * connection was cut. Cancelling it closes the stream. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Closing it ends this direction (close_notify); reading goes on. */
  readonly writable: WritableStream<Uint8Array>;
  /** The last one. */
  readonly attestation: Attestation;
  /** Resolves, never rejects, at its end. */
  readonly closed: Promise<void>;
  /** The protocol inside is between two messages of its own: nothing is under
   * way. What is written next waits for evidence that is fresh, if it is due.
   * Where nobody calls it, the stream is one message, begun on evidence that was
   * fresh. */
  between(): void;
  /** In Node: a program may end while it is idle. */
  rest(idle: boolean): void;
  /** Ends both directions at once. */
  close(): void;
}

/** What AttestedStream.connect() and createAtlsAgent() are made of: no HTTP of
 * ours, but for the evidence. */
export async function openStream(options: ConnectOptions): Promise<RawStream> {
  return new LinkStream(await Link.open(options));
}

const PIECE_BYTES = 64 * 1024;

class LinkStream implements RawStream, Source {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #link: Link;
  #inMessage = false;
  #renewing: Promise<void> | undefined;
  #readEnded = false;
  #writeEnded = false;
  #controller: WritableStreamDefaultController | undefined;

  constructor(link: Link) {
    this.#link = link;
    const { stream, fail } = byteStream(this, 0);
    this.readable = stream;
    this.writable = new WritableStream({
      start: (controller) => {
        this.#controller = controller;
        // abort() would wait until what is being written has gone out.
        const { signal } = controller;
        signal.addEventListener("abort", () => link.end(signal.reason));
      },
      write: (chunk) => this.#write(chunk),
      close: () => this.#endWriting(),
    });
    void link.closed.then(() => {
      if (!this.#readEnded) {
        fail(link.why);
      }
      this.#controller?.error(link.why);
    });
  }

  get attestation(): Attestation {
    return this.#link.attestation;
  }

  get closed(): Promise<void> {
    return this.#link.closed;
  }

  between(): void {
    this.#inMessage = false;
  }

  rest(idle: boolean): void {
    this.#link.rest(idle);
  }

  close(): void {
    this.#link.close(new AtlsError("network", "the stream was closed"));
  }

  // --- reading ---

  async next(): Promise<Uint8Array | null> {
    const link = this.#link;
    try {
      for (;;) {
        await this.#renewing;
        link.alive();
        const octets = link.session.take();
        if (octets.length > 0) {
          return octets;
        }
        if (this.#noticeEnd()) {
          return null;
        }
        await link.more();
      }
    } catch (e) {
      link.end(e);
      throw link.why;
    }
  }

  /** Nothing waits. */
  #noticeEnd(): boolean {
    const link = this.#link;
    const { session } = link;
    if (session.state === "failed") {
      throw link.failure();
    }
    if (session.state === "closed" && session.facts().truncated) {
      throw link.cut();
    }
    this.#readEnded = session.state === "closed" || session.readDone;
    if (this.#readEnded && (this.#writeEnded || session.state === "closed")) {
      this.close();
    }
    return this.#readEnded;
  }

  atEnd(): boolean {
    return false; // the next read tells
  }

  cancel(reason: unknown): void {
    this.#link.end(
      reason ?? new AtlsError("network", "the stream was cancelled"),
    );
  }

  // --- writing ---

  async #write(chunk: unknown): Promise<void> {
    if (!(chunk instanceof Uint8Array)) {
      throw new TypeError("a stream of octets takes Uint8Array");
    }
    const link = this.#link;
    link.alive();
    if (!this.#inMessage) {
      link.session.end();
      this.#renewing = link.begin();
      await this.#renewing.finally(() => (this.#renewing = undefined));
      this.#inMessage = true;
    }
    for (let at = 0; at < chunk.length;) {
      link.alive();
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      if (link.session.write(piece, false)) {
        at += piece.length;
      }
      await link.flush();
    }
  }

  async #endWriting(): Promise<void> {
    const link = this.#link;
    link.alive();
    this.#writeEnded = true;
    link.session.close();
    await link.flush();
    if (this.#readEnded) {
      this.close();
    }
  }
}
