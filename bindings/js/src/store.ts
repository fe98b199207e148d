// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// store.ts - what outlives a page or a process: collateral, and the highest
// TCB evaluations that were ever verified. A store that fails costs a fetch; it
// never makes anything trusted: what it gives back is verified like anything
// from outside.

export interface Store {
  /** A bundle by its name; undefined: none, or it cannot be read. */
  load(name: string): Promise<Uint8Array | undefined>;
  /** Best effort; bounded in number and size. */
  save(name: string, bundle: Uint8Array): Promise<void>;
  /** Names of evaluations. */
  evaluations(): Promise<readonly string[]>;
  learn(names: readonly string[]): Promise<void>;
}
