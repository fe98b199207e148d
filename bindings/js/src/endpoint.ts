// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// endpoint.ts - a server as one caller wants it: how to get there, what it must
// prove, and to whom it proves that.

import type { ConnectOptions } from "./connection.js";
import { readHeaders } from "./fields.js";
import { invalid, isBridge, readOptions, type AnyOptions } from "./options.js";
import { defaultPolicy } from "./policy.js";
import { parseTarget, type Target } from "./target.js";
import type { Dial } from "./transport.js";
import { readTrust, type Trust, type TrustOptions } from "./trust.js";
import type { Attestation, Policy, Timeouts } from "./types.js";
import { wsDial } from "./ws.js";

type OnAttestation = (attestation: Attestation) => void | Promise<void>;

export interface Endpoint {
  /** As they were read. */
  readonly options: AnyOptions;
  readonly target: Target;
  readonly serverName: string;
  readonly headers: Headers;
  readonly maxConnections: number;
  readonly idleTimeout: number;
  readonly timeouts: Timeouts;
  readonly onAttestation: OnAttestation | undefined;
  readonly dial: Dial;
  /** Loads the module. By the policy of this moment, if it has none itself. */
  trust(): Promise<Trust>;
  /** All that tells its connections from another's. */
  key(trust: Trust): string;
}

const MAX_CONNECTIONS = 16;
const IDLE_TIMEOUT_MS = 60_000;

/** How to reach a host over TCP, where that is possible. */
export type TcpDialer = (host: string, port: number) => Dial;

let tcp: TcpDialer | undefined;

/** By Node's entry. */
export function setTcp(dialer: TcpDialer): void {
  tcp = dialer;
}

// Two callers with different functions get different connections: each function
// has seen the attestation of every connection that its caller uses.
const numbers = new WeakMap<OnAttestation, number>();
let count = 0;

/** The same function has the same number; 0: none. */
export function numberOf(f: OnAttestation | undefined): number {
  if (f === undefined) {
    return 0;
  }
  const number = numbers.get(f) ?? ++count;
  numbers.set(f, number);
  return number;
}

function bridgeUrl(text: unknown): string {
  if (typeof text !== "string" || !URL.canParse(text)) {
    throw invalid("proxyUrl must be the ws: or wss: URL of a bridge");
  }
  const url = new URL(text);
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw invalid(`proxyUrl must be a ws: or wss: URL, not ${url.protocol}`);
  }
  if (url.hash !== "") {
    throw invalid("proxyUrl must not have a fragment");
  }
  return url.href;
}

function wayTo(options: AnyOptions): {
  target: Target;
  way: string;
  dial: Dial;
} {
  if (isBridge(options)) {
    if (typeof WebSocket === "undefined") {
      throw invalid(
        "there is no WebSocket here, and no way through a bridge",
        "in Node use target; or version 22, or 20 with --experimental-websocket",
      );
    }
    const url = bridgeUrl(options.proxyUrl);
    const target = parseTarget(options.targetHost, "targetHost");
    return { target, way: url, dial: wsDial(url) };
  }
  if (tcp === undefined) {
    throw invalid(
      "a browser needs proxyUrl and targetHost",
      "pages cannot open TCP connections: run assay bridge",
    );
  }
  const target = parseTarget(options.target, "target");
  return { target, way: "tcp", dial: tcp(target.host, target.port) };
}

function trustOptions(options: AnyOptions, policy: Policy): TrustOptions {
  const { composeFile, collateral, extraRoots, trustedRoot, cache } = options;
  return {
    policy,
    ...(composeFile === undefined ? {} : { composeFile }),
    ...(collateral === undefined ? {} : { collateral }),
    ...(extraRoots === undefined ? {} : { extraRoots }),
    ...(trustedRoot === undefined ? {} : { trustedRoot }),
    ...(cache === undefined ? {} : { cache }),
  };
}

/** Reads a policy once, but tries again what failed. */
function trustReader(options: AnyOptions): () => Promise<Trust> {
  let read: { policy: Policy; trust: Promise<Trust> } | undefined;
  return async () => {
    const policy = options.policy ?? defaultPolicy();
    if (read?.policy !== policy) {
      const begun = { policy, trust: readTrust(trustOptions(options, policy)) };
      read = begun;
      begun.trust.catch(() => {
        read = read === begun ? undefined : read;
      });
    }
    return read.trust;
  };
}

/** Throws AtlsError ("invalid") for options that cannot be; `without`: some that
 * are not the caller's to give, `besides`: some that are. */
export function readEndpoint(
  given: AnyOptions,
  without: readonly string[] = [],
  besides: readonly string[] = [],
): Endpoint {
  const options = readOptions(given, without, besides);
  const { target, way, dial } = wayTo(options);
  const serverName = options.serverName ?? target.host;
  const maxConnections = Math.floor(options.maxConnections ?? MAX_CONNECTIONS);
  const idleTimeout = options.idleTimeout ?? IDLE_TIMEOUT_MS;
  const timeouts = { ...options.timeouts };
  const onAttestation = options.onAttestation;
  return {
    options,
    target,
    serverName,
    headers: readHeaders(
      isBridge(options) ? options.defaultHeaders : options.headers,
    ),
    maxConnections,
    idleTimeout,
    timeouts,
    onAttestation,
    dial,
    trust: trustReader(options),
    key: (trust) =>
      JSON.stringify([
        way,
        target.origin,
        serverName,
        trust.key,
        numberOf(onAttestation),
        Object.entries(timeouts).sort(),
        [maxConnections, idleTimeout],
      ]),
  };
}

export function connectOptions(
  endpoint: Endpoint,
  trust: Trust,
  signal: AbortSignal | undefined,
): ConnectOptions {
  const { dial, serverName, timeouts, onAttestation } = endpoint;
  return {
    dial,
    serverName,
    trust,
    timeouts,
    ...(signal === undefined ? {} : { signal }),
    ...(onAttestation === undefined ? {} : { onAttestation }),
  };
}
