// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// agent_options.ts - what createAtlsAgent() was given, read: what is ours, what
// is Node's and has an effect here. The rest is refused, as it would have none.

import type * as https from "node:https";
import { AtlsError } from "./errors.js";
import { checkNames, invalid } from "./options.js";
import type { CommonOptions, ConnectTimeouts } from "./types.js";

const OURS = [
  "target",
  "policy",
  "composeFile",
  "serverName",
  "onAttestation",
  "collateral",
  "extraRoots",
  "trustedRoot",
  "timeouts",
  "cache",
] as const;

/** Those of https.Agent, which does with them what it always does. */
const NODES = [
  "keepAlive",
  "maxFreeSockets",
  "maxSockets",
  "maxTotalSockets",
  "scheduling",
  "timeout",
] as const;

/** Those of TLS and TCP that may say what is so anyway. */
const FIXED = { noDelay: true, rejectUnauthorized: true } as const;

type NodesOptions = Pick<https.AgentOptions, (typeof NODES)[number]> & {
  readonly [name in keyof typeof FIXED]?: (typeof FIXED)[name] | undefined;
};

export type AgentOptions = NodesOptions &
  Omit<CommonOptions, "maxConnections" | "idleTimeout" | "timeouts"> & {
    readonly timeouts?: ConnectTimeouts;
    /** "host", "host:port" or an https: URL. */
    readonly target: string;
  };

const NO_IDENTITY = "clients do not prove who they are";
const NO_CHOICE = "TLS is the agent's own: version 1.3";
const USE_TARGET = "use target";

/** Of https.Agent, or of a fetch: what would lead a connection elsewhere, be
 * somebody's identity or make it safer, and other things that agents have in
 * another way. */
const REFUSED: Readonly<Record<string, string>> = {
  ALPNProtocols: "HTTP/1.1 is what is spoken",
  ca: "use extraRoots",
  cert: NO_IDENTITY,
  checkServerIdentity: "use onAttestation",
  ciphers: NO_CHOICE,
  createConnection: "connections are the agent's",
  crl: "certificates are not looked up",
  defaultHeaders: "give each request its own",
  headers: "give each request its own",
  host: USE_TARGET,
  hostname: USE_TARGET,
  idleTimeout: "use timeout",
  keepAliveMsecs: "TCP asks a silent peer after 30 seconds",
  key: NO_IDENTITY,
  lookup: USE_TARGET,
  maxCachedSessions: "each connection proves itself: none resumes another",
  maxConnections: "use maxSockets",
  maxVersion: NO_CHOICE,
  minVersion: NO_CHOICE,
  noDelay: "TCP never delays here: leave it out",
  passphrase: NO_IDENTITY,
  path: USE_TARGET,
  pfx: NO_IDENTITY,
  port: USE_TARGET,
  proxyEnv: "proxies are not used",
  proxyUrl: "agents connect over TCP: use target, or a fetch",
  rejectUnauthorized:
    "the policy says which certificates do: accept_self_signed_certs",
  secureContext: NO_CHOICE,
  secureOptions: NO_CHOICE,
  secureProtocol: NO_CHOICE,
  servername: "use serverName",
  session: "each connection proves itself: none resumes another",
  socketPath: USE_TARGET,
  targetHost: USE_TARGET,
  worker: "it is for pages in browsers",
};

function checkPossible(name: string, value: unknown): void {
  const hint = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
  const isFixed = Object.hasOwn(FIXED, name) && value === true;
  if (hint !== undefined && value !== undefined && !isFixed) {
    const what = Object.hasOwn(FIXED, name) ? `${name}: ${value}` : name;
    throw invalid(`the option ${what} is not possible here`, hint);
  }
}

type Entries = readonly (readonly [name: string, value: unknown])[];

/** Inherited ones and those of getters, too; each is read once. */
function entriesOf(options: object): Entries {
  const known = [...OURS, ...NODES, ...Object.keys(REFUSED)];
  const names = new Set(known.filter((name) => name in options));
  for (const name in options) {
    names.add(name);
  }
  const all = options as Record<string, unknown>;
  return [...names].map((name) => [name, all[name]]);
}

function only(all: Entries, names: readonly string[]): object {
  return Object.fromEntries(
    all.filter(([name, value]) => names.includes(name) && value !== undefined),
  );
}

/** Throws AtlsError ("invalid"). */
export function readAgentOptions(options: AgentOptions): {
  readonly ours: object;
  readonly nodes: https.AgentOptions;
} {
  if (typeof options !== "object" || options === null) {
    throw new AtlsError("invalid", "the options must be an object", {
      hint: 'for a host alone: {target: "host", policy}',
    });
  }
  const all = entriesOf(options);
  for (const [name, value] of all) {
    checkPossible(name, value);
  }
  checkNames(options, [...OURS, ...NODES], Object.keys(REFUSED));
  return { ours: only(all, OURS), nodes: only(all, NODES) };
}
