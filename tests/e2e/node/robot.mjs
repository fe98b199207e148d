// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// A program that does what a test says: a line of JSON for each thing to do, and
// one for each thing done, in whatever order they get done.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto; // Node 18

// Packages lie in a folder of the build's, which the first argument names.
export const require = createRequire(process.argv[2] + "/");

/** With its causes, which a stack leaves out. */
function told(error) {
  const why = String(error?.stack ?? error);
  const { cause } = error ?? {};

  return cause === undefined ? why : `${why}\nbecause: ${told(cause)}`;
}

// `does` has a function for each thing; at the end of input, `end` is called.
export function serve(does, end = () => {}) {
  const say = (answer) => process.stdout.write(JSON.stringify(answer) + "\n");
  const lines = createInterface({ input: process.stdin });

  lines.on("line", async (line) => {
    const { id, name, args } = JSON.parse(line);

    try {
      say({ id, result: (await does[name](args)) ?? null });
    } catch (error) {
      say({ id, error: told(error) });
    }
  });
  lines.on("close", async () => {
    await end();
    process.exit(0);
  });
}
