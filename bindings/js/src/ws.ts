// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// ws.ts - a transport through a WebSocket: a bridge on its way to the server.

import type { Dial } from "./transport.js";

/** `url`: ws: or wss:, with its query. */
export function wsDial(url: string): Dial {
  throw new Error("not yet: " + url);
}
