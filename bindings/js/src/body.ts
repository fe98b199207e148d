// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// body.ts - the body of a request, from all that fetch takes.

import { AtlsError } from "./errors.js";

export interface Body {
  /** Octets, where that is known. */
  readonly length: number | undefined;
  /** The Content-Type that goes with it, if the caller names none. */
  readonly type: string | undefined;
  /** Can it be sent now? Always, or as long as nothing was taken from it. */
  readonly whole: boolean;
  /** Can it be sent any number of times? */
  readonly lasting: boolean;
  /** Where it is one: more than its octets can be handed on. */
  readonly blob?: Blob;
  /** For one exchange. */
  open(): Uint8Array | ReadableStream<Uint8Array>;
  /** It will not be sent any more. */
  cancel(reason: unknown): void;
}

type Iterable = AsyncIterable<Uint8Array | string>;

export type BodySource = BodyInit | Iterable;

function octets(bytes: Uint8Array, type: string | undefined): Body {
  return {
    length: bytes.length,
    type,
    whole: true,
    lasting: true,
    open: () => bytes,
    cancel: () => {},
  };
}

function file(blob: Blob, type: string | undefined): Body {
  return {
    length: blob.size,
    type: type ?? (blob.type === "" ? undefined : blob.type),
    whole: true,
    lasting: true,
    blob,
    open: () => blob.stream(),
    cancel: () => {},
  };
}

/** Its octets can be had once. Until the first is taken, though, what one
 * exchange gave up another can take. */
class Streamed implements Body {
  readonly type = undefined;
  readonly lasting = false;
  #source: ReadableStream<Uint8Array>;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(
    source: ReadableStream<Uint8Array>,
    readonly length: number | undefined,
  ) {
    if (source.locked) {
      throw new AtlsError(
        "invalid",
        "the request's body is being read already",
      );
    }
    this.#source = source;
  }

  get whole(): boolean {
    return this.#reader === undefined;
  }

  open(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: (reason) => {
          if (!this.whole) {
            this.cancel(reason);
          }
        },
      },
      { highWaterMark: 0 },
    );
  }

  async #pull(
    controller: ReadableStreamDefaultController<Uint8Array>,
  ): Promise<void> {
    this.#reader ??= this.#source.getReader();
    const { done, value } = await this.#reader.read();
    if (done) {
      controller.close();
    } else if (value instanceof Uint8Array) {
      controller.enqueue(value);
    } else {
      const error = new AtlsError(
        "invalid",
        "a stream that is a request's body must give Uint8Arrays",
      );
      this.cancel(error);
      throw error;
    }
  }

  cancel(reason: unknown): void {
    const cancelled =
      this.#reader?.cancel(reason) ??
      (this.#source.locked ? undefined : this.#source.cancel(reason));
    cancelled?.catch(() => {});
  }
}

function iterated(from: Iterable): ReadableStream<Uint8Array> {
  const iterator = from[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next();
        if (done === true) {
          controller.close();
        } else {
          controller.enqueue(
            typeof value === "string" ? encoder.encode(value) : value,
          );
        }
      },
      async cancel(reason) {
        await iterator.return?.(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

// Other realms and other libraries have classes of the same kind.
function isStream(from: object): from is ReadableStream<Uint8Array> {
  return typeof (from as ReadableStream).getReader === "function";
}

function isBlob(from: object): from is Blob {
  const blob = from as Blob;
  return typeof blob.stream === "function" && typeof blob.size === "number";
}

function isIterable(from: object): from is Iterable {
  return typeof (from as Iterable)[Symbol.asyncIterator] === "function";
}

function copied(from: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(from)
    ? new Uint8Array(from.buffer, from.byteOffset, from.byteLength).slice()
    : new Uint8Array(from).slice();
}

async function form(from: FormData): Promise<Body> {
  const encoded = new Response(from);
  const type = encoded.headers.get("content-type") ?? undefined;
  return file(await encoded.blob(), type);
}

/** The length that a caller gave to a stream, which is then held to it. */
function givenLength(text: string | null): number | undefined {
  if (text === null) {
    return undefined;
  }
  const length = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(length)) {
    throw new AtlsError("invalid", "the field Content-Length is no length");
  }
  return length;
}

async function read(
  from: BodySource,
  length: number | undefined,
): Promise<Body> {
  if (typeof from === "string") {
    return octets(new TextEncoder().encode(from), "text/plain;charset=UTF-8");
  }
  if (from instanceof URLSearchParams) {
    return octets(
      new TextEncoder().encode(from.toString()),
      "application/x-www-form-urlencoded;charset=UTF-8",
    );
  }
  if (from instanceof ArrayBuffer || ArrayBuffer.isView(from)) {
    return octets(copied(from), undefined);
  }
  if (from instanceof FormData) {
    return form(from);
  }
  if (isStream(from)) {
    return new Streamed(from, length);
  }
  if (isBlob(from)) {
    return file(from, undefined);
  }
  if (isIterable(from)) {
    return new Streamed(iterated(from), length);
  }
  throw new AtlsError(
    "invalid",
    "the request's body is of no kind that can be sent",
    { hint: "JSON goes as text: JSON.stringify(value)" },
  );
}

/** `contentLength`: the field's value, if the caller gave one. */
export async function readBody(
  from: BodySource,
  contentLength: string | null,
): Promise<Body> {
  const length = givenLength(contentLength);
  const body = await read(from, length);
  if (length !== undefined && length !== body.length) {
    throw new AtlsError(
      "invalid",
      "the field Content-Length is not the length of the body",
    );
  }
  return body;
}
