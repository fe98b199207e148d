// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// link_request.ts - a request on its way out over a link: piece by piece, each
// sent before the next is taken.

import type { ExchangeRequest, Fields, Progress } from "./connection.js";
import { AtlsError } from "./errors.js";
import type { Link } from "./link.js";
import { encode } from "./module.js";

const PIECE_BYTES = 64 * 1024; // of a body, in one go
const LAST_CHUNK = encode("0\r\n\r\n");
const FRAMING = /^(?:content-length|transfer-encoding)$/iu;
const WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** Its head, framed; refused where it cannot be sent. */
export function headOf(link: Link, request: ExchangeRequest): Uint8Array {
  const { method, target } = request;
  if (method === "CONNECT") {
    throw new AtlsError("invalid", "CONNECT is no request for an exchange");
  }
  return link.core.head(method, target, framed(request));
}

function framed(request: ExchangeRequest): Fields {
  const { method, fields, body, bodyLength } = request;
  const own = fields.find(([name]) => FRAMING.test(name));
  if (own !== undefined) {
    throw new AtlsError("invalid", `the field ${own[0]} is the connection's`);
  }
  if (body === undefined || body === null) {
    return WITH_BODY.has(method)
      ? [...fields, ["Content-Length", "0"]]
      : fields;
  }
  const length = body instanceof Uint8Array ? body.length : bodyLength;
  return length === undefined
    ? [...fields, ["Transfer-Encoding", "chunked"]]
    : [...fields, ["Content-Length", String(length)]];
}

export class LinkRequest {
  progress: Progress = "unsent";
  readonly #link: Link;
  readonly #request: ExchangeRequest;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #written = false;
  #stopped = false;

  constructor(link: Link, request: ExchangeRequest) {
    this.#link = link;
    this.#request = request;
  }

  /** To its end, as far as the session is concerned. */
  get written(): boolean {
    return this.#written;
  }

  /** Nobody wants the rest: what was not taken is not sent. A stream that has
   * given all that it said may still be open: nobody waits for its end. */
  stop(why: unknown): void {
    this.#stopped = true;
    const body = this.#request.body ?? null;
    if (body === null || body instanceof Uint8Array) {
      return;
    }
    try {
      this.#readerOf(body)
        .cancel(why)
        .catch(() => undefined);
    } catch {
      // it is somebody else's
    }
  }

  /** Never rejects: that the connection broke is told by what is read; all else
   * ends the link. */
  async send(head: Uint8Array): Promise<void> {
    const body = this.#request.body ?? null;
    try {
      await this.#put(head, false, body === null);
      if (body instanceof Uint8Array) {
        await this.#put(body, false, true);
      } else if (body !== null && !this.#stopped) {
        await this.#sendStream(this.#readerOf(body));
      }
    } catch (e) {
      if (!(e instanceof AtlsError) || e.code !== "network") {
        this.#link.end(e instanceof BodyError ? e.cause : e);
      }
    }
  }

  #readerOf(
    body: ReadableStream<Uint8Array>,
  ): ReadableStreamDefaultReader<Uint8Array> {
    return (this.#reader ??= body.getReader());
  }

  async #sendStream(
    reader: ReadableStreamDefaultReader<Uint8Array>,
  ): Promise<void> {
    const { bodyLength } = this.#request;
    let left = bodyLength ?? Infinity;
    for (;;) {
      const piece = await this.#piece(reader);
      if (this.#stopped) {
        return;
      }
      if (piece === undefined) {
        break;
      }
      left -= piece.length;
      if (left < 0) {
        throw new BodyError(wrongLength("more", bodyLength));
      }
      await this.#put(piece, bodyLength === undefined, left === 0);
    }
    if (bodyLength === undefined) {
      await this.#put(LAST_CHUNK, false, true);
    } else if (left > 0) {
      throw new BodyError(wrongLength("less", bodyLength));
    } else if (!this.#written) {
      await this.#put(new Uint8Array(0), false, true); // it had none
    }
  }

  /** Undefined at the end. */
  async #piece(
    reader: ReadableStreamDefaultReader<Uint8Array>,
  ): Promise<Uint8Array | undefined> {
    let read;
    try {
      read = await reader.read();
    } catch (e) {
      throw new BodyError(e);
    }
    this.#link.alive();
    if (read.done) {
      return undefined;
    }
    if (!((read.value as unknown) instanceof Uint8Array)) {
      throw new BodyError(
        new TypeError("a request's body must be a stream of Uint8Array"),
      );
    }
    return read.value;
  }

  /** last: the message ends with it. */
  async #put(
    octets: Uint8Array,
    chunked: boolean,
    last: boolean,
  ): Promise<void> {
    const { session } = this.#link;
    for (let at = 0; ;) {
      this.#link.alive();
      const piece = octets.subarray(at, at + PIECE_BYTES);
      // A chunk without octets would be the last one.
      if (piece.length > 0 && session.write(piece, chunked)) {
        at += piece.length;
        if (this.progress === "unsent") {
          this.progress = "unanswered";
        }
      }
      if (last && !this.#written && at === octets.length) {
        session.end();
        this.#written = true;
      }
      await this.#link.flush();
      if (at === octets.length) {
        return;
      }
    }
  }
}

/** What is wrong with what the caller gave. */
class BodyError extends Error {
  constructor(why: unknown) {
    super("the request's body", { cause: why });
  }
}

function wrongLength(how: string, bodyLength: number | undefined): AtlsError {
  return new AtlsError(
    "invalid",
    `the request's body has ${how} than the ${bodyLength} bytes announced`,
  );
}
