// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// wasi.ts - what the module asks of its host: random octets and the time. It
// gets neither files nor the network, and an empty environment.

const SPACE = "wasi_snapshot_preview1";
const OK = 0;
// Of WASI's errno.
const BADF = 8; // how libc learns that there are no files
const IO = 29;
const RANDOM_MAX_BYTES = 65536; // of one call of getRandomValues()

type Import = (...args: never[]) => number;

function random(memory: () => ArrayBuffer) {
  return (at: number, length: number): number => {
    try {
      for (let done = 0; done < length; done += RANDOM_MAX_BYTES) {
        const n = Math.min(RANDOM_MAX_BYTES, length - done);
        crypto.getRandomValues(new Uint8Array(memory(), at + done, n));
      }
      return OK;
    } catch {
      return IO; // then nothing starts
    }
  };
}

function clock(memory: () => ArrayBuffer) {
  return (id: number, _precision: bigint, at: number): number => {
    const ms = id === 0 ? Date.now() : performance.now();
    const ns = BigInt(Math.floor(ms)) * 1_000_000n;
    new DataView(memory()).setBigUint64(at, ns, true);
    return OK;
  };
}

/** There are no variables. */
function noEnvironment(memory: () => ArrayBuffer) {
  return (count: number, size: number): number => {
    const view = new DataView(memory());
    view.setUint32(count, 0, true);
    view.setUint32(size, 0, true);
    return OK;
  };
}

const refuse = (): number => BADF;

function exit(code: number): never {
  throw new WebAssembly.RuntimeError(`the module ended with ${code}`);
}

/** The imports of this module, whatever it links of libc; `memory` is asked
 * for when it runs. */
export function importsOf(
  module: WebAssembly.Module,
  memory: () => ArrayBuffer,
): WebAssembly.Imports {
  const real: Record<string, Import> = {
    random_get: random(memory),
    clock_time_get: clock(memory),
    environ_sizes_get: noEnvironment(memory),
    environ_get: () => OK,
    proc_exit: exit,
  };
  const space: Record<string, Import> = {};
  for (const { module: of, name } of WebAssembly.Module.imports(module)) {
    if (of === SPACE) {
      space[name] = real[name] ?? refuse;
    }
  }
  return { [SPACE]: space };
}
