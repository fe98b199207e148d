// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// byte_stream.ts - a ReadableStream that asks for octets when there is room.

export interface Source {
  /** Null at the end. One call at a time. */
  next(): Promise<Uint8Array | null>;
  /** There is nothing more, as far as is known without waiting. */
  atEnd(): boolean;
  cancel(reason: unknown): void;
}

interface ByteStream {
  readonly stream: ReadableStream<Uint8Array>;
  /** Fails it, whatever it is doing. Does not keep it alive. */
  readonly fail: (why: unknown) => void;
  /** As long as somebody can read it, and it has not ended, this object lives.
   * The stream itself tells nothing: in Chromium it is lost and found again
   * while its reader goes on. */
  readonly life: object;
}

type Controller =
  ReadableByteStreamController | ReadableStreamDefaultController<Uint8Array>;

function close(controller: Controller): void {
  controller.close();
  if ("byobRequest" in controller) {
    controller.byobRequest?.respond(0);
  }
}

interface Failure {
  readonly why: unknown;
}

interface State {
  failure?: Failure;
  ended?: true;
}

const states = new WeakMap<ReadableStream<Uint8Array>, State>();

/** Why it failed, if it has. Of a Response, some browsers say something else. */
export function failureOf(
  stream: ReadableStream<Uint8Array>,
): Failure | undefined {
  return states.get(stream)?.failure;
}

/** Of a stream that is made of another: it is about to fail. */
export function noteFailure(
  stream: ReadableStream<Uint8Array>,
  why: unknown,
): void {
  states.set(stream, { failure: { why } });
}

/** ahead: octets that are read though nobody reads the stream. */
export function byteStream(source: Source, ahead: number): ByteStream {
  let weak: WeakRef<Controller> | undefined;
  const state: State = {};
  const common = {
    start(controller: Controller): void {
      weak = new WeakRef(controller);
    },
    async pull(controller: Controller): Promise<void> {
      try {
        const octets = await source.next();
        if (octets !== null) {
          controller.enqueue(octets as Uint8Array<ArrayBuffer>);
        }
        if (octets === null || source.atEnd()) {
          state.ended = true;
          close(controller);
        }
      } catch (why) {
        state.failure ??= { why };
        throw why;
      }
    },
    cancel: (reason: unknown): void => source.cancel(reason),
  };
  const fail = (why: unknown): void => {
    if (state.ended === undefined) {
      state.failure ??= { why };
      weak?.deref()?.error(why);
    }
  };
  const made = make(common, ahead);
  states.set(made.stream, state);
  return { ...made, fail };
}

/** Some browsers have no streams of bytes: what they have differs in that
 * readers cannot bring their own buffers. */
function make(
  source: UnderlyingDefaultSource<Uint8Array>,
  ahead: number,
): Pick<ByteStream, "stream" | "life"> {
  try {
    const life: UnderlyingByteSource = {
      ...(source as unknown as UnderlyingByteSource),
      type: "bytes",
    };
    const stream = new ReadableStream(life, { highWaterMark: ahead });
    return { stream, life };
  } catch {
    const strategy = new ByteLengthQueuingStrategy({ highWaterMark: ahead });
    return { stream: new ReadableStream(source, strategy), life: source };
  }
}
