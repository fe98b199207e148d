// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// socket.ts - an attested stream as what Node's HTTP takes for a TLS socket.

import { Duplex } from "node:stream";
import type { RawStream } from "./stream.js";
import type { Attestation } from "./types.js";

type Done = (error?: Error | null) => void;
type Reader = ReadableStreamDefaultReader<Uint8Array>;
type Writer = WritableStreamDefaultWriter<Uint8Array>;

function asError(reason: unknown): Error {
  return reason instanceof Error
    ? reason
    : new Error("the connection was given up", { cause: reason });
}

/** It is there at once, as sockets are; what is written waits until the server
 * has proved itself. Events: those of a socket, and "attestation" for each
 * attestation, before "connect". */
export class AttestedSocket extends Duplex {
  readonly encrypted = true;
  readonly authorized = true;
  readonly alpnProtocol = "http/1.1";
  connecting = true;
  timeout = 0;
  bytesRead = 0;
  bytesWritten = 0;
  /** The last one. */
  atlsAttestation: Attestation | undefined;

  readonly #checkHead: (octets: Uint8Array) => void;
  readonly #control = new AbortController();
  readonly #raw: Promise<RawStream>;
  #opened: RawStream | undefined;
  #reader: Reader | undefined;
  #writer: Writer | undefined;
  #reading = false;
  #between = false;
  #begun = false; // a message
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `open`: connects; it calls `attested` for each attestation. `checkHead` is
   * given what each message begins with, and throws where that must not go. */
  constructor(
    open: (
      signal: AbortSignal,
      attested: (attestation: Attestation) => void,
    ) => Promise<RawStream>,
    checkHead: (octets: Uint8Array) => void,
  ) {
    super({ allowHalfOpen: false });
    this.#checkHead = checkHead;
    this.on("free", () => {
      this.#begun = false;
      this.#between = true; // Node says so between two exchanges
      this.#opened?.between();
    });
    this.#raw = open(this.#control.signal, (attestation) => {
      this.atlsAttestation = attestation;
      this.emit("attestation", attestation);
    });
    this.#raw.then(
      (raw) => this.#begin(raw),
      (reason: unknown) => this.destroy(asError(reason)),
    );
  }

  #begin(raw: RawStream): void {
    if (this.destroyed) {
      raw.close();
      return;
    }
    this.connecting = false;
    this.#opened = raw;
    this.#reader = raw.readable.getReader();
    this.#writer = raw.writable.getWriter();
    this.#writer.closed.catch(() => {}); // whoever writes is told
    this.#active();
    this.emit("connect");
    this.emit("secureConnect");
    this.emit("ready");
  }

  override _read(): void {
    if (!this.#reading) {
      this.#reading = true;
      void this.#readOn();
    }
  }

  async #readOn(): Promise<void> {
    try {
      await this.#raw;
      for (let room = true; room && this.#reader !== undefined;) {
        const { done, value } = await this.#reader.read();
        this.#active();
        this.bytesRead += value?.length ?? 0;
        room = this.push(done ? null : value) && !done;
        if (done) {
          this.read(0); // nobody may be reading, and the end is news
        }
      }
    } catch (reason) {
      this.destroy(asError(reason));
    } finally {
      this.#reading = false;
    }
  }

  override _write(octets: Uint8Array, _encoding: string, done: Done): void {
    this.#between = false;
    if (!this.#begun) {
      this.#begun = true;
      try {
        this.#checkHead(octets);
      } catch (error) {
        done(asError(error));
        return;
      }
    }
    this.#raw
      .then(() => this.#writer?.write(octets))
      .then(
        () => {
          this.#active();
          this.bytesWritten += octets.length;
          done();
        },
        (reason: unknown) => done(asError(reason)),
      );
  }

  override _final(done: Done): void {
    this.#raw
      .then(() => this.#writer?.close())
      .then(
        () => done(),
        (reason: unknown) => done(asError(reason)),
      );
  }

  /** Whatever is pending ends, and so does the connection. Amid an exchange it
   * is cut: a server takes a goodbye for one who still wants the answer. */
  override _destroy(error: Error | null, done: Done): void {
    const reason = error ?? new Error("the socket was destroyed");
    clearTimeout(this.#timer);
    this.connecting = false;
    this.#control.abort(reason);
    if (!this.#between && !this.writableFinished) {
      this.#writer?.abort(reason).catch(() => {});
    }
    this.#opened?.close();
    done(error);
  }

  /** Emits "timeout" after so long without an octet either way; 0: never. */
  setTimeout(ms: number, listener?: () => void): this {
    this.timeout = ms;
    if (listener !== undefined) {
      if (ms > 0) {
        this.once("timeout", listener);
      } else {
        this.removeListener("timeout", listener);
      }
    }
    this.#active();
    return this;
  }

  #active(): void {
    clearTimeout(this.#timer);
    if (this.timeout > 0 && !this.destroyed) {
      this.#timer = setTimeout(() => this.emit("timeout"), this.timeout);
      this.#timer.unref();
    }
  }

  destroySoon(): void {
    if (this.writable) {
      this.end();
    }
    if (this.writableFinished) {
      this.destroy();
    } else {
      this.once("finish", () => this.destroy());
    }
  }

  /** A program may end while nothing is under way. */
  ref(): this {
    this.#opened?.rest(false);
    return this;
  }
  unref(): this {
    this.#opened?.rest(true);
    return this;
  }

  // The transport does these by itself.
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
}
