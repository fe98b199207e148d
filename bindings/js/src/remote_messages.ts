// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// remote_messages.ts - what a page (remote.ts) and its Worker (worker.ts) say
// to each other: on one channel, so that all of it arrives in order.

import { AtlsError } from "./errors.js";
import type {
  Attestation,
  BridgeOptions,
  InitOptions,
  Policy,
  PoolStats,
  Verdict,
} from "./types.js";

/** Of a body, in the one direction or the other. */
export type StreamMessage =
  | {
      readonly kind: "octets";
      readonly id: number;
      readonly octets: Uint8Array<ArrayBuffer>;
    }
  | { readonly kind: "end"; readonly id: number }
  /** The receiver has room for so many octets more. */
  | { readonly kind: "credit"; readonly id: number; readonly octets: number }
  /** The receiver wants no more. */
  | { readonly kind: "cancel"; readonly id: number };

/** What a fetch is made of; its functions stay on the page. */
export type PlainOptions = Omit<
  BridgeOptions,
  "onAttestation" | "defaultHeaders" | "worker" | "policy"
> & { readonly policy: Policy };

export type Pairs = readonly [name: string, value: string][];

export interface RequestMessage {
  readonly kind: "request";
  readonly id: number;
  readonly endpoint: number;
  readonly url: string;
  readonly method: string;
  readonly headers: Pairs;
  readonly redirect: RequestRedirect;
  /** "stream": in messages. */
  readonly body: null | Uint8Array<ArrayBuffer> | Blob | "stream";
}

export type ToWorker =
  /** First of all. lock: held by the Worker as long as it lives, or "". */
  | {
      readonly kind: "start";
      readonly lock: string;
      readonly init: InitOptions;
    }
  /** callback: number of its onAttestation, or 0. */
  | {
      readonly kind: "open";
      readonly endpoint: number;
      readonly options: PlainOptions;
      readonly callback: number;
    }
  | { readonly kind: "drop"; readonly endpoint: number }
  | RequestMessage
  | { readonly kind: "abort"; readonly id: number }
  /** onAttestation has ended; thrown: the page knows what it threw. */
  | {
      readonly kind: "called";
      readonly call: number;
      readonly thrown?: boolean;
    }
  | { readonly kind: "close" }
  | StreamMessage;

export interface HeadMessage {
  readonly kind: "head";
  readonly id: number;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Pairs;
  readonly url: string;
  readonly redirected: boolean;
  readonly hasBody: boolean;
  readonly attestation: number;
}

export type ToPage =
  | { readonly kind: "ready" }
  /** Before anything that names it. */
  | {
      readonly kind: "attested";
      readonly attestation: number;
      readonly facts: AttestationFacts;
      readonly evidence: string;
    }
  /** No message will name it any more. */
  | { readonly kind: "forgotten"; readonly attestation: number }
  | {
      readonly kind: "call";
      readonly call: number;
      readonly callback: number;
      readonly attestation: number;
    }
  | HeadMessage
  /** At any moment: the request, or its response's body. */
  | { readonly kind: "failed"; readonly id: number; readonly error: PlainError }
  | { readonly kind: "stats"; readonly stats: PoolStats }
  | StreamMessage;

export type AttestationFacts = Omit<Attestation, "evidence">;

/** Errors lose their class and their members on the way. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly retryAfter: number;
  readonly verdict?: Verdict | undefined;
  /** Of the page's own onAttestation, which threw it. */
  readonly call?: number;
}

/** In the Worker: onAttestation threw, on the page. */
export class ThrownOnPage extends Error {
  constructor(readonly call: number) {
    super("onAttestation threw");
  }
}

export function plainError(error: unknown): PlainError {
  if (error instanceof AtlsError) {
    const { code, message, hint, retryAfter, verdict } = error;
    return { code, message, hint, retryAfter, verdict };
  }
  const message = error instanceof Error ? error.message : String(error);
  const plain = { code: "internal", message, hint: "", retryAfter: 0 };
  return error instanceof ThrownOnPage ? { ...plain, call: error.call } : plain;
}

export function errorOf(plain: PlainError): AtlsError {
  const { code, message, hint, retryAfter, verdict } = plain;
  return new AtlsError(code, message, {
    hint,
    retryAfter,
    ...(verdict === undefined ? {} : { verdict }),
  });
}
