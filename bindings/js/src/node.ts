// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// node.ts - the entry for Node.

import { setTcp } from "./endpoint.js";
import { nodeHost } from "./host_node.js";
import { init as load, setHost } from "./load.js";
import type { InitOptions } from "./types.js";
import { tcpDial } from "./tcp.js";

export { createAtlsAgent, type AgentOptions } from "./agent.js";
export { AttestedStream, type StreamOptions } from "./attested_stream.js";
export { AtlsError } from "./errors.js";
export { createAtlsFetch } from "./fetch.js";
export { mergeWithDefaultAppCompose, setDefaultPolicy } from "./policy.js";
export { closeAllConnections, getConnectionPoolStats } from "./pools.js";
export type * from "./types.js";

/** Loads the module now, rather than with the first request. */
export const init: (options?: InitOptions) => Promise<void> = load;

setHost(nodeHost());
setTcp(tcpDial);
