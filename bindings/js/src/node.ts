// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// node.ts - the entry for Node.

import { nodeHost } from "./host_node.js";
import { setHost } from "./load.js";

export { AtlsError } from "./errors.js";
export { init } from "./load.js";
export type * from "./types.js";

setHost(nodeHost());
