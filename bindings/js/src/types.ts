// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// types.ts - what callers give and get. Everything here is public.

/** An appraisal policy: the members of docs/policy.md. */
export type Policy = { readonly [member: string]: unknown };

/** One row of a verdict (docs/verdict.md). */
export interface Check {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "not_checked";
  readonly expected?: string;
  readonly actual?: string;
  readonly [more: string]: unknown;
}

/** What a verification came to, as docs/verdict.md describes it. */
export interface Verdict {
  readonly trusted: boolean;
  readonly summary: string;
  readonly checks: readonly Check[];
  readonly [more: string]: unknown;
}

/** What was verified of the connection that a response came over. */
export interface Attestation {
  readonly trusted: boolean;
  readonly teeType: "tdx";
  readonly tcbStatus: string;
  readonly advisoryIds: readonly string[];
  /** MRTD, lower-case hexadecimal digits. */
  readonly measurement: string;
  /** When the evidence was asked for. */
  readonly attestedAt: Date;
  /** How often this connection was attested. */
  readonly attestations: number;
  readonly verdict: Verdict;
  /** The evidence as a bundle that `assay verify --evidence` judges again. */
  evidence(): Promise<string>;
}

/** All that `new Headers()` takes. */
export type HeaderFields = NonNullable<
  ConstructorParameters<typeof Headers>[0]
>;

/** A fetch, of which every response came over an attested connection. */
export type AtlsFetch = (
  input: string | URL | Request,
  init?: RequestInit,
) => Promise<AtlsResponse>;

export type AtlsResponse = Response & { readonly attestation: Attestation };

/** Limits in milliseconds; 0 for none. */
export interface ConnectTimeouts {
  /** Until the transport stands. Default 10,000. */
  readonly connect?: number;
  /** From there until the server has proved itself. Default 30,000. */
  readonly attest?: number;
}

/** And those of requests. */
export interface Timeouts extends ConnectTimeouts {
  /** Until a response's head is there. Default 0: models think for long. */
  readonly response?: number;
  /** Between two pieces of a response's body. Default 0. */
  readonly idle?: number;
}

/** What both browsers and Node understand. */
export interface CommonOptions {
  /** What the server must prove. Without one: that of setDefaultPolicy(). */
  readonly policy?: Policy;
  /** The content of the policy's `compose_file`. */
  readonly composeFile?: string;
  /** The name for TLS, if it is not the target's host. */
  readonly serverName?: string;
  /** Called for each attestation that succeeded, before anything is sent. What
   * it throws fails the request, and closes the connection. */
  readonly onAttestation?: (attestation: Attestation) => void | Promise<void>;
  /** Where collateral comes from, in place of the policy's `pccs_url`: URLs of
   * PCCSs, which must allow pages (CORS; see the readme), or of a bridge's
   * relay. */
  readonly collateral?: string | readonly string[];
  /** Certificates in PEM that TLS believes besides Mozilla's list. */
  readonly extraRoots?: string;
  /** The trust anchor of quotes in place of the policy's `trusted_root` or of
   * Intel's, PEM: simulated platforms. */
  readonly trustedRoot?: string;
  /** Connections to one target at most; further requests wait. Default 16. */
  readonly maxConnections?: number;
  /** Milliseconds after which an idle connection is closed. Default 60,000. */
  readonly idleTimeout?: number;
  readonly timeouts?: Timeouts;
  /** Keep collateral for the next time (IndexedDB, ~/.cache/assay)? Default
   * true. False: in memory only; not there either by the policy's
   * `cache_collateral: false`. */
  readonly cache?: boolean;
}

/** For browsers: through `assay bridge`. */
export interface BridgeOptions extends CommonOptions {
  /** ws: or wss: URL of the bridge; `?target=host:port` as it knows it. */
  readonly proxyUrl: string;
  /** The host that URLs name, with its port if it is not 443. */
  readonly targetHost: string;
  /** Fields of every request that does not have them. */
  readonly defaultHeaders?: HeaderFields;
  /** Run everything in a Worker, so that the page never waits. Default false. */
  readonly worker?: boolean;
}

/** For Node: over TCP. */
export interface TcpOptions extends CommonOptions {
  /** "host", "host:port" or an https: URL. */
  readonly target: string;
  /** Fields of every request that does not have them. */
  readonly headers?: HeaderFields;
}

export interface PoolStats {
  readonly total: number;
  readonly busy: number;
  readonly idle: number;
  readonly connecting: number;
  readonly waiting: number;
}

/** Where the module and Mozilla's roots are, if not beside the program. */
export interface InitOptions {
  /** An address (in Node also a path), what was fetched, the octets, or a
   * WebAssembly.Module: of assay.wasm. */
  readonly wasm?:
    URL | string | Response | ArrayBuffer | ArrayBufferView | object;
  /** An address or the octets of roots.pem. */
  readonly roots?: URL | string | Uint8Array;
}
