// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// When there is no more memory: whatever it is that cannot be had, the call
// says so, nothing breaks, no verdict is another one, and all is well again
// once there is some.
import { strict as assert } from "node:assert";
import { test } from "node:test";

import { Core, Refused, state } from "./core_instance.mjs";
import { Link } from "./core_link.mjs";
import { Work } from "./core_work.mjs";

const MIB = 1 << 20;
const FINE = 512; // octets between one attempt and the next
const COARSE = 16384;
// What OpenSSL says where it has no memory is not always that.
const WORDS = /^(no_memory|crypto|tls)$/;

/** Memory of which so much is left: roughly, as there may be holes. */
class Full {
  #large = [];
  #small = [];

  constructor(core) {
    this.core = core;
    this.#take(MIB, this.#large);
    assert.equal(core.errorCode, "no_memory");
    assert(this.#large.length > 100);
    core.f.js_bytes_free(this.#large.pop());
  }

  #take(size, to) {
    for (let at; (at = this.core.f.js_bytes_new(size)) !== 0;) {
      to.push(at);
    }
  }

  leave(n) {
    const left = this.core.made(this.core.f.js_bytes_new(n));
    for (let size = MIB / 2; size >= 8; size /= 2) {
      this.#take(size, this.#small);
    }
    this.core.f.js_bytes_free(left);
  }

  /** 1 MiB is there again. */
  give() {
    this.#small.forEach((at) => this.core.f.js_bytes_free(at));
    this.#small = [];
  }

  end() {
    this.give();
    this.#large.forEach((at) => this.core.f.js_bytes_free(at));
  }
}

/** f, which gives true where it has succeeded, by the error's word. */
function attempt(core, f) {
  try {
    return f() ? "done" : core.errorCode;
  } catch (e) {
    assert(e instanceof Refused, e); // and no trap
    return e.code;
  }
}

test("each thing with ever more memory, until it succeeds", async () => {
  const core = Core.started();
  const work = await Work.of(core);
  const full = new Full(core);
  for (const name of Work.NAMES) {
    const seen = new Set();
    let left = 1;
    for (let done = 0; done < 3; left += FINE) {
      full.leave(left);
      const word = attempt(core, () => work[name]());
      full.give();
      done = word === "done" ? done + 1 : 0;
      seen.add(word);
      assert(word === "done" || WORDS.test(word), `${name}: ${word}`);
      assert(left < MIB / 2, name);
    }
    assert(seen.has("no_memory"), name);
  }
  full.end();
  for (const name of Work.NAMES) {
    assert(work[name](), name);
  }
});

test("the start: an instance that had too little is of no use", () => {
  const step = 4 * COARSE;
  let left = step;
  for (;; left += step) {
    const core = new Core();
    const full = new Full(core);
    full.leave(left);
    const code = core.f.js_start();
    if (code === 0) {
      assert.notEqual(core.call("js_root_new", null), 0);
      break;
    }
    assert.match(core.errorCode, WORDS);
    full.give();
    assert.equal(core.call("js_root_new", null), 0);
    assert.equal(core.errorCode, "invalid");
    assert(left < MIB);
  }
  assert(left > step);
});

test("a session: it fails, and its plaintext is no shorter", async () => {
  const core = Core.started();
  const work = await Work.of(core);
  const full = new Full(core);
  let refused = 0;
  let done = 0;
  for (let left = COARSE; done === 0; left += COARSE) {
    assert(left < MIB);
    full.leave(left);
    let link;
    try {
      link = new Link(work.trust, {});
      await link.until(state.NEED_COLLATERAL);
      await link.attest();
      const answer = await link.ask("GET", "/big?300000");
      assert.equal(answer.body.length, 300_000);
      done++;
    } catch (e) {
      assert(e instanceof Refused, e);
      assert.match(e.code, WORDS);
      refused++;
    }
    link?.free();
    full.give();
  }
  assert(refused > 3);
  full.end();
  const link = await Link.open(work.trust);
  assert.equal((await link.ask("GET", "/")).status, 200);
  link.close();
});
