// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// core_link.mjs - a session of assay.wasm over a socket of Node's, for tests.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { connect } from "node:net";

import { monoMs, OK, response, state, wallS } from "./core_instance.mjs";

/** What test_js_core.py has started. */
export const peer = JSON.parse(process.env.ASSAY_JS_PEER);
export const policy = () => JSON.parse(readFileSync(peer.policy, "utf8"));

export class Trust {
  constructor(core, how = {}) {
    this.core = core;
    this.policy = core.made(core.call("js_policy_new",
      JSON.stringify({ ...policy(), accept_self_signed_certs: false,
        ...how.policy }), null));
    this.root = core.made(core.call("js_root_new", readFileSync(peer.root)));
    this.roots = core.made(core.call("js_roots_new",
      how.roots ?? readFileSync(peer.ca)));
  }

  free() {
    this.core.f.js_policy_free(this.policy);
    this.core.f.js_root_free(this.root);
    this.core.f.js_roots_free(this.roots);
  }
}

/** Answers what a search asks for, by Node's own fetch. */
export async function search(link, how = {}) {
  const { core } = link;
  const f = core.made(core.call("js_search_new", link.session,
    how.sources ?? null, how.cached ?? null, how.wallS ?? wallS()));
  const asked = [];
  try {
    while (core.f.js_search_wants(f)) {
      const url = core.cString(core.f.js_search_url(f));
      asked.push(url);
      const answer = how.offline ? null
        : await fetch(url, { redirect: "error" }).catch(() => null);
      if (answer?.status !== 200) {
        core.call("js_search_fail", f, "network", `${url}: no answer`);
        continue;
      }
      const fields = [...answer.headers].map(([n, v]) => `${n}: ${v}\r\n`);
      core.call("js_search_give", f, fields.join(""),
        new Uint8Array(await answer.arrayBuffer()));
    }
    const collateral = core.made(core.f.js_search_take(f));
    const { json } = core;
    core.f.js_search_bundle(f);
    return { ...json, collateral, asked, bundle: core.octets };
  } finally {
    core.f.js_search_free(f);
  }
}

export class Link {
  #pieces = [];
  #ended = false;
  #wake = () => {};

  /** Trusted, and ready for requests. */
  static async open(trust, how = {}) {
    const link = new Link(trust, how);
    await link.until(state.NEED_COLLATERAL);
    await link.attest(how);
    return link;
  }

  constructor(trust, how) {
    const { core } = trust;
    this.trust = trust;
    this.core = core;
    this.step = how.step ?? Infinity; // octets given at a time
    this.session = core.made(core.call("js_session_new", trust.policy,
      trust.root, trust.roots, how.name ?? "localhost", 0,
      how.wallS ?? wallS(), monoMs()));
    this.socket = connect(how.port ?? peer.port, "127.0.0.1");
    this.socket.on("data", (piece) => this.#note(() => this.#pieces.push(piece)));
    this.socket.on("end", () => this.#note(() => { this.#ended = true; }));
    this.socket.on("error", () => this.#note(() => { this.#ended = true; }));
  }

  #note(change) {
    change();
    this.#wake();
  }

  /** Nothing more comes, whatever the server says. */
  end() {
    this.#note(() => { this.#ended = true; });
  }

  get state() {
    return this.core.f.js_session_state(this.session);
  }

  get facts() {
    this.core.ok(this.core.f.js_session_facts(this.session));
    return this.core.json;
  }

  get verdict() {
    this.core.ok(this.core.f.js_session_verdict(this.session));
    return this.core.json;
  }

  flush() {
    this.core.f.js_session_output(this.session);
    const octets = this.core.octets;
    this.core.f.js_session_sent(this.session, octets.length);
    this.socket.write(octets);
  }

  /** Gives what has come, as far as it is taken. False: it has ended. */
  async more() {
    while (this.#pieces.length === 0 && !this.#ended) {
      await new Promise((wake) => { this.#wake = wake; });
    }
    if (this.#pieces.length === 0) {
      this.core.f.js_session_eof(this.session);
      return false;
    }
    this.feed();
    this.flush();
    return true;
  }

  feed() {
    while (this.#pieces.length > 0) {
      const piece = this.#pieces[0].subarray(0, this.step);
      const taken = this.core.call("js_session_feed", this.session, piece);
      if (taken < 0) {
        this.#pieces = [];
        return;
      }
      if (taken === this.#pieces[0].length) {
        this.#pieces.shift();
      } else {
        this.#pieces[0] = this.#pieces[0].subarray(taken);
      }
      if (taken < piece.length) {
        return; // room first
      }
    }
  }

  async until(...states) {
    this.flush();
    while (!states.includes(this.state)) {
      if (this.state === state.FAILED) {
        this.core.ok(this.core.f.js_session_error(this.session));
      }
      assert(await this.more() || this.state === state.FAILED);
    }
  }

  /** Collateral by search; then the verdict. */
  async attest(how = {}) {
    this.found = await search(this, how);
    this.core.ok(this.core.f.js_session_give(this.session,
      this.found.collateral));
    this.core.f.js_collateral_free(this.found.collateral);
    const code = this.core.f.js_session_appraise(this.session,
      how.wallS ?? wallS(), monoMs());
    this.flush();
    this.core.ok(code);
  }

  async reattest() {
    this.core.ok(this.core.f.js_session_reattest(this.session, wallS(),
      monoMs()));
    await this.until(state.NEED_COLLATERAL);
    await this.attest();
  }

  begin() {
    this.core.ok(this.core.f.js_session_begin(this.session, wallS(), monoMs()));
  }

  write(octets, chunked = 0) {
    this.core.ok(this.core.call("js_session_write", this.session, octets,
      chunked));
    this.flush();
  }

  head(method, target, fields = []) {
    const { core } = this;
    core.ok(core.call("js_head_begin", method, target));
    for (const [name, value] of [["Host", "localhost"], ...fields]) {
      core.ok(core.call("js_head_field", name, value));
    }
    core.ok(core.f.js_head_end());
    this.write(core.octets);
  }

  /** The answer to what was asked; its body in one piece. */
  async answer(method, { end = true } = {}) {
    const r = this.core.made(this.core.call("js_response_new", method));
    try {
      return await this.#pull(r);
    } finally {
      if (end) {
        this.core.f.js_session_end(this.session);
      }
      this.core.f.js_response_free(r);
    }
  }

  async #pull(r) {
    const { core } = this;
    const pieces = [];
    let now = response.HEAD;
    for (;;) {
      const before = now;
      now = core.f.js_response_pull(r, this.session);
      if (now === response.FAILED) {
        throw core.error;
      }
      const { octets } = core;
      pieces.push(octets);
      if (now === response.DONE) {
        break;
      }
      if (now !== before || octets.length > 0) {
        continue;
      }
      if (this.state === state.FAILED) {
        core.ok(core.f.js_session_error(this.session));
      }
      // Of a raw stream the server's end is the end, whoever goes on.
      if (core.f.js_session_read_done(this.session) || !await this.more()) {
        now = core.f.js_response_eof(r, this.session);
        if (now === response.FAILED) {
          throw core.error;
        }
        break;
      }
    }
    core.ok(core.f.js_response_head(r));
    const [reason, ...fields] = core.texts;
    const status = core.f.js_response_status(r);
    const keeps = core.f.js_response_keeps(r) !== 0;
    core.ok(core.f.js_response_trailers(r));
    const trailers = core.texts;
    return { status, reason, fields, keeps, trailers,
      body: Buffer.concat(pieces) };
  }

  async ask(method, target, fields = [], body = null) {
    this.begin();
    this.head(method, target, body === null ? fields
      : [...fields, ["Content-Length", String(body.length)]]);
    for (let at = 0; body !== null && at < body.length; at += 65536) {
      this.write(body.subarray(at, at + 65536));
    }
    return this.answer(method);
  }

  close() {
    this.core.f.js_session_close(this.session);
    this.flush();
    this.free();
  }

  free() {
    this.socket.destroy();
    this.core.f.js_session_free(this.session);
  }
}
