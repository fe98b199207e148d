// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// remote.ts - the page's side of `worker: true`: the same fetch, with the
// module, sockets, caches and verification in a Worker. What a request may be
// is decided here, as without a Worker; what a server is, there.

import type { Endpoint } from "./endpoint.js";
import { defaultPolicy } from "./policy.js";
import { RemoteRequest } from "./remote_request.js";
import { dropFetch, theWorker, type Opened } from "./remote_worker.js";
import { readRequest } from "./request.js";
import type { AtlsFetch, BridgeOptions, Policy } from "./types.js";

let count = 0;

/** What the Worker knows of a fetch. */
interface Known {
  opened: Opened | undefined;
}

/** Fetches that nobody has any more. */
const lost = new FinalizationRegistry<Known>(({ opened }) => {
  dropFetch(opened);
});

/** A fetch, with the policy of the moment. */
class Standing {
  readonly #options: BridgeOptions;
  readonly #known: Known = { opened: undefined };

  /** As readOptions() gave them. */
  constructor(options: BridgeOptions) {
    this.#options = options;
    lost.register(this, this.#known);
  }

  open(): Opened {
    const policy = this.#options.policy ?? defaultPolicy();
    const known = this.#known;
    if (known.opened?.options.policy !== policy) {
      dropFetch(known.opened);
      known.opened = undefined;
    }
    return (known.opened ??= this.#describe(policy));
  }

  #describe(policy: Policy): Opened {
    const options = { ...this.#options, policy };
    const { onAttestation } = options;
    delete options.onAttestation;
    delete options.defaultHeaders; // the request has them
    delete options.worker;
    return { number: ++count, options, onAttestation };
  }
}

/** For createAtlsFetch(). */
export function remoteFetch(
  options: BridgeOptions,
  endpoint: Endpoint,
): AtlsFetch {
  const standing = new Standing(options);
  return async (input, init) => {
    const { target, headers } = endpoint;
    const ask = await readRequest(input, init ?? {}, target, headers);
    try {
      ask.signal?.throwIfAborted(); // meanwhile
      return await new RemoteRequest(theWorker(), standing.open(), ask)
        .response;
    } catch (error) {
      ask.body?.cancel(error);
      throw error;
    }
  };
}
