// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// core_http.ts - heads of requests, and responses, by the module's HTTP/1.1.

import type { Fields } from "./connection.js";
import type { SessionObject } from "./core_session.js";
import { AtlsError } from "./errors.js";
import { Handle, type Module } from "./module.js";

/** Text whose every character is an octet. */
function octetsOf(s: string, what: string): Uint8Array {
  const octets = new Uint8Array(s.length);
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c > 0xff) {
      throw new AtlsError("invalid", `${what} has a character beyond U+00FF`);
    }
    octets[i] = c;
  }
  return octets;
}

function textOf(octets: Uint8Array): string {
  let s = "";
  for (const c of octets) {
    s += String.fromCharCode(c);
  }
  return s;
}

/** Names and values in turn. */
function pairs(words: readonly string[]): Fields {
  const fields: [string, string][] = [];
  for (let i = 0; i + 1 < words.length; i += 2) {
    fields.push([words[i] ?? "", words[i + 1] ?? ""]);
  }
  return fields;
}

export const HeadObject = {
  /** A request's head, with its empty line. */
  write(m: Module, method: string, target: string, fields: Fields): Uint8Array {
    m.do(
      "js_head_begin",
      octetsOf(method, "the method"),
      octetsOf(target, "the request target"),
    );
    for (const [name, value] of fields) {
      m.do(
        "js_head_field",
        octetsOf(name, "a field's name"),
        octetsOf(value, `the field ${name}`),
      );
    }
    m.do("js_head_end");
    return m.result();
  },
};

// In the order of enum js_response_state.
const STATES = ["head", "body", "done", "failed"] as const;
export type ResponseState = (typeof STATES)[number];

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
}

export class ResponseObject extends Handle {
  constructor(module: Module, method: string) {
    super(
      module,
      module.make("js_response_new", octetsOf(method, "the method")),
      "js_response_free",
    );
  }

  /** One step; payload() has what came with it. */
  pull(session: SessionObject): ResponseState {
    return stateOf(this.module.call("js_response_pull", this.at, session.at));
  }

  payload(): Uint8Array {
    return this.module.result();
  }

  /** The session was closed, and all that it had was pulled. */
  eof(session: SessionObject): ResponseState {
    return stateOf(this.module.call("js_response_eof", this.at, session.at));
  }

  get status(): number {
    return this.module.call("js_response_status", this.at);
  }

  get keeps(): boolean {
    return this.module.call("js_response_keeps", this.at) !== 0;
  }

  head(): ResponseHead {
    const status = this.status;
    this.module.do("js_response_head", this.at);
    const [reason = "", ...rest] = this.#words();
    return { status, reason, fields: pairs(rest) };
  }

  trailers(): Fields {
    this.module.do("js_response_trailers", this.at);
    return pairs(this.#words());
  }

  #words(): readonly string[] {
    return textOf(this.module.result()).split("\0").slice(0, -1);
  }
}

function stateOf(n: number): ResponseState {
  const state = STATES[n];
  if (state === undefined) {
    throw new AtlsError("internal", "a response is in no state");
  }
  return state;
}
