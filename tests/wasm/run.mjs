// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// Runs a command of wasm32-wasi, as a test would run natively: with the folders
// of the environment, whose files it may read.
// usage: node --no-warnings run.mjs FILE.wasm [ARGUMENT...]
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { WASI } from 'node:wasi';

// With V8's fast calls node:wasi lets it collect garbage where it must not, and
// crashes at times: nodejs/node issue 46777.
setFlagsFromString('--no-turbo-fast-api-calls');

const [file, ...rest] = process.argv.slice(2);
const env = {};
const preopens = {};
for (const name of ['ASSAY_SHARED', 'ASSAY_SOURCE']) {
  const folder = process.env[name];
  if (folder !== undefined) {
    env[name] = `/${name}`;
    if (existsSync(folder)) preopens[env[name]] = folder;
  }
}
const wasi = new WASI({
  version: 'preview1',
  args: [file, ...rest],
  env,
  preopens,
  returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(file));
// Not getImportObject(): Debian 12's Node has none.
const imports = { wasi_snapshot_preview1: wasi.wasiImport };
const instance = await WebAssembly.instantiate(module, imports);
process.exitCode = wasi.start(instance);
