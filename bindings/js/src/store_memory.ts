// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// store_memory.ts - a store that ends with the program.

import { newest } from "./evaluations.js";
import type { Store } from "./store.js";

const BUNDLES_MAX = 64;

export function memoryStore(): Store {
  const bundles = new Map<string, Uint8Array>();
  let known: readonly string[] = [];
  return {
    load: (name) => Promise.resolve(bundles.get(name)),
    save(name, bundle) {
      bundles.delete(name); // to be the newest
      for (const oldest of bundles.keys()) {
        if (bundles.size < BUNDLES_MAX) {
          break;
        }
        bundles.delete(oldest);
      }
      bundles.set(name, bundle);
      return Promise.resolve();
    },
    evaluations: () => Promise.resolve(known),
    learn(names) {
      known = newest([...known, ...names]);
      return Promise.resolve();
    },
  };
}
