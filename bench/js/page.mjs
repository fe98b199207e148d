// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// page.mjs - what chromium.mjs asks a page to do.
import { first, measure, once } from "./measure.mjs";

const plainOf = ({ port }) => ({
  fetch: (...args) => fetch(...args),
  origin: `https://localhost:${port}`,
});

async function load() {
  const assay = await import("/dist/index.js");
  await assay.init();
  return assay;
}

const makeOf = ({ bridge, port, options }) => (assay) => ({
  fetch: assay.createAtlsFetch({
    proxyUrl: `${bridge}/?target=127.0.0.1:${port}`,
    targetHost: `localhost:${port}`,
    ...options,
  }),
  origin: `https://localhost:${port}`,
});

window.does = {
  first: (about) => first(load, makeOf(about)),
  plain: (about) => once(plainOf(about)),
  async all(about) {
    const assay = await load();
    const make = makeOf(about);
    const fresh = async () => {
      await assay.closeAllConnections();
      return make(assay);
    };
    return measure({ fetch: plainOf(about), assay: make(assay) }, fresh,
      about.how);
  },
};
