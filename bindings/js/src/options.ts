// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// options.ts - what callers gave, read once: own members and inherited ones, and
// what getters give. Misspelt options are refused, as they would be without
// effect.

import { AtlsError } from "./errors.js";
import { copyPolicy } from "./policy.js";
import type {
  BridgeOptions,
  CommonOptions,
  TcpOptions,
  Timeouts,
} from "./types.js";

export type AnyOptions = BridgeOptions | TcpOptions;

const COMMON = [
  "policy",
  "composeFile",
  "serverName",
  "onAttestation",
  "collateral",
  "extraRoots",
  "trustedRoot",
  "maxConnections",
  "idleTimeout",
  "timeouts",
  "cache",
];
const OF_BRIDGE = ["proxyUrl", "targetHost", "defaultHeaders", "worker"];
const OF_TCP = ["target", "headers"];
const TIMEOUTS = ["connect", "attest", "response", "idle"];
/** Of requests, which streams and agents' sockets do not know. */
export const TIMEOUTS_OF_REQUESTS = ["timeouts.response", "timeouts.idle"];

export function invalid(why: string, hint = ""): AtlsError {
  return new AtlsError("invalid", why, { hint });
}

/** `besides`: names that are as good, and are not advertised. */
export function checkNames(
  options: object,
  known: readonly string[],
  besides: readonly string[] = [],
): void {
  for (const name in options) {
    if (!known.includes(name) && !besides.includes(name)) {
      throw invalid(
        `there is no option ${name}`,
        `there are ${known.join(", ")}`,
      );
    }
  }
}

/** Spread, an object would lose what it inherits, or has from its class. */
function copyOf<T extends object>(options: T, known: readonly string[]): T {
  const all = options as Record<string, unknown>;
  const given = known.filter((name) => name in options);
  return Object.fromEntries(given.map((name) => [name, all[name]])) as T;
}

/** What timers can count. */
const NUMBER_MAX = 2 ** 31 - 1;

function checkNumber(value: unknown, name: string, least: number): void {
  const good =
    value === undefined ||
    (typeof value === "number" && value >= least && value <= NUMBER_MAX);
  if (!good) {
    throw invalid(`${name} must be a number from ${least} to ${NUMBER_MAX}`);
  }
}

function checkType(value: unknown, name: string, type: string): void {
  if (value !== undefined && typeof value !== type) {
    throw invalid(`${name} must be a ${type}`);
  }
}

function checkSources(given: unknown): void {
  const all = Array.isArray(given) ? (given as unknown[]) : [given ?? ""];
  if (!all.every((source) => typeof source === "string")) {
    throw invalid("collateral must be a URL or an array of them, as text");
  }
}

function readTimeouts(given: Timeouts, without: readonly string[]): Timeouts {
  if (typeof given !== "object" || given === null) {
    throw invalid("timeouts must be an object");
  }
  checkNames(given, TIMEOUTS);
  const timeouts = copyOf(given, TIMEOUTS);
  for (const [name, value] of Object.entries(timeouts)) {
    checkNumber(value, `timeouts.${name}`, 0);
    if (value !== undefined && without.includes(`timeouts.${name}`)) {
      throw invalid(
        `timeouts.${name} would be without effect here`,
        "what comes after connect and attest is the caller's to limit",
      );
    }
  }
  return timeouts;
}

function checkCommon(options: CommonOptions): void {
  for (const name of [
    "serverName",
    "composeFile",
    "extraRoots",
    "trustedRoot",
  ]) {
    checkType((options as Record<string, unknown>)[name], name, "string");
  }
  checkType(options.onAttestation, "onAttestation", "function");
  checkSources(options.collateral);
  checkType(options.cache, "cache", "boolean");
  checkNumber(options.maxConnections, "maxConnections", 1);
  checkNumber(options.idleTimeout, "idleTimeout", 0);
}

export function isBridge(options: AnyOptions): options is BridgeOptions {
  return "proxyUrl" in options;
}

/** A copy, which is what counts from here on. `without`: names of options that
 * are not the caller's to give; `besides`: others that are. */
export function readOptions(
  given: AnyOptions,
  without: readonly string[],
  besides: readonly string[],
): AnyOptions {
  if (typeof given !== "object" || given === null) {
    throw invalid(
      "the options must be an object",
      'for a host alone: {target: "host", policy}',
    );
  }
  const own = isBridge(given) ? OF_BRIDGE : OF_TCP;
  const known = [...COMMON, ...own, ...besides].filter(
    (name) => !without.includes(name),
  );
  checkNames(given, known);
  const options = copyOf(given, known);
  checkCommon(options);
  checkType((options as { worker?: unknown }).worker, "worker", "boolean");
  const { policy, timeouts } = options;
  return {
    ...options,
    ...(policy === undefined ? {} : { policy: copyPolicy(policy) }),
    ...(timeouts === undefined
      ? {}
      : { timeouts: readTimeouts(timeouts, without) }),
  };
}
