// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// worker.ts - the entry of a page's Worker: requests come in messages from
// remote.ts, and are made as a page itself would make them.

import { byteStream } from "./byte_stream.js";
import { AtlsError } from "./errors.js";
import { createAtlsFetch } from "./fetch.js";
import { browserHost } from "./host_browser.js";
import { setHost, setInitOptions } from "./load.js";
import {
  closeAllConnections,
  getConnectionPoolStats,
  onPoolChange,
} from "./pools.js";
import {
  plainError,
  ThrownOnPage,
  type Pairs,
  type RequestMessage,
  type ToPage,
  type ToWorker,
} from "./remote_messages.js";
import { Receiver, Sender, type Post } from "./remote_stream.js";
import type { AtlsFetch, AtlsResponse, Attestation } from "./types.js";

type OnAttestation = (attestation: Attestation) => Promise<void>;

/** A request under way. */
interface Running {
  readonly control: AbortController;
  receiver?: Receiver;
  sender?: Sender;
}

interface Page {
  postMessage(message: ToPage, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

const page = self as unknown as Page;
const post = (message: ToPage, transfer: Transferable[] = []): void => {
  page.postMessage(message, transfer);
};
const postStream: Post = post;

const fetches = new Map<number, AtlsFetch>();
const running = new Map<number, Running>();
const callbacks = new Map<number, WeakRef<OnAttestation>>();
const calls = new Map<
  number,
  { resolve: () => void; reject: (why: unknown) => void }
>();
let count = 0;

let begin: () => void;
const started = new Promise<void>((resolve) => (begin = resolve));

// --- attestations: the page is told of each once ---

const numbers = new WeakMap<Attestation, Promise<number>>();
const lost = new FinalizationRegistry<number>((attestation) => {
  post({ kind: "forgotten", attestation });
});

async function announce(of: Attestation): Promise<number> {
  const attestation = ++count;
  const { evidence, ...facts } = of;
  post({ kind: "attested", attestation, facts, evidence: await evidence() });
  lost.register(of, attestation);
  return attestation;
}

function numberOf(attestation: Attestation): Promise<number> {
  const number = numbers.get(attestation) ?? announce(attestation);
  numbers.set(attestation, number);
  return number;
}

/** Of a function that the page has. */
function callbackOf(callback: number): OnAttestation {
  const known = callbacks.get(callback)?.deref();
  if (known !== undefined) {
    return known;
  }
  const made: OnAttestation = async (attested) => {
    const attestation = await numberOf(attested);
    const call = ++count;
    const answer = new Promise<void>((resolve, reject) => {
      calls.set(call, { resolve, reject });
    });
    post({ kind: "call", call, callback, attestation });
    await answer;
  };
  callbacks.set(callback, new WeakRef(made));
  return made;
}

// --- requests ---

function bodyOf(
  { id, body }: RequestMessage,
  run: Running,
): BodyInit | ReadableStream<Uint8Array> | null {
  if (body !== "stream") {
    return body;
  }
  const receiver = new Receiver(id, postStream, () => {
    post({ kind: "cancel", id });
  });
  run.receiver = receiver;
  return byteStream(receiver, 0).stream;
}

async function answer(
  id: number,
  run: Running,
  response: AtlsResponse,
): Promise<void> {
  const { status, statusText, url, redirected, body } = response;
  post({
    kind: "head",
    id,
    status,
    statusText,
    headers: [...response.headers] as Pairs,
    url,
    redirected,
    hasBody: body !== null,
    attestation: await numberOf(response.attestation),
  });
  if (body === null) {
    post({ kind: "end", id });
  } else {
    run.sender = new Sender(id, postStream);
    await run.sender.send(body);
  }
}

async function request(message: RequestMessage): Promise<void> {
  const { id, url, method, headers, redirect } = message;
  const run: Running = { control: new AbortController() };
  running.set(id, run);
  // Now: it may be dropped before the Worker has started.
  const fetch = fetches.get(message.endpoint);
  try {
    const body = bodyOf(message, run);
    await started;
    if (fetch === undefined) {
      throw new AtlsError("internal", "the Worker does not know this fetch");
    }
    const response = await fetch(url, {
      method,
      headers: headers as [string, string][],
      redirect,
      body: body as BodyInit | null,
      signal: run.control.signal,
    });
    await answer(id, run, response);
  } catch (error) {
    post({ kind: "failed", id, error: plainError(error) });
  } finally {
    running.delete(id);
  }
}

function abort(id: number): void {
  const run = running.get(id);
  const why = new AtlsError("network", "the page wants it no more");
  run?.control.abort(why);
  run?.receiver?.fail(why);
  run?.sender?.cancel(why);
}

// --- messages ---

/** Held until the Worker ends, so that the page learns of that. */
function hold(lock: string): void {
  if (lock === "") {
    post({ kind: "ready" });
    return;
  }
  void navigator.locks.request(lock, () => {
    post({ kind: "ready" });
    return new Promise(() => undefined);
  });
}

function take(message: ToWorker): void {
  switch (message.kind) {
    case "start":
      setInitOptions(message.init);
      hold(message.lock);
      begin();
      break;
    case "open": {
      const { endpoint, options, callback } = message;
      const more = callback > 0 ? { onAttestation: callbackOf(callback) } : {};
      fetches.set(endpoint, createAtlsFetch({ ...options, ...more }));
      break;
    }
    case "drop":
      fetches.delete(message.endpoint);
      break;
    case "request":
      void request(message);
      break;
    case "abort":
      abort(message.id);
      break;
    case "called": {
      const { call, thrown } = message;
      const waiting = calls.get(call);
      calls.delete(call);
      if (thrown === true) {
        waiting?.reject(new ThrownOnPage(call));
      } else {
        waiting?.resolve();
      }
      break;
    }
    case "close":
      closeAllConnections();
      break;
    case "octets":
      running.get(message.id)?.receiver?.take(message.octets);
      break;
    case "end":
      running.get(message.id)?.receiver?.end();
      break;
    case "credit":
      running.get(message.id)?.sender?.credit(message.octets);
      break;
    case "cancel":
      abort(message.id);
      break;
  }
}

setHost(browserHost());
onPoolChange(() => post({ kind: "stats", stats: getConnectionPoolStats() }));
page.onmessage = ({ data }) => take(data as ToWorker);
