// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// panel.js - what the page shows of the last verdict: in a word, what changed
// since the one before it, facts, and its checks.

import { changes, changesTable } from "./changes.js";
import { checksTable, count } from "./checks.js";
import { el, facts, readSession } from "./verdict.js";

export class Panel {
  /** Of a server that is trusted; undefined where there is none. */
  attestation;
  #ui;
  #atls;
  #verdict;
  #session;
  #waits = false; // for a verdict

  /** ui: elements by their id; atls: what createAtlsFetch() was given. */
  constructor(ui, atls) {
    this.#ui = ui;
    this.#atls = atls;
  }

  /** Unless the server is trusted already. */
  showWaiting() {
    if (this.attestation === undefined) {
      this.#say(
        "none",
        "Verifying…",
        "Evidence of the server is being judged.",
      );
      this.#waits = true;
    }
  }

  /** What was waited for does not come. */
  giveUp() {
    if (this.#waits) {
      this.#say(
        "none",
        "Not verified",
        "No verdict came, and nothing was sent.",
      );
    }
  }

  /** Before anything is sent, which waits for this. */
  async showTrusted(attestation) {
    const { verdict } = attestation;
    const session = await readSession(await attestation.evidence());
    const required = verdict.checks.filter((check) => check.required).length;

    this.#show(verdict, attestation, session);
    this.#say(
      "good",
      "✓ Trusted",
      `All ${required} required checks passed, and the evidence belongs to ` +
        "this very connection. Only then was your message sent.",
    );
  }

  /** error: an AtlsError with a verdict. */
  showRefused({ verdict, message }) {
    this.#show(verdict);
    this.#say(
      "bad",
      "✕ Not trusted",
      `${verdict.error?.message ?? message}. Nothing was sent.`,
    );
  }

  /** All checks, or only those that failed, as the page's user wants. */
  showTable() {
    const ui = this.#ui;
    const verdict = this.#verdict;
    const only = ui["only-failed"].checked;
    const failed = count(verdict, "failed");

    ui.count.textContent =
      `${verdict.checks.length} checks: ${count(verdict, "passed")} passed, ` +
      `${failed} failed, ${count(verdict, "not_checked")} not checked.`;
    ui.table.replaceChildren(
      only && failed === 0
        ? el("p", {}, "No check has failed.")
        : checksTable(verdict, this.#atls.policy, this.#session, only),
    );
  }

  #say(kind, word, sentence) {
    this.#waits = false;
    this.#ui.verdict.className = kind;
    this.#ui.verdict.replaceChildren(
      el("p", { class: "state" }, word),
      el("p", { class: "sentence" }, sentence),
    );
  }

  #show(verdict, attestation, session) {
    const ui = this.#ui;
    const { targetHost, proxyUrl } = this.#atls;
    const way = { target: targetHost, bridge: new URL(proxyUrl).host };
    const rows = this.#verdict ? changes(this.#verdict, verdict) : [];

    this.attestation = attestation;
    this.#session = session;
    this.#verdict = verdict;
    ui.changes.hidden = rows.length === 0;
    ui.changed.replaceChildren(
      ...(rows.length > 0 ? [changesTable(rows)] : []),
    );
    ui.facts.replaceChildren(...facts(verdict, attestation, session, way));
    ui.evidence.hidden = attestation === undefined;
    ui.checks.hidden = verdict.checks.length === 0;
    ui["only-failed"].checked = !verdict.trusted;
    this.showTable();
  }
}
