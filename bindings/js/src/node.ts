// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// node.ts - the entry for Node.

import { setMaxListeners } from "node:events";
import { setTcp } from "./endpoint.js";
import { createAtlsFetch as makeFetch } from "./fetch.js";
import { nodeHost } from "./host_node.js";
import { init as load, setHost } from "./load.js";
import type { AnyOptions } from "./options.js";
import type { AtlsFetch, InitOptions } from "./types.js";
import { tcpDial } from "./tcp.js";

export { createAtlsAgent } from "./agent.js";
export type { AgentOptions } from "./agent_options.js";
export { AttestedStream, type StreamOptions } from "./attested_stream.js";
export { AtlsError } from "./errors.js";
export { mergeWithDefaultAppCompose, setDefaultPolicy } from "./policy.js";
export { closeAllConnections, getConnectionPoolStats } from "./pools.js";
export type * from "./types.js";

/** Any number of requests may share a signal: Node takes the eleventh for a leak, and
 * warns of it, unless it is told. */
function shareable(signal: AbortSignal | null | undefined): void {
  if (signal instanceof EventTarget) {
    setMaxListeners(0, signal);
  }
}

/** Returns at once; the module is loaded by the first request. */
export function createAtlsFetch(options: AnyOptions): AtlsFetch {
  const fetch = makeFetch(options);
  return (input, init) => {
    shareable(init?.signal);
    return fetch(input, init);
  };
}

/** Loads the module now, rather than with the first request. */
export const init: (options?: InitOptions) => Promise<void> = load;

setHost(nodeHost());
setTcp(tcpDial);
