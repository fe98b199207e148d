// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// checks.js - the checks of a verdict as a table: each with what was expected and
// what was found, as far as verdict and policy say it in values.

import { code, el, known } from "./verdict.js";

/** Outcomes of checks, for people. */
export const OUTCOMES = {
  passed: { words: "Passed", kind: "good", sign: "✓" },
  failed: { words: "Failed", kind: "bad", sign: "✕" },
  not_checked: { words: "Not checked", kind: "none", sign: "–" },
};

function badge(outcome) {
  const { words, kind, sign } = OUTCOMES[outcome] ?? OUTCOMES.not_checked;

  return el(
    "span",
    { class: `outcome ${kind}` },
    el("span", { "aria-hidden": "true" }, sign),
    ` ${words}`,
  );
}

/* --- tables ---------------------------------------------------------------- */

const ROLES = {
  table: "table",
  thead: "rowgroup",
  tbody: "rowgroup",
  tr: "row",
  td: "cell",
};

/** As the style of narrow pages makes no tables of them, roles are said. */
export function withRoles(table) {
  for (const node of [table, ...table.querySelectorAll("*")]) {
    const heads = { col: "columnheader", row: "rowheader" };
    const role = ROLES[node.localName] ?? heads[node.scope];

    if (role) {
      node.setAttribute("role", role);
    }
  }
  return table;
}

export function heads(...titles) {
  return el(
    "thead",
    {},
    el("tr", {}, ...titles.map((title) => el("th", { scope: "col" }, title))),
  );
}

/* --- expected and actual --------------------------------------------------- */

/** A bit of the TD's attributes, which are little-endian. */
function bit(name, number, report) {
  const hex = report.td_attributes?.substr((number >> 3) * 2, 2);

  return hex && `${name} ${(parseInt(hex, 16) >> (number & 7)) & 1}`;
}

/** Of a CRL, a certificate or a document of the collateral. */
function term(name, { collateral, verified_at: at }) {
  const { issued, expires } = collateral?.[name] ?? {};

  return [`good at ${at}`, known(expires) && `${issued} to ${expires}`];
}

function levels({ platform_status, tdx_module_status, qe_status }) {
  const parts = { platform: platform_status, module: tdx_module_status };

  return Object.entries({ ...parts, QE: qe_status })
    .filter(([, status]) => known(status))
    .map(([name, status]) => `${name} ${status}`)
    .join(", ");
}

/** By the name of a check: what is expected, if that is a value, and what was
 * found. session: of the evidence; undefined where there is none. */
function values(verdict, policy, session) {
  const report = verdict.quote?.td_report ?? {};
  const workload = verdict.workload ?? {};
  const chain = policy.expected_bootchain ?? {};

  return {
    root_ca_crl_dates: term("root_ca_crl", verdict),
    pck_crl_dates: term("pck_crl", verdict),
    tcb_signer_dates: term("tcb_signer", verdict),
    tcb_info_dates: term("tcb_info", verdict),
    qe_signer_dates: term("qe_signer", verdict),
    qe_identity_dates: term("qe_identity", verdict),
    tcb_info_match: [
      undefined,
      known(verdict.fmspc) && `FMSPC ${verdict.fmspc}`,
    ],
    tcb_level: [undefined, levels(verdict)],
    tee_type: [policy.type && "tdx", verdict.tee_type],
    tcb_status: [policy.allowed_tcb_status, verdict.tcb_status],
    collateral_rollback: [undefined, evaluation(verdict)],
    debug: ["DEBUG 0", bit("DEBUG", 0, report)],
    sept_ve_disable: ["SEPT_VE_DISABLE 1", bit("SEPT_VE_DISABLE", 28, report)],
    mrtd: [chain.mrtd, report.mrtd],
    rtmr0: [chain.rtmr0, report.rtmr0],
    rtmr1: [chain.rtmr1, report.rtmr1],
    rtmr2: [chain.rtmr2, report.rtmr2],
    app_compose: [policy.compose_hash, workload.compose_hash],
    os_image_hash: [policy.os_image_hash, workload.os_image_hash],
    certificate_event: [session?.sha256, workload.certificate_event],
    report_data: [
      "SHA-512 of this nonce and this connection's exporter",
      report.report_data,
    ],
  };
}

function evaluation({ tcb_evaluation_data_number: number }) {
  return known(number) && `TCB evaluation ${number}`;
}

function pairs(expected, actual) {
  const wanted = [expected].flat().join(" or "); // one value, or any of several

  if (!known(expected)) {
    return [["actual", code(actual)]];
  }
  return wanted === actual
    ? [["both", code(actual)]]
    : [
        ["expected", code(wanted)],
        ["actual", known(actual) ? code(actual) : "not proven"],
      ];
}

function finding(check, all) {
  const [expected, actual] = (all[check.name] ?? []).map((v) => v || undefined);
  const parts = [];

  if (known(check.detail) && check.detail !== actual) {
    parts.push(el("p", {}, check.detail));
  }
  if ((known(expected) || known(actual)) && check.outcome !== "not_checked") {
    parts.push(
      el(
        "dl",
        { class: "pair" },
        ...pairs(expected, actual).flatMap(([name, value]) => [
          el("dt", {}, name),
          el("dd", {}, value),
        ]),
      ),
    );
  }
  return parts;
}

/* --- the table ------------------------------------------------------------- */

function row(check, all) {
  return el(
    "tr",
    { class: check.outcome },
    el("td", {}, badge(check.outcome)),
    el(
      "th",
      { scope: "row" },
      `${check.title ?? check.name} `,
      el("code", { class: "name" }, check.name),
    ),
    el("td", {}, ...finding(check, all)),
  );
}

export function count(verdict, outcome) {
  return verdict.checks.filter((check) => check.outcome === outcome).length;
}

export function checksTable(verdict, policy, session, onlyFailed) {
  const checks = verdict.checks.filter(
    (check) => !onlyFailed || check.outcome === "failed",
  );
  const all = values(verdict, policy, session);

  return withRoles(
    el(
      "table",
      {},
      el("caption", { class: "unseen" }, "Checks of the verdict"),
      heads("Result", "Check", "Expected and actual"),
      el("tbody", {}, ...checks.map((check) => row(check, all))),
    ),
  );
}
