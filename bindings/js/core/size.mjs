// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// size.mjs - says how large files are: as they are, by gzip and by brotli, each
// as small as it can. One that is over the limit by brotli is a failure.
// usage: node size.mjs [--limit OCTETS] FILE...
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const brotli = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
  },
};
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { limit: { type: "string", default: "Infinity" } },
});
const limit = Number(values.limit);
if (!(limit > 0) || positionals.length === 0) {
  console.error("usage: node size.mjs [--limit OCTETS] FILE...");
  process.exit(64);
}
const grouped = (n) => n.toLocaleString("en");

for (const path of positionals) {
  const file = readFileSync(path);
  const name = basename(path);
  const small = brotliCompressSync(file, brotli).length;
  const [raw, gzip] = [file.length, gzipSync(file, { level: 9 }).length];
  console.log(`${name}: ${grouped(raw)} octets, gzip ${grouped(gzip)}, `
    + `brotli ${grouped(small)}`);
  if (small > limit) {
    console.error(`${name}: ${grouped(small - limit)} octets over the limit `
      + `of ${grouped(limit)} by brotli`);
    process.exitCode = 1;
  }
}
