// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// host_browser.ts - what load.ts asks of a browser.

import type { Host } from "./load.js";

export function browserHost(): Host {
  throw new Error("not yet");
}
