// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// collateral.ts - the search for a session's collateral, with the host's fetch
// and its store. What it brings is verified by the module like anything from
// outside. Connections that need the same at once search once, if their policy
// lets what was found be kept: else each has its own search.

import { orAborted } from "./abort.js";
import { askSource } from "./collateral_ask.js";
import { bundleName, type SearchObject } from "./core_search.js";
import type { SessionObject } from "./core_session.js";
import type { Core } from "./core.js";
import { AtlsError } from "./errors.js";
import { newest } from "./evaluations.js";
import { theStore } from "./load.js";
import type { Handle } from "./module.js";
import { memoryStore } from "./store_memory.js";
import type { Store } from "./store.js";
import { collateralRules, type Trust } from "./trust.js";

export interface Wanted {
  readonly core: Core;
  /** In "need_collateral". */
  readonly session: SessionObject;
  readonly trust: Trust;
  /** Of the connection: aborted, the session is gone. */
  readonly signal: AbortSignal;
}

// What was found by this program; so that a search is not repeated where the
// store keeps nothing, or is slow. A policy may not want that.
const memory = memoryStore();
const running = new Map<string, Promise<void>>();

/** The caller's to free, or a session's. */
export async function findCollateral(wanted: Wanted): Promise<Handle> {
  const { session, trust, signal } = wanted;
  const { sources, cache, key } = collateralRules(trust);
  const name = bundleName(session, sources);
  const store = await orAborted(theStore(), signal);
  const search = (): Promise<Handle> =>
    orAborted(lookUp(wanted, name, store, cache ? store : undefined), signal);
  return trust.facts.cache_collateral
    ? inTurn(`${name}\n${key}`, search, signal)
    : search();
}

/** After those of the same turn, whose finds it may have. */
async function inTurn(
  turn: string,
  begin: () => Promise<Handle>,
  signal: AbortSignal,
): Promise<Handle> {
  for (let other; (other = running.get(turn)) !== undefined;) {
    await orAborted(other, signal);
  }
  const search = begin();
  const done = search.then(
    () => undefined,
    (e: unknown) => {
      // One that failed has failed for those, too, who wait for it; but not
      // one whose connection ended.
      if (!signal.aborted) {
        throw e;
      }
    },
  );
  done.catch(() => undefined);
  running.set(turn, done);
  try {
    return await search;
  } finally {
    running.delete(turn);
  }
}

async function lookUp(
  { core, session, trust, signal }: Wanted,
  name: string,
  store: Store,
  kept: Store | undefined,
): Promise<Handle> {
  const { sources } = collateralRules(trust);
  const recent = trust.facts.cache_collateral ? memory : undefined;
  const cached = (await recent?.load(name)) ?? (await kept?.load(name)) ?? null;
  await recall(core, store);
  signal.throwIfAborted();
  const search = core.search(session, sources, cached);
  try {
    await ask(search, signal);
    const { collateral, found } = search.take();
    if (found.keep) {
      const bundle = search.bundle();
      void recent?.save(name, bundle);
      void kept?.save(name, bundle);
    }
    if (found.learnt.length > 0) {
      void memory.learn(found.learnt); // should the other fail
      void store.learn(found.learnt);
    }
    return collateral;
  } finally {
    search.free();
  }
}

/** Answers what it wants to know. */
async function ask(search: SearchObject, signal: AbortSignal): Promise<void> {
  for (let next; (next = search.next()) !== undefined;) {
    try {
      const { headers, body } = await askSource(next.url, next.maxBody, signal);
      search.give(headers, body);
    } catch (e) {
      signal.throwIfAborted();
      if (!(e instanceof AtlsError) || e.code === "internal") {
        throw e;
      }
      search.fail(e.code, e.message);
    }
  }
}

/** Evaluations that were kept, by other programs too, before each search; what
 * the store does not have, it is told again. */
async function recall(core: Core, store: Store): Promise<void> {
  const kept = await store.evaluations();
  const all = newest([...kept, ...(await memory.evaluations())]);
  all.forEach((name) => core.addEvaluation(name));
  const missing = all.filter((name) => !kept.includes(name));
  if (missing.length > 0) {
    void store.learn(missing);
  }
}
