// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
// index.ts - the entry for browsers.

import { browserHost } from "./host_browser.js";
import { setHost } from "./load.js";

export { AttestedStream, type StreamOptions } from "./attested_stream.js";
export { AtlsError } from "./errors.js";
export { createAtlsFetch } from "./fetch.js";
export { init, type InitOptions } from "./load.js";
export { mergeWithDefaultAppCompose, setDefaultPolicy } from "./policy.js";
export { closeAllConnections, getConnectionPoolStats } from "./pool.js";
export type * from "./types.js";

setHost(browserHost());
