// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// vectors.mjs - what assay.wasm says of quotes and of bundles of evidence, all
// of them by one instance.
// usage: node vectors.mjs CASES OUT; both are JSON. A case has files: quote and
// collateral, or evidence; perhaps policy, root, event_log, app_compose,
// vm_config; and at, Unix seconds or null.
import { readFileSync, writeFileSync } from "node:fs";

import { Core } from "./core_instance.mjs";

const core = Core.started();

const content = (path) => (path === undefined ? null : readFileSync(path));

function judge(given) {
  const { at, files } = given;
  const root = core.made(core.call("js_root_new", content(files.root)));
  const policy =
    files.policy === undefined
      ? 0
      : core.made(core.call("js_policy_new", content(files.policy), null));
  const code =
    files.evidence === undefined
      ? core.call("js_verify", content(files.quote), content(files.collateral),
        policy, root, content(files.event_log), content(files.app_compose),
        content(files.vm_config), at)
      : core.call("js_verify_evidence", content(files.evidence), policy, root,
        at ?? -1);
  core.f.js_policy_free(policy);
  core.f.js_root_free(root);
  core.ok(code);
  return core.text;
}

const [cases, out] = process.argv.slice(2);
writeFileSync(out, JSON.stringify(
  JSON.parse(readFileSync(cases, "utf8")).map((given) => {
    try {
      return { verdict: judge(given) };
    } catch ({ code, message, hint }) {
      return { error: { code, message, hint } };
    }
  })));
