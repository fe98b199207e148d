// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// index.ts - the entry for browsers.

import { browserHost } from "./host_browser.js";
import { setHost } from "./load.js";

export { AtlsError } from "./errors.js";
export { init } from "./load.js";
export type * from "./types.js";

setHost(browserHost());
