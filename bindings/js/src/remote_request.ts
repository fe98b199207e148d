// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// remote_request.ts - one request of a page, which a Worker makes.

import { byteStream } from "./byte_stream.js";
import type { HeadMessage, Pairs, StreamMessage } from "./remote_messages.js";
import { Receiver, Sender, type Post } from "./remote_stream.js";
import type { Opened, RemoteWorker, Waiting } from "./remote_worker.js";
import type { Ask } from "./request.js";
import { dress } from "./response.js";
import type { AtlsResponse, Attestation } from "./types.js";

type Resolve = (response: AtlsResponse) => void;
type Reject = (why: unknown) => void;

/** Bodies that nobody holds any more, and that were not read to their end. */
const lost = new FinalizationRegistry<RemoteRequest>((request) => {
  request.abandon();
});

export class RemoteRequest implements Waiting {
  readonly opened: Opened;
  readonly response: Promise<AtlsResponse>;
  readonly #worker: RemoteWorker;
  readonly #id: number;
  readonly #signal: AbortSignal | undefined;
  #resolve: Resolve = () => undefined;
  #reject: Reject = () => undefined;
  #sender: Sender | undefined;
  #receiver: Receiver | undefined;
  #failBody: Reject | undefined;
  #over = false;

  /** `ask`: what readRequest() let pass. */
  constructor(worker: RemoteWorker, opened: Opened, ask: Ask) {
    this.#worker = worker;
    this.opened = opened;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#id = worker.begin(this);
    this.#signal = ask.signal;
    this.#signal?.addEventListener("abort", this.#abort, { once: true });
    if (this.#signal?.aborted === true) {
      this.#abort();
    } else {
      this.#send(ask, opened.number);
    }
  }

  head(message: HeadMessage, attestation: Attestation): void {
    const { status, statusText, url, redirected, hasBody } = message;
    const headers = new Headers(message.headers as [string, string][]);
    const body = hasBody ? this.#body() : null;
    const init = { status, statusText, headers };
    this.#resolve(
      dress(new Response(body as BodyInit | null, init), {
        url: new URL(url),
        redirected,
        headers,
        attestation,
        source: body,
      }),
    );
  }

  stream(message: StreamMessage): void {
    switch (message.kind) {
      case "octets":
        this.#receiver?.take(message.octets);
        break;
      case "credit":
        this.#sender?.credit(message.octets);
        break;
      case "cancel":
        this.#sender?.cancel();
        break;
      case "end": // all of the response is here
        this.#finish();
        this.#receiver?.end();
        break;
    }
  }

  fail(why: unknown): void {
    if (!this.#over) {
      this.#finish(why);
      this.#reject(why);
      this.#receiver?.fail(why);
    }
  }

  abandon(): void {
    this.#stop(undefined);
  }

  #send(ask: Ask, endpoint: number): void {
    const body = ask.body?.blob ?? ask.body?.open() ?? null;
    const streams = body instanceof ReadableStream;
    this.#worker.post({
      kind: "request",
      id: this.#id,
      endpoint,
      url: ask.url.href,
      method: ask.method,
      headers: [...ask.headers] as Pairs,
      redirect: ask.redirect,
      body: streams ? "stream" : (body as Uint8Array<ArrayBuffer> | Blob),
    });
    if (streams) {
      this.#sender = new Sender(this.#id, this.#post);
      this.#sender.send(body).catch((error: unknown) => this.#stop(error));
    }
  }

  readonly #post: Post = (message, transfer) => {
    this.#worker.post(message, transfer);
  };

  #body(): ReadableStream<Uint8Array> {
    this.#receiver = new Receiver(this.#id, this.#post, () =>
      this.#stop(undefined),
    );
    const { stream, fail, life } = byteStream(this.#receiver, 0);
    this.#failBody = fail;
    lost.register(life, this, this);
    return stream;
  }

  readonly #abort = (): void => this.#stop(this.#signal?.reason);

  /** The page wants it no more. */
  #stop(why: unknown): void {
    if (!this.#over) {
      this.#worker.post({ kind: "abort", id: this.#id });
      this.#finish(why);
      this.#reject(why);
      this.#failBody?.(why);
    }
  }

  #finish(why?: unknown): void {
    this.#over = true;
    this.#worker.end(this.#id);
    this.#signal?.removeEventListener("abort", this.#abort);
    this.#sender?.cancel(why);
    lost.unregister(this);
  }
}
