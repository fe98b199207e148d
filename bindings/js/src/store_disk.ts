// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// store_disk.ts - the same folders that the native tools keep: bundles below
// ~/.cache/assay, evaluations as names of empty files below ~/.local/state.
// The XDG Base Directory Specification says where else.

import { randomUUID } from "node:crypto";
import {
  constants,
  mkdir,
  open,
  readdir,
  rename,
  stat,
  unlink,
} from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { isIntels, OTHERS_MAX, parseEvaluation } from "./evaluations.js";
import type { Store } from "./store.js";

const BUNDLE_MAX_BYTES = 16 * 1024 * 1024;
const FILES_MAX = 64;
const FOLDER_MAX_BYTES = 64 * 1024 * 1024;
const NAME = /^(?:tdx|sgx)-[a-z0-9-]{1,80}\.json$/u;

/** Undefined: there is no such place. */
function folder(
  variable: string,
  below: string,
  ...more: readonly string[]
): string | undefined {
  const xdg = process.env[variable] ?? "";
  const home = process.env["HOME"] ?? "";
  if (isAbsolute(xdg)) {
    return join(xdg, ...more);
  }
  return isAbsolute(home) ? join(home, below, ...more) : undefined;
}

/** Files that cannot be read or written are no errors: see store.ts. */
export function diskStore(): Store {
  const bundles = folder("XDG_CACHE_HOME", ".cache", "assay");
  const state = folder(
    "XDG_STATE_HOME",
    ".local/state",
    "assay",
    "evaluations",
  );
  const quietly = async <T>(what: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await what;
    } catch {
      return otherwise;
    }
  };
  return {
    load: async (name) =>
      bundles === undefined || !NAME.test(name)
        ? undefined
        : quietly<Uint8Array | undefined>(load(join(bundles, name)), undefined),
    save: async (name, bundle) =>
      bundles === undefined || !NAME.test(name)
        ? undefined
        : quietly(save(bundles, name, bundle), undefined),
    evaluations: async () =>
      state === undefined ? [] : quietly(readMarks(state), []),
    learn: async (names) =>
      state === undefined ? undefined : quietly(learn(state, names), undefined),
  };
}

async function load(path: string): Promise<Uint8Array | undefined> {
  // What is no file (a pipe) must not be waited for.
  const { O_RDONLY, O_NONBLOCK = 0 } = constants;
  const file = await open(path, O_RDONLY | O_NONBLOCK);
  try {
    const s = await file.stat();
    return s.isFile() && s.size <= BUNDLE_MAX_BYTES
      ? new Uint8Array(await file.readFile())
      : undefined;
  } finally {
    await file.close();
  }
}

/** Whole or not at all. */
async function save(
  into: string,
  name: string,
  bundle: Uint8Array,
): Promise<void> {
  await mkdir(into, { recursive: true, mode: 0o700 });
  const temporary = join(into, `.${name}.${randomUUID()}`);
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(bundle);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(into, name));
  } catch (e) {
    await unlink(temporary).catch(() => undefined);
    throw e;
  }
  await prune(into);
}

/** The oldest go; the newest stays whatever its size. */
async function prune(path: string): Promise<void> {
  const files = [];
  for (const name of await readdir(path)) {
    if (NAME.test(name)) {
      const { mtimeMs, size } = await stat(join(path, name));
      files.push({ name, mtimeMs, size });
    }
  }
  files.sort((a, b) => b.mtimeMs - a.mtimeMs);
  let bytes = 0;
  for (const [i, { name, size }] of files.entries()) {
    bytes += size;
    if (i > 0 && (i >= FILES_MAX || bytes > FOLDER_MAX_BYTES)) {
      await unlink(join(path, name));
    }
  }
}

/** Twice: a name that is made behind the reader, while the one that it
 * overtakes is removed before him, is nowhere the first time. */
async function readMarks(path: string): Promise<readonly string[]> {
  const names = [...(await readdir(path)), ...(await readdir(path))];
  return [...new Set(names)].filter((n) => parseEvaluation(n) !== undefined);
}

/** Lower names go only once the higher one is there. */
async function learn(path: string, names: readonly string[]): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  for (const name of names) {
    const mark = parseEvaluation(name);
    if (mark === undefined) {
      continue;
    }
    try {
      await (await open(join(path, name), "wx", 0o600)).close();
    } catch (e) {
      if ((e as { code?: string }).code !== "EEXIST") {
        throw e;
      }
    }
    const there = (await readMarks(path)).map((n) => parseEvaluation(n));
    for (const other of there) {
      if (other?.key === mark.key && other.number < mark.number) {
        await unlink(join(path, other.name));
      }
    }
    if (!isIntels(mark)) {
      await forgetAnOther(path);
    }
  }
}

async function forgetAnOther(path: string): Promise<void> {
  const others = [];
  for (const name of await readMarks(path)) {
    const mark = parseEvaluation(name);
    if (mark !== undefined && !isIntels(mark)) {
      others.push({ name, at: (await stat(join(path, name))).mtimeMs });
    }
  }
  others.sort((a, b) => a.at - b.at);
  const [oldest] = others;
  if (oldest !== undefined && others.length > OTHERS_MAX) {
    await unlink(join(path, oldest.name));
  }
}
