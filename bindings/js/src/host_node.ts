// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// host_node.ts - what load.ts asks of Node.

import type { Host } from "./load.js";

export function nodeHost(): Host {
  throw new Error("not yet");
}
