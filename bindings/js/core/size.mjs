// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// size.mjs - says how large files are: as they are, by gzip and by brotli, each
// as small as it can.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const brotli = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
  },
};

for (const path of process.argv.slice(2)) {
  const file = readFileSync(path);
  const [raw, gzip, small] = [file, gzipSync(file, { level: 9 }),
    brotliCompressSync(file, brotli)].map((o) => o.length.toLocaleString("en"));
  console.log(`${basename(path)}: ${raw} octets, gzip ${gzip}, brotli ${small}`);
}
