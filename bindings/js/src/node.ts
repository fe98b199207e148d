// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
// node.ts - the entry for Node.

import { setTcp } from "./endpoint.js";
import { nodeHost } from "./host_node.js";
import { setHost } from "./load.js";
import { tcpDial } from "./tcp.js";

export { createAtlsAgent, type AgentOptions } from "./agent.js";
export { AttestedStream, type StreamOptions } from "./attested_stream.js";
export { AtlsError } from "./errors.js";
export { createAtlsFetch } from "./fetch.js";
export { init, type InitOptions } from "./load.js";
export { mergeWithDefaultAppCompose, setDefaultPolicy } from "./policy.js";
export { closeAllConnections, getConnectionPoolStats } from "./pool.js";
export type * from "./types.js";

setHost(nodeHost());
setTcp(tcpDial);
