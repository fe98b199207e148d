// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// collateral.ts - the search for a session's collateral, with the host's fetch
// and its store. What it brings is verified by the module like anything from
// outside. Connections that need the same at once search once.

import { askSource } from "./collateral_ask.js";
import { bundleName, type SearchObject } from "./core_search.js";
import type { SessionObject } from "./core_session.js";
import type { Core } from "./core.js";
import { AtlsError } from "./errors.js";
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

// What was found by this program; so that a search is not repeated where
// nothing is kept, or the store is slow. A policy may not want that.
const memory = memoryStore();
const running = new Map<string, Promise<void>>();

/** The caller's to free, or a session's. */
export async function findCollateral(wanted: Wanted): Promise<Handle> {
  const { session, trust, signal } = wanted;
  const { sources, cache, key } = collateralRules(trust);
  const name = bundleName(session, sources);
  const store = await theStore();
  signal.throwIfAborted();
  const turn = `${name}\n${key}`;
  for (let other; (other = running.get(turn)) !== undefined;) {
    await orAborted(other, signal);
  }
  const search = lookUp(wanted, name, cache ? store : undefined);
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
  kept: Store | undefined,
): Promise<Handle> {
  const { sources } = collateralRules(trust);
  const recent = trust.facts.cache_collateral ? memory : undefined;
  const cached = (await recent?.load(name)) ?? (await kept?.load(name)) ?? null;
  await recall(core, await theStore());
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
      void (await theStore()).learn(found.learnt);
      if (signal.aborted) {
        collateral.free();
      }
      signal.throwIfAborted();
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

/** Evaluations that were kept, by other programs too, before each search. */
async function recall(core: Core, store: Store): Promise<void> {
  for (const name of await store.evaluations()) {
    core.addEvaluation(name);
  }
}

async function orAborted(
  other: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let abort: (() => void) | undefined;
  const aborted = new Promise<void>((resolve) => {
    abort = resolve;
    signal.addEventListener("abort", resolve as () => void, { once: true });
  });
  try {
    await Promise.race([other, aborted]);
  } finally {
    signal.removeEventListener("abort", abort as unknown as () => void);
  }
  signal.throwIfAborted();
}
