// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// abort.ts - waiting that a signal ends.

/** Whatever hangs (a database, a disk, another's search), who waits for it does
 * not after the signal. */
export function orAborted<T>(
  what: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) {
    return what;
  }
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) {
      abort();
    }
    signal.addEventListener("abort", abort, { once: true });
    what.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", abort);
    });
  });
}
