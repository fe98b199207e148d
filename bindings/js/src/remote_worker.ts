// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// remote_worker.ts - the one Worker of a page: made when it is needed first, and
// anew after its end, which fails what it was doing.

import { numberOf } from "./endpoint.js";
import { AtlsError } from "./errors.js";
import { initOptions } from "./load.js";
import { addElsewhere, NO_CONNECTIONS, removeElsewhere } from "./pools.js";
import {
  errorOf,
  type AttestationFacts,
  type HeadMessage,
  type PlainError,
  type PlainOptions,
  type StreamMessage,
  type ToPage,
  type ToWorker,
} from "./remote_messages.js";
import type { Attestation, CommonOptions, PoolStats } from "./types.js";

type OnAttestation = NonNullable<CommonOptions["onAttestation"]>;
type Call = Extract<ToPage, { kind: "call" }>;

/** A fetch, as a Worker is told of it. */
export interface Opened {
  readonly number: number;
  readonly options: PlainOptions;
  readonly onAttestation: OnAttestation | undefined;
}

/** A request, which messages are for. */
export interface Waiting {
  readonly opened: Opened;
  head(message: HeadMessage, attestation: Attestation): void;
  stream(message: StreamMessage): void;
  fail(why: unknown): void;
}

/** Of what onAttestation threw, until the requests are told. */
const THROWN_MAX = 64;

let current: RemoteWorker | undefined;

export function theWorker(): RemoteWorker {
  return (current ??= new RemoteWorker());
}

/** Nobody will use it any more. */
export function dropFetch(opened: Opened | undefined): void {
  if (opened !== undefined) {
    current?.drop(opened);
  }
}

export class RemoteWorker {
  stats: PoolStats = NO_CONNECTIONS;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #opened = new Map<number, Opened>();
  readonly #attestations = new Map<number, Attestation>();
  readonly #thrown = new Map<number, unknown>();
  /** The Worker has it as long as it lives: of most ends nothing else tells. */
  readonly #lock = "locks" in navigator ? `assay-${crypto.randomUUID()}` : "";
  readonly #life = new AbortController();
  #count = 0;
  #ready = false;

  constructor() {
    try {
      // Spelt so that bundlers take the file along.
      this.#worker = new Worker(new URL("./worker.js", import.meta.url), {
        type: "module",
      });
    } catch (cause) {
      throw notLoaded(cause);
    }
    this.#worker.onmessage = ({ data }) => this.#take(data as ToPage);
    this.#worker.onmessageerror = () => this.#die(ended());
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#die(this.#ready ? ended(event.message) : notLoaded(event.message));
    };
    addElsewhere(this);
    this.#start().catch((error: unknown) => this.#die(error));
  }

  /** A request begins, of which messages tell; its number. */
  begin(waiting: Waiting): number {
    const { number: endpoint, options, onAttestation } = waiting.opened;
    if (!this.#opened.has(endpoint)) {
      const callback = numberOf(onAttestation);
      this.post({ kind: "open", endpoint, options, callback });
      this.#opened.set(endpoint, waiting.opened);
    }
    this.#waiting.set(++this.#count, waiting);
    return this.#count;
  }

  /** No more messages for it. */
  end(id: number): void {
    this.#waiting.delete(id);
  }

  drop({ number }: Opened): void {
    if (this.#opened.delete(number)) {
      this.post({ kind: "drop", endpoint: number });
    }
  }

  closeAll(): void {
    this.post({ kind: "close" });
  }

  post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  async #start(): Promise<void> {
    const init = await initOptions();
    this.post({ kind: "start", lock: this.#lock, init });
  }

  #take(message: ToPage): void {
    switch (message.kind) {
      case "ready":
        this.#ready = true;
        this.#awaitEnd();
        break;
      case "stats":
        this.stats = message.stats;
        break;
      case "attested": {
        const { attestation, facts, evidence } = message;
        this.#attestations.set(attestation, attestationOf(facts, evidence));
        break;
      }
      case "forgotten":
        this.#attestations.delete(message.attestation);
        break;
      case "call":
        void this.#call(message);
        break;
      case "head":
        this.#waiting
          .get(message.id)
          ?.head(message, this.#attestation(message.attestation));
        break;
      case "failed":
        this.#waiting.get(message.id)?.fail(this.#errorOf(message.error));
        break;
      default:
        this.#waiting.get(message.id)?.stream(message);
    }
  }

  #attestation(number: number): Attestation {
    return this.#attestations.get(number) as Attestation;
  }

  /** onAttestation is the page's; nothing is sent until it is answered. */
  async #call({ call, callback, attestation }: Call): Promise<void> {
    const waiting = [...this.#waiting.values()].map(({ opened }) => opened);
    const { onAttestation } =
      [...waiting, ...this.#opened.values()].find(
        (opened) => numberOf(opened.onAttestation) === callback,
      ) ?? {};
    try {
      if (onAttestation === undefined) {
        throw new AtlsError("network", "its fetch is gone");
      }
      await onAttestation(this.#attestation(attestation));
      this.post({ kind: "called", call });
    } catch (error) {
      this.#thrown.set(call, error);
      if (this.#thrown.size > THROWN_MAX) {
        this.#thrown.delete(this.#thrown.keys().next().value as number);
      }
      this.post({ kind: "called", call, thrown: true });
    }
  }

  /** As it was thrown, if it was the page's. */
  #errorOf(plain: PlainError): unknown {
    const { call } = plain;
    return call !== undefined && this.#thrown.has(call)
      ? this.#thrown.get(call)
      : errorOf(plain);
  }

  #awaitEnd(): void {
    if (this.#lock !== "") {
      navigator.locks
        .request(this.#lock, { signal: this.#life.signal }, () =>
          this.#die(ended()),
        )
        .catch(() => undefined); // it has ended otherwise
    }
  }

  #die(why: unknown): void {
    if (current === this) {
      current = undefined;
    }
    removeElsewhere(this);
    this.#life.abort();
    this.#worker.terminate();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    waiting.forEach((request) => request.fail(why));
  }
}

function attestationOf(facts: AttestationFacts, evidence: string): Attestation {
  return Object.freeze({
    ...facts,
    advisoryIds: Object.freeze([...facts.advisoryIds]),
    evidence: () => Promise.resolve(evidence),
  });
}

function ended(why = ""): AtlsError {
  const more = why === "" ? "" : `: ${why}`;
  return new AtlsError(
    "internal",
    `the Worker has ended, and its connections with it${more}`,
    { hint: "try again" },
  );
}

function notLoaded(why: unknown): AtlsError {
  const text = why instanceof Error ? why.message : String(why ?? "");
  const more = text === "" ? "" : `: ${text}`;
  return new AtlsError("io", `worker.js cannot be loaded${more}`, {
    hint: "serve it beside index.js, and let the page have it: worker-src 'self'",
    cause: why,
  });
}
