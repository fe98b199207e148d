// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// What tests' pages have: the package, and ways to say what became of a call.

import * as assay from "/dist/index.js";

async function sha256(octets) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", octets));
  return [...digest].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** Octets of chance as a stream of pieces, and their SHA-256 once it has ended.
 * `taken`: how many were asked for. */
function noise(size, piece = 65536) {
  const all = new Uint8Array(size);
  const made = { taken: 0 };
  made.stream = new ReadableStream(
    {
      pull(controller) {
        const part = all.subarray(made.taken, made.taken + piece);
        crypto.getRandomValues(part);
        made.taken += part.length;
        controller.enqueue(part.slice());
        if (made.taken === size) {
          controller.close();
        }
      },
      cancel(reason) {
        made.cancelled = String(reason?.message ?? reason);
      },
    },
    { highWaterMark: 0 },
  );
  made.sha256 = () => sha256(all);
  return made;
}

/** How a promise was rejected: what a test can look at. */
async function failure(promise) {
  try {
    const value = await promise;
    return { code: "none", message: String(value) };
  } catch (error) {
    return {
      name: error?.name,
      code: error?.code ?? "not an AtlsError",
      ours: error instanceof assay.AtlsError,
      message: String(error?.message ?? error),
      hint: error?.hint,
      failed: error?.verdict?.checks
        ?.filter((check) => check.outcome === "failed")
        .map((check) => check.name),
      trusted: error?.verdict?.trusted,
    };
  }
}

Object.assign(window, { assay, sha256, noise, failure, ready: true });
