// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// measure.mjs - what is measured of a fetch, in Node and in a page alike. All
// kinds of fetch take turns, and nobody is always the first.

const LARGE_BYTES = 8 << 20; // GET /large of serve_backend.c
const MIB = 1 << 20;

const now = () => performance.now();

function* turns(kinds, rounds) {
  const names = Object.keys(kinds);
  for (let i = 0; i < rounds; i++) {
    yield* i % 2 === 0 ? names : [...names].reverse();
  }
}

async function all(response, bytes) {
  if (response.status !== 200) {
    throw new Error(`status ${response.status}`);
  }
  const { byteLength } = await response.arrayBuffer();
  if (bytes !== undefined && byteLength !== bytes) {
    throw new Error(`${byteLength} bytes instead of ${bytes}`);
  }
}

async function get({ fetch, origin }) {
  await all(await fetch(`${origin}/`));
}

async function down({ fetch, origin }) {
  await all(await fetch(`${origin}/large`), LARGE_BYTES);
}

const body = new Uint8Array(LARGE_BYTES);

async function up({ fetch, origin }) {
  await all(await fetch(`${origin}/up`, { method: "POST", body }));
}

async function ms(what, of) {
  const begin = now();
  await what(of);
  return now() - begin;
}

/** Milliseconds of each request on a connection that is kept. */
async function warm(kinds, rounds, each) {
  const seen = {};
  for (const name of turns(kinds, rounds)) {
    await get(kinds[name]); // it has been a while
    for (let i = 0; i < each; i++) {
      (seen[name] ??= []).push(await ms(get, kinds[name]));
    }
  }
  return seen;
}

/** MiB/s of each round. */
async function rates(kinds, what, rounds) {
  const seen = {};
  for (const name of turns(kinds, rounds)) {
    const took = await ms(what, kinds[name]);
    (seen[name] ??= []).push(LARGE_BYTES / MIB / (took / 1000));
  }
  return seen;
}

/** Milliseconds of a request on a new connection, where all else is there.
 * `fresh` gives a kind whose pool is empty. */
async function connects(fresh, rounds) {
  const seen = [];
  for (let i = 0; i < rounds; i++) {
    seen.push(await ms(get, await fresh()));
  }
  return seen;
}

/** kinds: {name: {fetch, origin}}; each must be one that keeps its connection. */
export async function measure(kinds, fresh, { rounds, each, connections }) {
  await warm(kinds, 2, each); // compilers of the host
  await rates(kinds, down, 2);
  await rates(kinds, up, 2);
  return {
    warm: await warm(kinds, rounds, each),
    down: await rates(kinds, down, rounds),
    up: await rates(kinds, up, rounds),
    connect: await connects(fresh, connections),
  };
}

/** In a program that has just begun: milliseconds until the module is there, and
 * until there is the first response. */
export async function first(load, make) {
  const begin = now();
  const assay = await load();
  const loaded = now() - begin;
  await get(make(assay));
  return { load: loaded, first: now() - begin };
}

export const once = (kind) => ms(get, kind);
