// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// node.mjs - fetch of assay-js over TCP, beside Node's own over TLS.
// usage: node node.mjs JSON; one of "first", "plain" and "all" is its `part`
import { first, measure, once } from "./measure.mjs";

const { dist, port, options, part, how } = JSON.parse(process.argv[2]);
const origin = `https://localhost:${port}`;
const plain = { fetch, origin };

async function load() {
  const assay = await import(dist);
  await assay.init();
  return assay;
}

const make = (assay) => ({
  fetch: assay.createAtlsFetch({ target: `localhost:${port}`, ...options }),
  origin,
});

async function everything() {
  const assay = await load();
  const fresh = async () => {
    await assay.closeAllConnections();
    return make(assay);
  };
  return measure({ fetch: plain, assay: make(assay) }, fresh, how);
}

const parts = {
  first: () => first(load, make),
  plain: async () => ({ first: await once(plain) }),
  all: everything,
};
const seen = await parts[part]();
process.stdout.write(JSON.stringify(seen), () => process.exit(0));
