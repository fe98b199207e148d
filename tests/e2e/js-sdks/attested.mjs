// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// The fetch of assay-js for a robot, which is told in its second argument where the
// package is, if it is to use it.
import * as path from "node:path";
import { pathToFileURL } from "node:url";

const [, , , dist] = process.argv;
const entry = dist && pathToFileURL(path.join(dist, "node.mjs")).href;
const assay = entry && (await import(entry));

let attestations = 0;

// One function for all, as only those who have the same share connections.
function count() {
  attestations++;
}

/** What is given to a client as its fetch; nothing if there are no options. */
export function attested(options) {
  return options && assay.createAtlsFetch({ ...options, onAttestation: count });
}

export function stats() {
  return { attestations, ...assay.getConnectionPoolStats() };
}

export function closeAll() {
  assay.closeAllConnections();
}
