// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// index.ts - the entry for browsers.

import { setRemote } from "./fetch.js";
import { browserHost } from "./host_browser.js";
import { init as load, setHost } from "./load.js";
import type { InitOptions } from "./types.js";
import { remoteFetch } from "./remote.js";

export { AttestedStream, type StreamOptions } from "./attested_stream.js";
export { AtlsError } from "./errors.js";
export { createAtlsFetch } from "./fetch.js";
export { mergeWithDefaultAppCompose, setDefaultPolicy } from "./policy.js";
export { closeAllConnections, getConnectionPoolStats } from "./pools.js";
export type * from "./types.js";

/** Loads the module now, rather than with the first request. */
export const init: (options?: InitOptions) => Promise<void> = load;

setHost(browserHost());
setRemote(remoteFetch);
