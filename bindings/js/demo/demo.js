// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// demo.js - the page: one attested fetch, a chat over it, and what is seen of
// its verdicts. What is what on the server, settings.json says (docs/browser.md);
// what /demo/... is, programs/demo/web.h does.

import { AtlsError, createAtlsFetch } from "./assay-js/index.js";
import { complete } from "./chat.js";
import { changes, changesTable } from "./changes.js";
import { checksTable, count } from "./checks.js";
import { ask, Scenes } from "./scenes.js";
import { el, facts, readSession } from "./verdict.js";

const ui = Object.fromEntries(
  [...document.querySelectorAll("[id]")].map((node) => [node.id, node]),
);

const state = {
  settings: undefined,
  fetch: undefined,
  scenes: undefined, // where the server is the demo's
  asking: undefined, // the AbortController of an answer under way
  messages: [], // what the model has heard and said
  verdict: undefined, // the last one, and the one before it
  before: undefined,
  attestation: undefined,
  session: undefined,
  waits: false, // for a verdict
};

function showTrouble(error) {
  ui.trouble.hidden = error === undefined;
  ui.trouble.textContent = error
    ? `The server of this page: ${error.message}`
    : "";
}

/* --- the verdict ----------------------------------------------------------- */

function showState(kind, word, sentence, waits = false) {
  state.waits = waits;
  ui.verdict.className = kind;
  ui.verdict.replaceChildren(
    el("p", { class: "state" }, word),
    el("p", { class: "sentence" }, sentence),
  );
}

function showTable() {
  const { verdict, settings, session } = state;
  const failed = count(verdict, "failed");
  const only = ui["only-failed"].checked;

  ui.count.textContent =
    `${verdict.checks.length} checks: ${count(verdict, "passed")} passed, ` +
    `${failed} failed, ${count(verdict, "not_checked")} not checked.`;
  ui.table.replaceChildren(
    only && failed === 0
      ? el("p", {}, "No check has failed.")
      : checksTable(verdict, settings.atls.policy, session, only),
  );
}

function showChanges() {
  const rows = state.before ? changes(state.before, state.verdict) : [];

  ui.changes.hidden = rows.length === 0;
  ui.changed.replaceChildren(...(rows.length > 0 ? [changesTable(rows)] : []));
}

function way() {
  const { targetHost, proxyUrl } = state.settings.atls;

  return { target: targetHost, bridge: new URL(proxyUrl).host };
}

function showVerdict(verdict, attestation, session) {
  state.before = state.verdict;
  state.verdict = verdict;
  state.attestation = attestation;
  state.session = session;
  ui.facts.replaceChildren(...facts(verdict, attestation, session, way()));
  ui.evidence.hidden = attestation === undefined;
  ui.checks.hidden = verdict.checks.length === 0;
  ui["only-failed"].checked = !verdict.trusted;
  showTable();
  showChanges();
}

// Before anything is sent: it waits for this.
async function showTrusted(attestation) {
  const { verdict } = attestation;
  const session = await readSession(await attestation.evidence());
  const required = verdict.checks.filter((check) => check.required).length;

  showVerdict(verdict, attestation, session);
  showState(
    "good",
    "✓ Trusted",
    `All ${required} required checks passed, and the evidence belongs to ` +
      "this very connection. Only then was your message sent.",
  );
}

function showRefused(error) {
  const { verdict } = error;

  showVerdict(verdict);
  showState(
    "bad",
    "✕ Not trusted",
    `${verdict.error?.message ?? error.message}. Nothing was sent.`,
  );
}

/* --- messages -------------------------------------------------------------- */

function addMessage(who, text) {
  const body = el("p", { class: "text" }, text);
  const item = el(
    "div",
    { class: who === "You" ? "you" : "model" },
    el("p", { class: "who" }, who),
    body,
  );

  ui.log.append(item);
  ui.log.scrollTop = ui.log.scrollHeight;
  return { item, body };
}

function addNote(item, kind, text) {
  item.append(el("p", { class: `note ${kind}` }, text));
  ui.log.scrollTop = ui.log.scrollHeight;
}

function showAsking(asking) {
  if (!asking && document.activeElement === ui.stop) {
    ui.message.focus(); // rather than nowhere
  }
  ui.send.hidden = asking;
  ui.stop.hidden = !asking;
  ui.log.setAttribute("aria-busy", String(asking));
  state.scenes?.show();
}

/** How many messages the model has heard; undefined where nobody counts. */
async function heard() {
  return state.scenes && (await ask("demo/state")).asked;
}

/** Nobody has to believe the page that nothing was sent. */
async function heardSince(before) {
  const now = await heard();

  if (now === undefined) {
    return "";
  }
  return now === before
    ? ` The model has heard ${now} message${now === 1 ? "" : "s"}, as before.`
    : ` The model has heard ${now - before} more!`;
}

async function explain(item, error, asked) {
  if (error instanceof AtlsError && error.verdict) {
    const why = error.verdict.error?.message ?? error.message;

    showRefused(error);
    addNote(item, "bad", `✕ Not sent: ${why}.${await heardSince(asked)}`);
    return;
  }
  if (state.waits) {
    showState("none", "Not verified", "No verdict came, and nothing was sent.");
  }
  if (error.name === "AbortError") {
    addNote(item, "none", "Stopped.");
  } else {
    const hint = error instanceof AtlsError && error.hint;
    addNote(
      item,
      "bad",
      `✕ Failed: ${error.message}${hint ? ` (${hint})` : ""}.` +
        (await heardSince(asked)),
    );
  }
}

async function answer(you, signal) {
  const { atls, model: name } = state.settings;
  let model;
  let attestation;
  const watched = async (...args) => {
    const response = await state.fetch(...args);
    ({ attestation } = response);
    return response;
  };

  for await (const word of complete(
    watched,
    `https://${atls.targetHost}/v1/chat/completions`,
    { model: name, messages: state.messages, signal },
  )) {
    if (model === undefined) {
      addNote(
        you.item,
        "good",
        attestation.attestedAt === state.told
          ? "✓ Sent over the connection that was verified before."
          : "✓ Verified, then sent.",
      );
      state.told = attestation.attestedAt;
      model = addMessage(name, "");
    }
    model.body.append(word);
    ui.log.scrollTop = ui.log.scrollHeight;
  }
  return model?.body.textContent ?? "";
}

async function send(text) {
  state.asking = new AbortController();
  showAsking(true);
  const you = addMessage("You", text);

  state.messages.push({ role: "user", content: text });
  if (state.attestation === undefined) {
    showState(
      "none",
      "Verifying…",
      "Evidence of the server is being judged.",
      true,
    );
  }
  try {
    const asked = await heard();
    try {
      const said = await answer(you, state.asking.signal);
      state.messages.push({ role: "assistant", content: said });
    } catch (error) {
      state.messages.pop(); // the model has no answer to it
      await explain(you.item, error, asked);
    }
  } finally {
    state.asking = undefined;
    showAsking(false);
  }
}

/* --- files ----------------------------------------------------------------- */

function save(name, text) {
  const url = URL.createObjectURL(
    new Blob([text], { type: "application/json" }),
  );
  const link = el("a", { href: url, download: name });

  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/* --- all of it ------------------------------------------------------------- */

function listen() {
  ui.form.addEventListener("submit", (event) => {
    const text = ui.message.value.trim();

    event.preventDefault();
    if (text === "" || state.asking || state.scenes?.setting) {
      return;
    }
    ui.message.value = "";
    ui.message.focus();
    send(text).catch(showTrouble);
  });
  ui.message.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      ui.form.requestSubmit();
    }
  });
  ui.stop.addEventListener("click", () => {
    state.asking?.abort();
    ui.message.focus();
  });
  ui["only-failed"].addEventListener("change", showTable);
  ui["save-evidence"].addEventListener("click", async () => {
    save("assay-evidence.json", await state.attestation.evidence());
  });
  ui["save-policy"].addEventListener("click", () => {
    save(
      "assay-policy.json",
      JSON.stringify(state.settings.atls.policy, null, 2),
    );
  });
}

async function startScenes({ scenes }) {
  const { scene } = await ask("demo/state");

  state.scenes = new Scenes(scenes, scene, {
    buttons: ui.scenes,
    status: ui.scene,
    isBusy: () => state.asking !== undefined,
    onTrouble: showTrouble,
  });
  ui["scenes-section"].hidden = false;
  ui.simulated.hidden = false;
}

async function start() {
  const settings = await ask("settings.json");

  state.settings = settings;
  state.fetch = createAtlsFetch({
    ...settings.atls,
    onAttestation: showTrusted,
  });
  ui.version.textContent = settings.version ?? "";
  if (settings.scenes) {
    await startScenes(settings);
  }
  ui.send.disabled = false;
  listen();
}

start().catch(showTrouble);
