// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// core_work.mjs - what the module does without a network, over and over.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";

import { monoMs, wallS } from "./core_instance.mjs";
import { Link, peer, policy, Trust } from "./core_link.mjs";

/** Each gives true, or false and the error is why. */
export class Work {
  static NAMES = ["policy", "root", "roots", "session", "head", "response",
    "verify", "evidence"];

  static async of(core) {
    const work = new Work();
    work.core = core;
    work.trust = new Trust(core);
    const link = await Link.open(work.trust);
    core.ok(core.f.js_session_evidence(link.session));
    work.bundle = core.octets;
    const { quote, collateral } = core.json;
    work.quote = Buffer.from(quote, "hex");
    work.collateral = Buffer.from(JSON.stringify(collateral));
    link.close();
    return work;
  }

  #made(free, name, ...args) {
    const made = this.core.call(name, ...args);
    this.core.f[free](made);
    return made !== 0;
  }

  policy() {
    const { core } = this;
    const made = core.call("js_policy_new", JSON.stringify(policy()), null);
    const done = made !== 0 && core.f.js_policy_facts(made) === 0;
    core.f.js_policy_free(made);
    return done;
  }

  root() {
    return this.#made("js_root_free", "js_root_new", readFileSync(peer.root));
  }

  roots() {
    return this.#made("js_roots_free", "js_roots_new", readFileSync(peer.ca));
  }

  session() {
    const { policy: p, root, roots } = this.trust;
    return this.#made("js_session_free", "js_session_new", p, root, roots,
      "localhost", 0, wallS(), monoMs());
  }

  head() {
    const { core } = this;
    return core.call("js_head_begin", "GET", "/") === 0
      && core.call("js_head_field", "X", "y") === 0
      && core.f.js_head_end() === 0;
  }

  response() {
    return this.#made("js_response_free", "js_response_new", "GET");
  }

  verify() {
    return this.#trusted(this.core.call("js_verify", this.quote,
      this.collateral, 0, this.trust.root, null, null, null, wallS()));
  }

  evidence() {
    return this.#trusted(this.core.call("js_verify_evidence", this.bundle,
      this.trust.policy, this.trust.root, -1));
  }

  /** There is this verdict or none, whatever else is the matter. */
  #trusted(code) {
    assert(code !== 0 || this.core.json.trusted);
    return code === 0;
  }
}
