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
import type { Link } from "./link.js";
import { after } from "./link_ends.js";
import { headOf, LinkRequest } from "./link_request.js";

const NO_BODY: ReadonlySet<number> = new Set([204, 304]);
/** Of a response, read though nobody reads the body: so short ones end without
 * that. */
const AHEAD_BYTES = 64 * 1024;
/** Bodies that nobody holds any more, and that were not read to their end. */
const lost = new FinalizationRegistry<LinkExchange>((exchange) => {
  exchange.lose();
});

export class LinkExchange implements Source {
  /** Resolves once it is over. */
  readonly done: Promise<void>;
  readonly #link: Link;
  readonly #request: ExchangeRequest;
  readonly #out: LinkRequest;
  readonly #timeouts: ConnectOptions["timeouts"];
  #settle: () => void = () => undefined;
  #over = false;
  #clean = false;
  #response: ResponseObject | undefined;
  #state: ResponseState = "head";
  #next: Uint8Array | undefined; // payload that was read ahead
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
    this.#out = new LinkRequest(link, request);
    this.#timeouts = timeouts;
    this.done = new Promise((resolve) => (this.#settle = resolve));
  }

  get progress(): Progress {
    return this.#out.progress;
  }

  /** All of the request is on its way. */
  get sent(): boolean {
    return this.#out.written;
  }

  /** The connection may be used again. */
  get clean(): boolean {
    return this.#clean;
  }

  /** Resolves with the head. What it rejects with has ended the link, unless
   * nothing was tried. */
  async run(): Promise<ExchangeResponse> {
    const { method, signal } = this.#request;
    let head: Uint8Array;
    try {
      signal?.throwIfAborted();
      this.#link.alive();
      head = headOf(this.#link, this.#request);
      this.#response = this.#link.core.response(method);
    } catch (e) {
      this.#over = this.#clean = true; // nothing has happened
      this.#settle();
      throw e;
    }
    signal?.addEventListener("abort", this.#abort, { once: true });
    try {
      await this.#link.begin(signal);
      const { attestation } = this.#link;
      this.#sending = this.#out.send(head);
      await this.#readHead();
      return this.#answer(attestation);
    } catch (e) {
      throw this.#broken(e);
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
      this.#out.progress = "answered";
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
        throw this.#link.cut();
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
    const { stream, fail, life } = byteStream(this, AHEAD_BYTES);
    this.#fail = fail;
    lost.register(life, this, this);
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
    try {
      if (!this.#over) {
        this.#link.alive();
        this.#next ??= this.#pull();
        if (this.#state === "done" && this.#next === undefined) {
          this.#finish();
        }
      }
    } catch (e) {
      throw this.#broken(e);
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
    this.#out.stop(new AtlsError("network", "the server has answered"));
    this.#release(() => {
      const link = this.#link;
      this.#clean = this.#out.written && keeps && !link.ended && link.quiet;
    });
  }

  /** Ends the link, unless it is another's by now; what is to be thrown. */
  #broken(e: unknown): unknown {
    if (this.#over) {
      return this.#link.ended ? this.#link.why : e;
    }
    const link = this.#link;
    link.end(e);
    this.#over = true;
    this.#trailers.reject(link.why);
    this.#out.stop(link.why);
    this.#release(() => undefined);
    return link.why;
  }

  #release(then: () => void): void {
    this.#request.signal?.removeEventListener("abort", this.#abort);
    lost.unregister(this);
    this.#response?.free();
    if (this.#out.written && this.#sending !== undefined) {
      void this.#sending.then(then).then(this.#settle); // it is on its way out
    } else {
      this.#settle();
    }
  }
}

function late(which: "response" | "idle"): AtlsError {
  return new AtlsError("timeout", "the server did not answer in time", {
    hint: `try again, or raise timeouts.${which}`,
  });
}
