// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// evaluations.ts - names of TCB evaluations: ROOT_DOCUMENT_NUMBER_SECONDS
// (docs/adr/0021-evaluations-as-names.md). The highest number of a key counts.

const NAME =
  /^((?:intel|[0-9a-f]{64})_(?:tdx|sgx)-(?:qe|[0-9a-f]{12}))_([1-9][0-9]{0,9})_(0|[1-9][0-9]{0,11})$/u;

const NUMBER_MAX = 0xffffffff;
const SINCE_MAX_S = 253402300799; // the last second of 9999

/** Of other roots than Intel's, which tests make by the day. */
export const OTHERS_MAX = 256;

export interface Evaluation {
  readonly name: string;
  readonly key: string;
  readonly number: number;
}

/** Undefined: it is no such name. */
export function parseEvaluation(name: string): Evaluation | undefined {
  const m = NAME.exec(name);
  const number = Number(m?.[2]);
  return m === null || number > NUMBER_MAX || Number(m[3]) > SINCE_MAX_S
    ? undefined
    : { name, key: m[1] ?? "", number };
}

export const isIntels = (e: Evaluation): boolean => e.key.startsWith("intel_");

/** Without those that others overtake, what is no such name, and the oldest of
 * too many of other roots. Order is kept. */
export function newest(names: readonly string[]): readonly string[] {
  const best = new Map<string, Evaluation>();
  for (const name of names) {
    const e = parseEvaluation(name);
    if (e !== undefined && e.number > (best.get(e.key)?.number ?? 0)) {
      best.delete(e.key); // to be the newest
      best.set(e.key, e);
    }
  }
  const all = [...best.values()];
  let surplus = all.filter((e) => !isIntels(e)).length - OTHERS_MAX;
  return all.filter((e) => isIntels(e) || surplus-- <= 0).map((e) => e.name);
}
