// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// tcp.ts - a transport over TCP, in Node.

import type { Dial } from "./transport.js";

/** `host`: a name or an address, IPv6 without brackets. */
export function tcpDial(host: string, port: number): Dial {
  throw new Error("not yet: " + host + port);
}
