// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// pools.ts - all pools of the program, by what tells them apart.

import { Pool, type PoolOptions } from "./pool.js";
import type { PoolStats } from "./types.js";

const pools = new Map<string, Pool>();

/** Pools that are not here: a Worker's. */
export interface Elsewhere {
  /** As it was told last. */
  readonly stats: PoolStats;
  closeAll(): void;
}

const elsewhere = new Set<Elsewhere>();
let changed = (): void => undefined;

export const NO_CONNECTIONS: PoolStats = Object.freeze({
  total: 0,
  busy: 0,
  idle: 0,
  connecting: 0,
  waiting: 0,
});

export function addElsewhere(its: Elsewhere): void {
  elsewhere.add(its);
}

export function removeElsewhere(its: Elsewhere): void {
  elsewhere.delete(its);
}

/** f: called after each change of getConnectionPoolStats(). */
export function onPoolChange(f: () => void): void {
  changed = f;
}

/** The pool of a key, which must have all that matters in it.
 * @internal */
export function poolOf(key: string, options: PoolOptions): Pool {
  let pool = pools.get(key);
  if (pool === undefined) {
    const made = new Pool(options, (isEmpty) => {
      if (isEmpty && pools.get(key) === made) {
        pools.delete(key);
      }
      changed();
    });
    pools.set(key, made);
    pool = made;
  }
  return pool;
}

/** Closes every connection, also those that are in use. */
export function closeAllConnections(): void {
  [...pools.values(), ...elsewhere].forEach((its) => its.closeAll());
}

export function getConnectionPoolStats(): PoolStats {
  const sum = { ...NO_CONNECTIONS };
  for (const { stats } of [...pools.values(), ...elsewhere]) {
    sum.total += stats.total;
    sum.busy += stats.busy;
    sum.idle += stats.idle;
    sum.connecting += stats.connecting;
    sum.waiting += stats.waiting;
  }
  return sum;
}
