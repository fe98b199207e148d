// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// changes.js - what one verdict has and another had not.

import { heads, OUTCOMES, withRoles } from "./checks.js";
import { el, known } from "./verdict.js";

function outcomes(verdict) {
  return new Map(verdict.checks.map((check) => [check.name, check]));
}

const words = (outcome) => OUTCOMES[outcome]?.words ?? outcome;

/** [what, before, now] of each difference; dates and the session, which are of
 * course others, left out. */
export function changes(before, now) {
  const old = outcomes(before);
  const rows = [];
  const compare = (what, a, b) => {
    if (known(a) && known(b) && a !== b) {
      rows.push([what, a, b]);
    }
  };

  compare("TCB status", before.tcb_status, now.tcb_status);
  compare(
    "Advisories",
    (before.advisory_ids ?? []).join(", ") || "none",
    (now.advisory_ids ?? []).join(", ") || "none",
  );
  compare(
    "App (compose hash)",
    before.workload?.compose_hash,
    now.workload?.compose_hash,
  );
  compare(
    "TD attributes",
    before.quote?.td_report?.td_attributes,
    now.quote?.td_report?.td_attributes,
  );
  for (const check of now.checks) {
    const other = old.get(check.name);
    if (other && other.outcome !== check.outcome) {
      rows.push([
        check.title ?? check.name,
        words(other.outcome),
        words(check.outcome),
      ]);
    }
  }
  return rows;
}

export function changesTable(rows) {
  return withRoles(
    el(
      "table",
      {},
      el("caption", { class: "unseen" }, "Differences to the verdict before"),
      heads("What", "Before", "Now"),
      el(
        "tbody",
        {},
        ...rows.map(([what, before, now]) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, what),
            el("td", { "data-label": "Before" }, before),
            el("td", { "data-label": "Now" }, now),
          ),
        ),
      ),
    ),
  );
}
