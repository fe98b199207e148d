// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// trust.ts - what a server is held to: a policy, and who is believed about it.
//
// A Trust is text; the objects of the module that it stands for are made when
// they are needed, and again where an instance of the module broke.

import type { Core, PolicyObject, RootObject, RootsObject } from "./core.js";
import { AtlsError } from "./errors.js";
import { mozillaRoots, readNamedFile, theCore } from "./load.js";
import { encode } from "./module.js";
import { jsonOf } from "./policy.js";
import type { CommonOptions, Policy } from "./types.js";

export interface TrustOptions extends Pick<
  CommonOptions,
  "composeFile" | "collateral" | "extraRoots" | "trustedRoot" | "cache"
> {
  readonly policy: Policy;
}

/** core.h, js_policy_facts(). */
export interface PolicyFacts {
  readonly policy: Policy;
  readonly sources: readonly string[];
  readonly cache_collateral: boolean;
  readonly accepts_self_signed: boolean;
  readonly trusted_root: string | null;
  readonly ca_file: string | null;
  readonly wires: readonly string[];
  readonly partial: string | null;
}

export interface Trust {
  /** Equal for two that trust the same: the policy with every member, the
   * compose file, roots, sources, cache. What a pool keys by. */
  readonly key: string;
  readonly facts: PolicyFacts;
}

/** What it is made of. */
interface Made extends Trust {
  readonly rules: string; // the policy, JSON
  readonly compose: string | null;
  readonly root: string | null; // PEM; null: Intel's
  readonly roots: string; // PEM, besides Mozilla's list
  readonly sources: readonly string[]; // empty: the policy's
  readonly cache: boolean;
}

export interface TrustObjects {
  readonly core: Core;
  readonly policy: PolicyObject;
  readonly root: RootObject;
  readonly roots: RootsObject;
}

const SOURCES_MAX = 16;

/** Loads the module. AtlsError "invalid" and others for what cannot be read. */
export async function readTrust(options: TrustOptions): Promise<Trust> {
  const core = await theCore();
  const rules = jsonOf(options.policy, "the policy");
  const [object, compose] = await readPolicy(core, rules, options.composeFile);
  const { facts, text } = object;
  object.free();
  const root = await pemOrFile(options.trustedRoot ?? facts.trusted_root);
  const ca = facts.ca_file === null ? "" : await readNamedFile(facts.ca_file);
  const roots = [options.extraRoots ?? "", ca].filter(Boolean).join("\n");
  if (roots !== "") {
    core.roots(encode(roots)).free(); // it has to have some
  }
  const sources = sourcesOf(options.collateral);
  const cache = options.cache !== false && facts.cache_collateral;
  const key = JSON.stringify([text, compose, root, roots, sources, cache]);
  const trust: Made = {
    key,
    facts,
    rules,
    compose,
    root,
    roots,
    sources,
    cache,
  };
  await objectsOf(trust); // what cannot be read is told now
  return trust;
}

export function collateralRules(
  trust: Trust,
): Pick<Made, "sources" | "cache" | "key"> {
  return trust as Made;
}

const made = new WeakMap<Core, Map<string, TrustObjects>>();
const OBJECTS_MAX = 64; // of one instance; what is in use outlives that

/** Its objects in the instance that is there now. */
export async function objectsOf(trust: Trust): Promise<TrustObjects> {
  const t = trust as Made;
  const core = await theCore();
  let all = made.get(core);
  if (all === undefined) {
    made.set(core, (all = new Map<string, TrustObjects>()));
  }
  const known = all.get(t.key);
  if (known !== undefined) {
    return known;
  }
  const pem = await rootsOf(t);
  const objects = {
    core,
    policy: core.policy(t.rules, t.compose),
    root: core.root(t.root),
    roots: core.roots(pem),
  };
  for (const key of all.keys()) {
    if (all.size >= OBJECTS_MAX) {
      all.delete(key); // the oldest
    }
  }
  all.set(t.key, objects);
  return objects;
}

/** PEM; empty: certificates are not checked. */
async function rootsOf(t: Made): Promise<Uint8Array> {
  if (t.facts.accepts_self_signed) {
    return new Uint8Array(0);
  }
  const more = encode(`\n${t.roots}`);
  const list = await mozillaRoots();
  const pem = new Uint8Array(list.length + more.length);
  pem.set(list);
  pem.set(more, list.length);
  return pem;
}

async function readPolicy(
  core: Core,
  rules: string,
  given: string | undefined,
): Promise<[PolicyObject, string | null]> {
  if (given !== undefined) {
    return [core.policy(rules, given), given];
  }
  try {
    return [core.policy(rules, null), null];
  } catch (e) {
    const path = core.composeFile();
    if (path === null) {
      throw e;
    }
    const compose = await readNamedFile(path);
    return [core.policy(rules, compose), compose];
  }
}

async function pemOrFile(text: string | null): Promise<string | null> {
  return text === null || text.includes("-----BEGIN")
    ? text
    : readNamedFile(text);
}

function sourcesOf(given: CommonOptions["collateral"]): readonly string[] {
  const sources = typeof given === "string" ? [given] : (given ?? []);
  if (sources.length > SOURCES_MAX) {
    throw new AtlsError(
      "invalid",
      `more than ${SOURCES_MAX} collateral sources`,
    );
  }
  for (const s of sources) {
    if (s.includes("\0")) {
      throw new AtlsError("invalid", "a collateral source is no URL");
    }
  }
  return sources;
}
