// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// core.ts - the module (bindings/js/core/core.h) as objects. Only load.ts,
// trust.ts, connection.ts, stream.ts and collateral.ts use it.

export class Core {
  /** A trap in the module: nothing of this instance works any more. */
  get broken(): boolean {
    throw new Error("not yet");
  }
}
