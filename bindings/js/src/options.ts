// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// options.ts - what callers gave, read: misspelt options are refused, as they
// would be without effect.

import { AtlsError } from "./errors.js";
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

export function invalid(why: string, hint = ""): AtlsError {
  return new AtlsError("invalid", why, { hint });
}

export function checkNames(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw invalid(
        `there is no option ${name}`,
        `there are ${known.join(", ")}`,
      );
    }
  }
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

function checkTimeouts(timeouts: Timeouts | undefined): void {
  if (timeouts === undefined) {
    return;
  }
  if (typeof timeouts !== "object" || timeouts === null) {
    throw invalid("timeouts must be an object");
  }
  checkNames(timeouts, TIMEOUTS);
  for (const [name, value] of Object.entries(timeouts)) {
    checkNumber(value, `timeouts.${name}`, 0);
  }
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
  checkTimeouts(options.timeouts);
}

export function isBridge(options: AnyOptions): options is BridgeOptions {
  return "proxyUrl" in options;
}

/** `without`: names of options that are not the caller's to give. */
export function checkOptions(
  options: AnyOptions,
  without: readonly string[],
): void {
  if (typeof options !== "object" || options === null) {
    throw invalid(
      "the options must be an object",
      'for a host alone: {target: "host", policy}',
    );
  }
  const own = isBridge(options) ? OF_BRIDGE : OF_TCP;
  const known = [...COMMON, ...own].filter((name) => !without.includes(name));
  checkNames(options, known);
  checkCommon(options);
  checkType((options as { worker?: unknown }).worker, "worker", "boolean");
}
