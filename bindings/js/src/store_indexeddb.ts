// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// store_indexeddb.ts - a store in the browser, one for each origin.

import { newest } from "./evaluations.js";
import type { Store } from "./store.js";

const DATABASE = "assay";
const BUNDLES = "collateral"; // name -> {bundle, at: ms since 1970}
const EVALUATIONS = "evaluations"; // name -> ms since 1970
const BUNDLES_MAX = 64;
const BUNDLE_MAX_BYTES = 16 * 1024 * 1024;

interface Kept {
  readonly bundle: Uint8Array;
  readonly at: number;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(BUNDLES);
    request.result.createObjectStore(EVALUATIONS);
  };
  return done(request);
}

/** Rejects where pages may keep nothing (private windows, some settings). */
export async function indexedDbStore(): Promise<Store> {
  const db = await openDatabase();
  db.onversionchange = () => db.close();
  const within = async <T>(
    name: string,
    mode: IDBTransactionMode,
    otherwise: T,
    work: (s: IDBObjectStore) => Promise<T>,
  ): Promise<T> => {
    try {
      return await work(db.transaction(name, mode).objectStore(name));
    } catch {
      return otherwise; // see store.ts
    }
  };
  return {
    load: (name) =>
      within<Uint8Array | undefined>(BUNDLES, "readonly", undefined, (s) =>
        load(s, name),
      ),
    save: (name, bundle) =>
      within(BUNDLES, "readwrite", undefined, (s) => save(s, name, bundle)),
    evaluations: () =>
      within<readonly string[]>(EVALUATIONS, "readonly", [], namesOf),
    learn: (names) =>
      within(EVALUATIONS, "readwrite", undefined, (s) => learn(s, names)),
  };
}

async function load(
  s: IDBObjectStore,
  name: string,
): Promise<Uint8Array | undefined> {
  const kept = (await done(s.get(name))) as Partial<Kept> | undefined;
  const bundle = kept?.bundle;
  return bundle instanceof Uint8Array && bundle.length <= BUNDLE_MAX_BYTES
    ? bundle
    : undefined;
}

async function save(
  s: IDBObjectStore,
  name: string,
  bundle: Uint8Array,
): Promise<void> {
  const kept: Kept = { bundle, at: Date.now() };
  await done(s.put(kept, name));
  const names = await done(s.getAllKeys());
  const all = (await done(s.getAll())) as readonly Kept[];
  const oldestFirst = names
    .map((key, i) => ({ key, at: all[i]?.at ?? 0 }))
    .sort((a, b) => a.at - b.at);
  const surplus = Math.max(0, names.length - BUNDLES_MAX);
  for (const { key } of oldestFirst.slice(0, surplus)) {
    await done(s.delete(key));
  }
}

/** The oldest first. */
async function namesOf(s: IDBObjectStore): Promise<readonly string[]> {
  const names = await done(s.getAllKeys());
  const at = (await done(s.getAll())) as readonly number[];
  return names
    .map((name, i) => ({ name: String(name), at: at[i] ?? 0 }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}

/** In one transaction: of two pages that learn, the second sees what the first
 * has. */
async function learn(
  s: IDBObjectStore,
  names: readonly string[],
): Promise<void> {
  const known = await namesOf(s);
  const kept = new Set(newest([...known, ...names]));
  for (const name of names) {
    if (kept.has(name) && !known.includes(name)) {
      await done(s.put(Date.now(), name));
    }
  }
  for (const name of known) {
    if (!kept.has(name)) {
      await done(s.delete(name));
    }
  }
}
