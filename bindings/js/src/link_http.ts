// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// link_http.ts - one exchange of HTTP over a link: a request is sent while its
// response is read.

import { byteStream, type Source } from "./byte_stream.js";
import type {
  ConnectOptions,
  ExchangeRequest,
  ExchangeResponse,
  Fields,
  Progress,
} from "./connection.js";
import type { ResponseObject, ResponseState } from "./core_http.js";
import { AtlsError } from "./errors.js";
import { after, type Link } from "./link.js";
import { encode } from "./module.js";

const PIECE_BYTES = 64 * 1024; // of a body, in one go
const LAST_CHUNK = encode("0\r\n\r\n");
const NO_BODY: ReadonlySet<number> = new Set([204, 304]);
/** Of a response, read though nobody reads the body: so short ones end without
 * that. */
const AHEAD_BYTES = 64 * 1024;
const FRAMING = /^(?:content-length|transfer-encoding)$/iu;
const METHODS_WITH_BODY: ReadonlySet<string> = new Set([
  "POST",
  "PUT",
  "PATCH",
]);

/** Bodies that nobody holds any more, and that were not read to their end. */
const lost = new FinalizationRegistry<LinkExchange>((exchange) => {
  exchange.lose();
});

export class LinkExchange implements Source {
  progress: Progress = "unsent";
  /** Resolves once it is over. */
  readonly done: Promise<void>;
  readonly #link: Link;
  readonly #request: ExchangeRequest;
  readonly #timeouts: ConnectOptions["timeouts"];
  #settle: () => void = () => undefined;
  #over = false;
  #written = false; // the request, as far as the session is concerned
  #clean = false;
  #response: ResponseObject | undefined;
  #state: ResponseState = "head";
  #next: Uint8Array | undefined; // payload that was read ahead
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #sending: Promise<void> | undefined;
  #fail: ((why: unknown) => void) | undefined; // of the stream
  #trailers: {
    resolve: (fields: Fields) => void;
    reject: (why: unknown) => void;
  } = { resolve: () => undefined, reject: () => undefined };

  constructor(
    link: Link,
    request: ExchangeRequest,
    timeouts: ConnectOptions["timeouts"],
  ) {
    this.#link = link;
    this.#request = request;
    this.#timeouts = timeouts;
    this.done = new Promise((resolve) => (this.#settle = resolve));
  }

  /** The connection may be used again. */
  get clean(): boolean {
    return this.#clean;
  }

  /** Resolves with the head. What it rejects with has ended the link, unless
   * nothing was tried. */
  async run(): Promise<ExchangeResponse> {
    const { method, target, signal, body } = this.#request;
    let head: Uint8Array;
    try {
      signal?.throwIfAborted();
      this.#link.alive();
      head = this.#link.core.head(method, target, this.#framed());
    } catch (e) {
      this.#over = this.#clean = true; // nothing has happened
      this.#settle();
      throw e;
    }
    signal?.addEventListener("abort", this.#abort, { once: true });
    try {
      await this.#link.begin(signal);
      this.#response = this.#link.core.response(method);
      const { attestation } = this.#link;
      this.#sending = this.#send(head, body ?? null);
      await this.#readHead();
      return this.#answer(attestation);
    } catch (e) {
      throw this.#broken(e);
    }
  }

  // --- the request ---

  #framed(): Fields {
    const { method, fields, body, bodyLength } = this.#request;
    const own = fields.find(([name]) => FRAMING.test(name));
    if (own !== undefined) {
      throw new AtlsError("invalid", `the field ${own[0]} is the connection's`);
    }
    const length = body instanceof Uint8Array ? body.length : bodyLength;
    if (body === undefined || body === null) {
      return METHODS_WITH_BODY.has(method)
        ? [...fields, ["Content-Length", "0"]]
        : fields;
    }
    return length === undefined
      ? [...fields, ["Transfer-Encoding", "chunked"]]
      : [...fields, ["Content-Length", String(length)]];
  }

  /** Never rejects: that the connection broke is told by what is read; all else
   * ends the link. */
  async #send(
    head: Uint8Array,
    body: NonNullable<ExchangeRequest["body"]> | null,
  ): Promise<void> {
    try {
      await this.#put(head, false, body === null);
      if (body instanceof Uint8Array) {
        await this.#put(body, false, true);
      } else if (body !== null) {
        await this.#sendStream(body);
      }
    } catch (e) {
      if (!(e instanceof AtlsError) || e.code !== "network") {
        this.#link.end(e instanceof BodyError ? e.cause : e);
      }
    }
  }

  async #sendStream(body: ReadableStream<Uint8Array>): Promise<void> {
    const { bodyLength } = this.#request;
    let left = bodyLength ?? Infinity;
    this.#reader = body.getReader();
    for (;;) {
      const piece = await this.#piece(this.#reader);
      if (this.#over) {
        return; // answered: the rest was cancelled, and is not sent
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

  /** Sends before it takes more. last: the message ends with it. */
  async #put(
    octets: Uint8Array,
    chunked: boolean,
    last: boolean,
  ): Promise<void> {
    const { session } = this.#link;
    for (let at = 0; ;) {
      this.#link.alive();
      const piece = octets.subarray(at, at + PIECE_BYTES);
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

  // --- the response ---

  async #readHead(): Promise<void> {
    const ms = this.#timeouts?.response ?? 0;
    const timer = after(ms, () => this.#link.end(late("response")));
    try {
      while (this.#state === "head") {
        this.#next = this.#pull();
        if (this.#state === "head") {
          await this.#link.more();
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Payload, if there is some at hand. Throws where the response is broken. */
  #pull(): Uint8Array | undefined {
    const { session } = this.#link;
    const response = this.#response;
    if (response === undefined) {
      return undefined;
    }
    if (session.waiting() > 0) {
      this.progress = "answered";
    }
    for (let before; before !== this.#state && this.#state !== "done";) {
      before = this.#state;
      this.#become(response.pull(session));
      const payload = response.payload();
      if (payload.length > 0) {
        return payload;
      }
    }
    if (this.#state !== "done") {
      this.#noticeEnd(response);
    }
    return undefined;
  }

  #become(state: ResponseState): void {
    this.#state = state;
    if (state === "failed") {
      throw this.#link.core.module.error();
    }
  }

  /** Nothing more is at hand; will there be more? */
  #noticeEnd(response: ResponseObject): void {
    const { session } = this.#link;
    if (session.state === "failed") {
      throw this.#link.failure();
    }
    if (session.state === "closed") {
      if (session.facts().truncated) {
        throw new AtlsError("truncated", "the connection was cut");
      }
      this.#become(response.eof(session));
    }
  }

  #answer(attestation: ExchangeResponse["attestation"]): ExchangeResponse {
    const response = this.#response as ResponseObject;
    const head = response.head();
    if (head.status < 200) {
      throw new AtlsError(
        "reply",
        `the answer ${head.status} was not asked for`,
      );
    }
    const trailers = new Promise<Fields>((resolve, reject) => {
      this.#trailers = { resolve, reject };
    });
    trailers.catch(() => undefined);
    const none = this.#request.method === "HEAD" || NO_BODY.has(head.status);
    const body = none ? null : this.#body();
    if (this.#state === "done" && this.#next === undefined) {
      this.#finish();
    }
    return { ...head, body, trailers, done: this.done, attestation };
  }

  #body(): ReadableStream<Uint8Array> {
    const { stream, fail } = byteStream(this, AHEAD_BYTES);
    this.#fail = fail;
    lost.register(stream, this, this);
    return stream;
  }

  /** For the stream: null at the end. */
  async next(): Promise<Uint8Array | null> {
    const timer = after(this.#timeouts?.idle ?? 0, () => {
      this.#link.end(late("idle"));
    });
    try {
      for (;;) {
        const payload = this.#take();
        if (payload !== undefined) {
          return payload;
        }
        if (this.atEnd()) {
          return null;
        }
        await this.#link.more();
      }
    } catch (e) {
      throw this.#broken(e);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The end is noticed together with the last payload. */
  atEnd(): boolean {
    if (!this.#over) {
      this.#link.alive();
      this.#next ??= this.#pull();
      if (this.#state === "done" && this.#next === undefined) {
        this.#finish();
      }
    }
    return this.#over;
  }

  #take(): Uint8Array | undefined {
    const payload = this.#next;
    this.#next = undefined;
    if (payload !== undefined || this.#state === "done") {
      return payload;
    }
    this.#link.alive();
    return this.#pull();
  }

  cancel(): void {
    this.#broken(new AtlsError("network", "the body was cancelled"));
  }

  lose(): void {
    this.#broken(new AtlsError("network", "the body was not read to its end"));
  }

  // --- the end ---

  readonly #abort = (): void => {
    const { signal } = this.#request;
    this.#fail?.(signal?.reason);
    this.#broken(signal?.reason);
  };

  /** All of the response was read. */
  #finish(): void {
    const response = this.#response as ResponseObject;
    this.#over = true;
    this.#trailers.resolve(response.trailers());
    const keeps = response.keeps;
    if (!this.#written) {
      this.#reader?.cancel().catch(() => undefined); // nobody wants the rest
    }
    this.#release(() => {
      const link = this.#link;
      this.#clean = this.#written && keeps && !link.ended && link.quiet;
    });
  }

  /** Ends the link; what is to be thrown. */
  #broken(e: unknown): unknown {
    const link = this.#link;
    link.end(e);
    if (!this.#over) {
      this.#over = true;
      this.#trailers.reject(link.why);
      this.#reader?.cancel(link.why).catch(() => undefined);
      this.#release(() => undefined);
    }
    return link.why;
  }

  #release(then: () => void): void {
    this.#request.signal?.removeEventListener("abort", this.#abort);
    lost.unregister(this);
    this.#response?.free();
    if (this.#written && this.#sending !== undefined) {
      void this.#sending.then(then).then(this.#settle); // it is on its way out
    } else {
      this.#settle();
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

function late(which: "response" | "idle"): AtlsError {
  return new AtlsError("timeout", "the server did not answer in time", {
    hint: `try again, or raise timeouts.${which}`,
  });
}
