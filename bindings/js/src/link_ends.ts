// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// link_ends.ts - how a link begins and ends: within a time.

import type { ConnectOptions } from "./connection.js";
import { AtlsError } from "./errors.js";
import type { Transport } from "./transport.js";

const CONNECT_MS = 10_000;
const GOODBYE_MS = 1_000;

/** Then closes. */
export async function sendLast(
  transport: Transport,
  last: Uint8Array | undefined,
): Promise<void> {
  const timer = after(GOODBYE_MS, () => transport.close());
  try {
    if (last !== undefined && last.length > 0) {
      await transport.write(last);
    }
  } catch {
    // a goodbye that nobody waits for
  } finally {
    clearTimeout(timer);
    transport.close();
  }
}

export async function dialInTime(options: ConnectOptions): Promise<Transport> {
  const { dial, serverName, timeouts, signal } = options;
  const attempt = new AbortController();
  const abort = (): void => attempt.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const timer = after(timeouts?.connect ?? CONNECT_MS, () => {
    attempt.abort(
      new AtlsError("timeout", `${serverName}: no connection in time`, {
        hint: "check the address, or raise timeouts.connect",
      }),
    );
  });
  try {
    const transport = await dial(attempt.signal);
    if (attempt.signal.aborted) {
      transport.close();
    }
    attempt.signal.throwIfAborted();
    return transport;
  } catch (e) {
    attempt.signal.throwIfAborted();
    throw e;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** 0: never. */
export function after(
  ms: number,
  what: () => void,
): ReturnType<typeof setTimeout> | undefined {
  return ms > 0 ? setTimeout(what, ms) : undefined;
}
