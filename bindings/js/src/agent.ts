// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// agent.ts - createAtlsAgent: an https.Agent whose sockets lead to one host,
// which has proved itself.

import type { ClientRequest } from "node:http";
import * as https from "node:https";
import type { Duplex } from "node:stream";
import { readAgentOptions, type AgentOptions } from "./agent_options.js";
import { connectOptions, readEndpoint, type Endpoint } from "./endpoint.js";
import { AtlsError } from "./errors.js";
import { TIMEOUTS_OF_REQUESTS } from "./options.js";
import { AttestedSocket } from "./socket.js";
import { openStream } from "./stream.js";
import { isSame, namesTarget, parseTarget, type Target } from "./target.js";
import type { Attestation } from "./types.js";

function refuse(where: string, target: Target): AtlsError {
  return new AtlsError(
    "wrong_host",
    `the request is for ${where} and not for ${target.authority}, so nothing was sent`,
    { hint: "use another agent for other hosts" },
  );
}

/** Host and port of the request, and the host of its field Host, from which
 * Node takes the name for TLS. */
function checkRequest(request: https.RequestOptions, endpoint: Endpoint): void {
  const { target, serverName } = endpoint;
  if (request.socketPath !== undefined && request.socketPath !== null) {
    throw refuse("a socket's path", target);
  }
  const host = request.host ?? request.hostname ?? "localhost";
  const at = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const where = `${at}:${request.port ?? 443}`;
  if (!isSame(parseTarget(where, "the request's host"), target)) {
    throw refuse(where, target);
  }
  const name = request.servername;
  if (name === undefined || name === "" || name === serverName) {
    return;
  }
  const named = parseTarget(`${name}:${target.port}`, "the field Host");
  if (!isSame(named, target)) {
    throw refuse(name, target);
  }
}

function checkHosts(hosts: readonly string[], target: Target): void {
  const other = hosts.find((host) => !namesTarget(host, target));
  if (other !== undefined) {
    throw refuse(other, target);
  }
}

/** The field Host that a request has when it asks for a socket. */
function hostsOf(request: ClientRequest): readonly string[] {
  return [request.getHeader("host") ?? []].flat().map(String);
}

/** The fields Host of a head that goes out, which Node writes in one piece: a
 * request may have got them after it asked for a socket, or as an array. */
function hostsIn(octets: Uint8Array): readonly string[] {
  const all = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const end = all.indexOf("\r\n\r\n");
  const head = all.toString("latin1", 0, end < 0 ? all.length : end);
  return Array.from(head.matchAll(/^host[ \t]*:(.*)$/gim), ([, host = ""]) =>
    host.trim(),
  );
}

/** What Node's requests call, and its types do not tell of. */
interface Internals {
  addRequest(request: ClientRequest, options: https.RequestOptions): void;
  onSocket(socket: undefined, error: unknown): void;
}
const { addRequest } = https.Agent.prototype as unknown as Internals;

class AtlsAgent extends https.Agent {
  readonly #endpoint: Endpoint;
  readonly #made = new Set<AttestedSocket>(); // and not closed yet
  readonly #asked = new WeakMap<Duplex, ClientRequest>();

  constructor(endpoint: Endpoint, options: https.AgentOptions) {
    super(options);
    this.#endpoint = endpoint;
  }

  /** For sockets that are kept, too, which createConnection() never sees; and
   * before Node puts the agent's own options in the place of the request's. */
  addRequest(request: ClientRequest, options: https.RequestOptions): void {
    try {
      checkRequest(options, this.#endpoint);
      checkHosts(hostsOf(request), this.#endpoint.target);
    } catch (error) {
      (request as unknown as Internals).onSocket(undefined, error);
      return;
    }
    request.once("socket", (socket) => this.#asked.set(socket, request));
    addRequest.call(this, request, options);
  }

  override createConnection(
    request: https.RequestOptions,
    created?: (error: Error | null, socket: Duplex) => void,
  ): Duplex | undefined {
    try {
      checkRequest(request, this.#endpoint);
    } catch (error) {
      (created as ((error: unknown) => void) | undefined)?.(error);
      return undefined;
    }
    const { target } = this.#endpoint;
    const socket = new AttestedSocket(
      (signal, attested) => this.#open(signal, attested),
      (octets) => checkHosts(hostsIn(octets), target),
    );
    this.#made.add(socket);
    socket.once("close", () => this.#closed(socket));
    return socket;
  }

  /** A server that did not prove itself, at first or anew: what others have seen
   * of it counts no more. Those that still connect see for themselves. */
  #closed(socket: AttestedSocket): void {
    const { errored } = socket;
    this.#made.delete(socket);
    if (errored instanceof AtlsError && errored.code === "not_trusted") {
      this.#made.forEach((other) => {
        if (other.atlsAttestation !== undefined) {
          this.#distrust(other, errored);
        }
      });
    }
  }

  /** A request that is still on its way fails; one that was sent ends with its
   * response, and none follows, not even one that waits for this socket. */
  #distrust(socket: AttestedSocket, why: Error): void {
    const request = this.#asked.get(socket);
    if (request === undefined || request.closed) {
      socket.destroy();
    } else if (request.writableFinished) {
      this.#made.delete(socket); // once is enough
      socket.prependOnceListener("free", () => socket.destroy());
    } else {
      request.destroy(why);
    }
  }

  async #open(
    signal: AbortSignal,
    attested: (attestation: Attestation) => void,
  ) {
    const trust = await this.#endpoint.trust();
    signal.throwIfAborted();
    const onAttestation = async (attestation: Attestation) => {
      await this.#endpoint.onAttestation?.(attestation);
      attested(attestation);
    };
    return openStream({
      ...connectOptions(this.#endpoint, trust, signal),
      onAttestation,
    });
  }
}

/** Connections are kept, unless `keepAlive: false` says otherwise. */
export function createAtlsAgent(options: AgentOptions): https.Agent {
  const { ours, nodes } = readAgentOptions(options);
  const endpoint = readEndpoint({ target: "", ...ours }, TIMEOUTS_OF_REQUESTS);
  return new AtlsAgent(endpoint, { keepAlive: true, ...nodes });
}
