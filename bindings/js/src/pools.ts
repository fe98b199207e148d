// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// pools.ts - all pools of the program, by what tells them apart.

import { Pool, type PoolOptions } from "./pool.js";
import type { PoolStats } from "./types.js";

const pools = new Map<string, Pool>();

/** The pool of a key, which must have all that matters in it.
 * @internal */
export function poolOf(key: string, options: PoolOptions): Pool {
  let pool = pools.get(key);
  if (pool === undefined) {
    const made = new Pool(options, () => {
      if (pools.get(key) === made) {
        pools.delete(key);
      }
    });
    pools.set(key, made);
    pool = made;
  }
  return pool;
}

/** Closes every connection, also those that are in use. */
export function closeAllConnections(): void {
  [...pools.values()].forEach((pool) => pool.closeAll());
}

export function getConnectionPoolStats(): PoolStats {
  const sum = { total: 0, busy: 0, idle: 0, connecting: 0, waiting: 0 };
  for (const { stats } of pools.values()) {
    sum.total += stats.total;
    sum.busy += stats.busy;
    sum.idle += stats.idle;
    sum.connecting += stats.connecting;
    sum.waiting += stats.waiting;
  }
  return sum;
}
