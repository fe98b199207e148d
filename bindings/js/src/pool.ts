// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// pool.ts - attested connections that are kept: those of one pool trust the
// same, lead to the same, and are asked the same before they are used.

import type { Connection } from "./connection.js";
import { AtlsError } from "./errors.js";
import type { PoolStats } from "./types.js";

export interface PoolOptions {
  readonly connect: (signal: AbortSignal) => Promise<Connection>;
  readonly maxConnections: number;
  readonly idleTimeout: number;
}

/** A connection, for one exchange. */
export interface Lease {
  readonly connection: Connection;
  /** It was used before, so the server may have closed it meanwhile. */
  readonly kept: boolean;
}

interface Waiter {
  /** It takes no connection that was used before. */
  readonly fresh: boolean;
  resolve(lease: Lease): void;
  reject(reason: unknown): void;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #changed: (isEmpty: boolean) => void;
  /** The one used last is at the end. */
  readonly #idle: Connection[] = [];
  readonly #busy = new Set<Connection>();
  readonly #connecting: AbortController[] = [];
  readonly #waiting: Waiter[] = [];
  readonly #timers = new Map<Connection, ReturnType<typeof setTimeout>>();

  /** `changed` is called after each change of `stats`; isEmpty: there is nothing
   * left in it. */
  constructor(options: PoolOptions, changed: (isEmpty: boolean) => void) {
    this.#options = options;
    this.#changed = changed;
  }

  /** In the order in which they ask. release() it, whatever became of it. */
  acquire(signal: AbortSignal | undefined, fresh: boolean): Promise<Lease> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const aborted = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal?.reason);
        this.#giveUp();
      };
      const waiter: Waiter = {
        fresh,
        resolve: (lease) => {
          signal?.removeEventListener("abort", aborted);
          resolve(lease);
        },
        reject: (reason) => {
          signal?.removeEventListener("abort", aborted);
          reject(reason);
        },
      };
      signal?.addEventListener("abort", aborted, { once: true });
      this.#waiting.push(waiter);
      this.#serve();
    });
  }

  /** False: closeAll() was faster. */
  release(connection: Connection): boolean {
    if (!this.#busy.delete(connection)) {
      return false;
    }
    if (connection.usable && this.#options.idleTimeout > 0) {
      this.#rest(connection);
    } else {
      connection.close();
    }
    this.#serve();
    return true;
  }

  /** A server that had proved itself did not do so anew: what was proved before
   * counts no more. Whoever waits gets a connection that is made after this. */
  distrust(reason: unknown): void {
    this.#connecting.splice(0).forEach((attempt) => attempt.abort(reason));
    this.#distrustKept(reason);
    this.#serve();
  }

  closeAll(): void {
    const reason = new AtlsError("network", "all connections were closed");
    this.#waiting.splice(0).forEach((waiter) => waiter.reject(reason));
    // Whoever asks from here on does not wait for these.
    this.#connecting.splice(0).forEach((attempt) => attempt.abort(reason));
    [...this.#busy, ...this.#idle].forEach((connection) => {
      this.#forget(connection);
      connection.close();
    });
    this.#serve();
  }

  get stats(): PoolStats {
    const busy = this.#busy.size;
    const idle = this.#idle.length;
    const connecting = this.#connecting.length;
    const waiting = this.#waiting.length;
    return { total: busy + idle + connecting, busy, idle, connecting, waiting };
  }

  get #size(): number {
    return this.#idle.length + this.#busy.size + this.#connecting.length;
  }

  /** Whoever can be served is. */
  #serve(): void {
    this.#lend();
    while (this.#waiting.length > this.#connecting.length && this.#makeRoom()) {
      void this.#connect();
    }
    this.#changed(this.#size === 0);
  }

  /** Attempts that nobody waits for any more. */
  #giveUp(): void {
    while (this.#connecting.length > this.#waiting.length) {
      this.#connecting.pop()?.abort();
    }
    this.#serve();
  }

  #lend(): void {
    for (;;) {
      const first = this.#waiting[0];
      const connection = first?.fresh === false ? this.#idle.at(-1) : undefined;
      if (first === undefined || connection === undefined) {
        return;
      }
      this.#forget(connection);
      if (connection.usable) {
        this.#give(connection, true);
      } else {
        connection.close();
      }
    }
  }

  #makeRoom(): boolean {
    if (this.#size < this.#options.maxConnections) {
      return true;
    }
    const oldest = this.#idle[0];
    if (oldest === undefined) {
      return false;
    }
    this.#forget(oldest);
    oldest.close();
    return true;
  }

  async #connect(): Promise<void> {
    const attempt = new AbortController();
    this.#connecting.push(attempt);
    const over = () => {
      const at = this.#connecting.indexOf(attempt);
      if (at >= 0) {
        this.#connecting.splice(at, 1);
      }
      return at >= 0;
    };
    try {
      const connection = await this.#options.connect(attempt.signal);
      if (over()) {
        this.#arrived(connection);
      } else {
        connection.close();
      }
    } catch (error) {
      if (over()) {
        this.#failed(error);
      }
    }
    this.#serve();
  }

  /** Other attempts get verdicts of their own. */
  #failed(error: unknown): void {
    if (error instanceof AtlsError && error.code === "not_trusted") {
      this.#distrustKept(error);
    }
    // Whoever came first waits on if there are attempts for all who wait.
    if (this.#waiting.length > this.#connecting.length) {
      this.#waiting.shift()?.reject(error);
    }
  }

  /** What was proved on connections that are there counts no more. */
  #distrustKept(reason: unknown): void {
    this.#idle.slice().forEach((connection) => {
      this.#forget(connection);
      connection.distrust(reason);
    });
    this.#busy.forEach((connection) => connection.distrust(reason));
  }

  /** Who it was made for may have got another meanwhile. */
  #arrived(connection: Connection): void {
    void connection.closed.then(() => this.#lost(connection));
    if (this.#waiting.length > 0) {
      this.#give(connection, false);
    } else if (this.#options.idleTimeout > 0) {
      this.#rest(connection);
    } else {
      connection.close();
    }
  }

  #give(connection: Connection, kept: boolean): void {
    this.#busy.add(connection);
    this.#waiting.shift()?.resolve({ connection, kept });
  }

  #rest(connection: Connection): void {
    this.#idle.push(connection);
    const timer = setTimeout(() => {
      this.#forget(connection);
      connection.close();
      this.#serve();
    }, this.#options.idleTimeout);
    // In Node a program may end while a connection waits.
    (timer as { unref?: () => void }).unref?.();
    this.#timers.set(connection, timer);
  }

  #forget(connection: Connection): void {
    clearTimeout(this.#timers.get(connection));
    this.#timers.delete(connection);
    this.#busy.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) {
      this.#idle.splice(at, 1);
    }
  }

  #lost(connection: Connection): void {
    if (this.#idle.includes(connection)) {
      this.#forget(connection);
      this.#serve();
    }
  }
}
