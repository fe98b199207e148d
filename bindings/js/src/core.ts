// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// core.ts - the module (bindings/js/core/core.h) as objects. All calls are
// synchronous, and none calls back.

import { Handle, Module } from "./module.js";
import { HeadObject, ResponseObject } from "./core_http.js";
import { SearchObject } from "./core_search.js";
import { SessionObject } from "./core_session.js";
import type { Fields } from "./connection.js";
import type { PolicyFacts } from "./trust.js";

/** An appraisal policy. */
export class PolicyObject extends Handle {
  /** JSON of its facts: equal for policies that are the same. */
  readonly text: string;
  readonly facts: PolicyFacts;

  constructor(module: Module, at: number) {
    super(module, at, "js_policy_free");
    module.do("js_policy_facts", at);
    this.facts = module.json() as PolicyFacts;
    this.text = JSON.stringify(this.facts);
  }
}

/** The trust anchor of quotes. */
export class RootObject extends Handle {}
/** Whom TLS believes. */
export class RootsObject extends Handle {}

export interface SessionInput {
  readonly policy: PolicyObject;
  readonly root: RootObject;
  readonly roots: RootsObject;
  readonly serverName: string;
}

/** An instance that was started. */
export class Core {
  readonly module: Module;
  readonly version: string;
  readonly openssl: string;

  private constructor(module: Module) {
    this.module = module;
    module.do("js_start");
    const { version, openssl } = module.json() as Record<string, string>;
    this.version = version ?? "";
    this.openssl = openssl ?? "";
  }

  static async start(compiled: WebAssembly.Module): Promise<Core> {
    return new Core(await Module.load(compiled));
  }

  /** A trap in the module: nothing of this instance works any more. */
  get broken(): boolean {
    return this.module.broken;
  }

  /** compose: the content of the file that the policy names. */
  policy(json: string, compose: string | null): PolicyObject {
    const m = this.module;
    return new PolicyObject(m, m.make("js_policy_new", json, compose));
  }

  /** The compose_file of a policy, read or refused just now; null: none. */
  composeFile(): string | null {
    if (this.module.resultLength() === 0) {
      return null;
    }
    const { compose_file } = this.module.json() as { compose_file?: unknown };
    return typeof compose_file === "string" ? compose_file : null;
  }

  /** pem: null: Intel's. */
  root(pem: string | null): RootObject {
    const m = this.module;
    return new RootObject(m, m.make("js_root_new", pem), "js_root_free");
  }

  /** pem: empty: nobody is believed. */
  roots(pem: Uint8Array): RootsObject {
    const m = this.module;
    return new RootsObject(m, m.make("js_roots_new", pem), "js_roots_free");
  }

  session(input: SessionInput): SessionObject {
    return new SessionObject(this.module, input);
  }

  head(method: string, target: string, fields: Fields): Uint8Array {
    return HeadObject.write(this.module, method, target, fields);
  }

  response(method: string): ResponseObject {
    return new ResponseObject(this.module, method);
  }

  search(
    session: SessionObject,
    sources: readonly string[],
    cached: Uint8Array | null,
  ): SearchObject {
    return new SearchObject(this.module, session, sources, cached);
  }

  addEvaluation(name: string): void {
    this.module.call("js_evaluations_add", name);
  }
}
