// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from "node:assert";
import test from "node:test";

import { Core } from "./core_instance.mjs";
import { Link, Trust } from "./core_link.mjs";

test("a handshake, and a quote over it", async () => {
  const core = Core.started();
  const trust = new Trust(core);
  const link = await Link.open(trust);
  const { facts } = link;
  assert.equal(facts.tls_version, "TLSv1.3");
  assert.equal(facts.certificate_checked, true);
  assert.equal(facts.need.tee, "tdx");
  assert.match(facts.need.fmspc, /^[0-9a-f]{12}$/);
  assert.match(facts.exporter, /^[0-9a-f]{64}$/);
  link.close();
  trust.free();
});
