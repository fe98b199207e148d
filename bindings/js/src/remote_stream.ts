// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// remote_stream.ts - a body in messages. What is under way is bounded: octets
// are sent against credit, which the receiver gives as they are taken from it.

import type { Source } from "./byte_stream.js";
import type { StreamMessage } from "./remote_messages.js";

/** Octets that may be under way, and a piece more. */
const WINDOW_BYTES = 256 * 1024;
const PIECE_BYTES = 64 * 1024;

export type Post = (message: StreamMessage, transfer: Transferable[]) => void;

export class Sender {
  readonly #id: number;
  readonly #post: Post;
  #credit = WINDOW_BYTES;
  #over = false;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #wake: () => void = () => undefined;

  constructor(id: number, post: Post) {
    this.#id = id;
    this.#post = post;
  }

  /** Resolves once all was sent, or nobody wants the rest; rejects as the
   * stream does. */
  async send(stream: ReadableStream<Uint8Array>): Promise<void> {
    const reader = (this.#reader = stream.getReader());
    while (!this.#over) {
      const { done, value } = await reader.read();
      if (done) {
        break;
      }
      await this.#put(value);
    }
    if (!this.#over) {
      this.#over = true;
      this.#post({ kind: "end", id: this.#id }, []);
    }
  }

  credit(octets: number): void {
    this.#credit += octets;
    this.#wake();
  }

  cancel(reason?: unknown): void {
    if (!this.#over) {
      this.#over = true;
      this.#reader?.cancel(reason).catch(() => undefined);
      this.#wake();
    }
  }

  async #put(octets: Uint8Array): Promise<void> {
    for (let at = 0; at < octets.length;) {
      while (this.#credit <= 0 && !this.#over) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      if (this.#over) {
        return;
      }
      // A copy: whoever gave the octets may still need them.
      const piece = octets.slice(
        at,
        at + PIECE_BYTES,
      ) as Uint8Array<ArrayBuffer>;
      at += piece.length;
      this.#credit -= piece.length;
      this.#post({ kind: "octets", id: this.#id, octets: piece }, [
        piece.buffer,
      ]);
    }
  }
}

/** For byteStream(). */
export class Receiver implements Source {
  readonly #id: number;
  readonly #post: Post;
  readonly #cancelled: (reason: unknown) => void;
  readonly #came: Uint8Array[] = [];
  #ended = false;
  #fault: { readonly why: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(id: number, post: Post, cancelled: (reason: unknown) => void) {
    this.#id = id;
    this.#post = post;
    this.#cancelled = cancelled;
  }

  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const piece = this.#came.shift();
      if (piece !== undefined) {
        if (!this.#ended) {
          const octets = piece.length;
          this.#post({ kind: "credit", id: this.#id, octets }, []);
        }
        return piece;
      }
      if (this.#fault !== undefined) {
        throw this.#fault.why;
      }
      if (this.#ended) {
        return null;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  atEnd(): boolean {
    return this.#ended && this.#came.length === 0;
  }

  cancel(reason: unknown): void {
    this.#came.length = 0;
    if (!this.#ended) {
      this.#ended = true;
      this.#cancelled(reason);
    }
  }

  take(octets: Uint8Array): void {
    if (!this.#ended) {
      this.#came.push(octets);
      this.#wake();
    }
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** After what has come already. */
  fail(why: unknown): void {
    if (!this.#ended) {
      this.#fault ??= { why };
      this.#wake();
    }
  }
}
