// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// verdict.js - a verdict (docs/verdict.md) as parts of a page. What others have
// written becomes text, never markup.

/** An element. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);

  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/* --- words ----------------------------------------------------------------- */

const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

function distance(seconds) {
  // two of a unit at least, so that what is said is not off by half
  const [unit, size] =
    UNITS.find(([, size]) => Math.abs(seconds) >= 2 * size) ?? UNITS.at(-1);

  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(
    Math.trunc(seconds / size),
    unit,
  );
}

function moment(date) {
  const iso = date.toISOString();
  const time = el(
    "time",
    { datetime: iso },
    `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`,
  );
  const seconds = (date.getTime() - Date.now()) / 1000;

  return el("span", {}, time, ` (${distance(seconds)})`);
}

export const code = (text) => el("code", {}, text);
export const known = (value) =>
  value !== null && value !== undefined && value !== "";

/** The one that runs out first. */
function firstToExpire(collateral) {
  const items = Object.entries(collateral ?? {})
    .filter(([, item]) => known(item?.expires))
    .map(([name, item]) => ({ name, at: new Date(item.expires) }));

  return items.sort((a, b) => a.at - b.at)[0];
}

/* --- facts ----------------------------------------------------------------- */

function platform(verdict) {
  const first = firstToExpire(verdict.collateral);
  const advisories = verdict.advisory_ids ?? [];

  return [
    ["TCB status", known(verdict.tcb_status) && verdict.tcb_status],
    ["TCB date", known(verdict.tcb_date) && moment(new Date(verdict.tcb_date))],
    [
      "Advisories",
      known(verdict.tcb_status) &&
        (advisories.length > 0 ? advisories.join(", ") : "none"),
    ],
    [
      "Collateral is good until",
      first && el("span", {}, moment(first.at), `, ${first.name} first`),
    ],
    [
      "Root of trust",
      known(verdict.root) &&
        (verdict.root === "intel"
          ? "Intel's"
          : "not Intel's: given by the policy"),
    ],
  ];
}

function measurements(verdict) {
  const report = verdict.quote?.td_report ?? {};
  const workload = verdict.workload ?? {};

  return [
    ["MRTD", report.mrtd ?? verdict.measurement],
    ["RTMR0", report.rtmr0],
    ["RTMR1", report.rtmr1],
    ["RTMR2", report.rtmr2],
    ["RTMR3", report.rtmr3],
    ["App (compose hash)", workload.compose_hash],
    ["OS image", workload.os_image_hash],
  ].map(([name, hex]) => [name, known(hex) && code(hex)]);
}

// session: of the bundle of evidence; undefined where there is none.
function connection(attestation, session, way) {
  return [
    ["Server", way.target],
    ["Bridge", `${way.bridge}, which carries ciphertext only`],
    ["TLS", "1.3, from this page to inside of the TD"],
    ["Attested", attestation && moment(attestation.attestedAt)],
    ["Times attested", attestation && String(attestation.attestations)],
    ["Evidence", session && `over wire ${session.wire}, for this nonce:`],
    ["Nonce", session && code(session.nonce)],
    ["Certificate (SHA-256)", known(session?.sha256) && code(session.sha256)],
  ];
}

function list(title, rows) {
  const shown = rows.filter(([, value]) => value);

  return shown.length === 0
    ? []
    : [
        el("h3", {}, title),
        el(
          "dl",
          {},
          ...shown.map(([name, value]) =>
            el("div", {}, el("dt", {}, name), el("dd", {}, value)),
          ),
        ),
      ];
}

function hex(bytes) {
  return [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** What a bundle of evidence (docs/formats.md) says of its session. */
export async function readSession(bundle) {
  const { wire, nonce, certificate } = JSON.parse(bundle).session;
  const der = Uint8Array.from(certificate.match(/../g), (b) => parseInt(b, 16));
  // pages that came over http: from elsewhere than this machine have none
  const digest = await globalThis.crypto?.subtle?.digest("SHA-256", der);

  return { wire, nonce, sha256: digest && hex(new Uint8Array(digest)) };
}

/** way: {target, bridge}; attestation, session: undefined where there are
 * none. */
export function facts(verdict, attestation, session, way) {
  return [
    ...list("Platform", platform(verdict)),
    ...list("Measurements", measurements(verdict)),
    ...list("Connection", connection(attestation, session, way)),
  ];
}
