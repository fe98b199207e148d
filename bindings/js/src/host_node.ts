// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// host_node.ts - what load.ts asks of Node.

import { open } from "node:fs/promises";
import { AtlsError } from "./errors.js";
import type { Host } from "./load.js";
import { diskStore } from "./store_disk.js";

const FILE_MAX_BYTES = 8 * 1024 * 1024;

/** A path, or a file: URL. */
async function read(at: URL | string): Promise<Uint8Array<ArrayBuffer>> {
  const path =
    typeof at === "string" && at.startsWith("file:") ? new URL(at) : at;
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size > FILE_MAX_BYTES) {
      throw new AtlsError(
        "too_large",
        `${at} has more than ${FILE_MAX_BYTES} bytes`,
      );
    }
    return new Uint8Array(await file.readFile());
  } finally {
    await file.close();
  }
}

async function readNamed(path: string): Promise<Uint8Array> {
  try {
    return await read(path);
  } catch (cause) {
    if (cause instanceof AtlsError) {
      throw cause;
    }
    const { code } = cause as { code?: string };
    throw new AtlsError("io", `${path}: cannot read: ${code ?? "unknown"}`, {
      hint: "check the path and its permissions",
      cause,
    });
  }
}

export function nodeHost(): Host {
  return {
    compile: async (at = new URL("./assay.wasm", import.meta.url)) =>
      WebAssembly.compile(await read(at)),
    roots: (at = new URL("./roots.pem", import.meta.url)) => read(at),
    store: () => Promise.resolve(diskStore()),
    readFile: readNamed,
  };
}
