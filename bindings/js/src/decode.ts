// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// decode.ts - bodies whose Content-Encoding was asked for, decoded as fetch
// does. Codings that are unknown here stay as they are.

import { noteFailure } from "./byte_stream.js";
import { AtlsError } from "./errors.js";

type Bytes = ReadableStream<Uint8Array>;

const CODINGS_MAX = 4;
/** Given to a decoder at once, which may make a thousand times as much of it. */
const STEP_BYTES = 4096;
const DEFLATE_OF_ZLIB = 8; // CM of RFC 1950, section 2.2

function formatOf(coding: string, first: Uint8Array): CompressionFormat {
  if (coding !== "deflate") {
    return "gzip";
  }
  // Some servers leave zlib's head out.
  return ((first[0] ?? 0) & 0xf) === DEFLATE_OF_ZLIB
    ? "deflate"
    : "deflate-raw";
}

/** Node before 20.12 has no deflate-raw. */
function decoderOf(coding: string, first: Uint8Array): DecompressionStream {
  const format = formatOf(coding, first);
  try {
    return new DecompressionStream(format);
  } catch (cause) {
    throw new AtlsError("unsupported", `${format} cannot be decoded here`, {
      hint: "ask for gzip alone, or use Node 20.12",
      cause,
    });
  }
}

/** Hosts have words of their own for what no decoder can read. */
function undecodable(coding: string, cause: unknown): AtlsError {
  return new AtlsError(
    "malformed",
    `the response's body is no ${coding}, or ends too early`,
    { hint: "ask for no coding: leave Accept-Encoding out", cause },
  );
}

/** Once the first octets are there: none at all are no octets decoded. */
function decoded(body: Bytes, coding: string): Bytes {
  const source = body.getReader();
  let broken: { readonly reason: unknown } | undefined;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  // A decoder may tell of its own trouble instead.
  async function next(): Promise<Uint8Array | undefined> {
    try {
      return (await source.read()).value;
    } catch (reason) {
      broken = { reason };
      throw reason;
    }
  }

  async function begin(): Promise<typeof reader> {
    const first = await source.read();
    if (first.done) {
      return undefined;
    }
    const decoder = decoderOf(coding, first.value);
    let waiting: Uint8Array | undefined = first.value;
    const rest = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        async pull(controller) {
          const value = waiting ?? (await next());
          if (value === undefined) {
            controller.close();
            return;
          }
          const step = value.subarray(0, STEP_BYTES);
          controller.enqueue(step as Uint8Array<ArrayBuffer>);
          const more = value.subarray(STEP_BYTES);
          waiting = more.length > 0 ? more : undefined;
        },
        cancel: (reason) => source.cancel(reason),
      },
      { highWaterMark: 0 },
    );
    return rest.pipeThrough(decoder).getReader();
  }

  async function take() {
    try {
      reader ??= await begin();
    } catch (error) {
      source.cancel(error).catch(() => {});
      throw error;
    }
    return reader?.read().catch((error: unknown) => {
      throw broken === undefined ? undecodable(coding, error) : broken.reason;
    });
  }

  const stream: Bytes = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const result = await take().catch((error: unknown) => {
          noteFailure(stream, error);
          throw error;
        });
        if (result === undefined || result.done) {
          controller.close();
        } else {
          controller.enqueue(result.value);
        }
      },
      cancel: (reason) => (reader ?? source).cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return stream;
}

/** `codings`: the value of Content-Encoding. */
export function decode(body: Bytes, codings: string | null): Bytes {
  const names = (codings ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity");
  if (names.length > CODINGS_MAX) {
    throw new AtlsError("unsupported", "the response has too many codings");
  }
  if (!names.every((name) => /^(x-)?gzip$|^deflate$/.test(name))) {
    return body;
  }
  return names.reverse().reduce(decoded, body);
}
