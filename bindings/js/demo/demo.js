// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// demo.js - the page: one attested fetch, a chat over it, and what is seen of
// its verdicts. What /demo/... is, programs/demo/web.h says.

import { AtlsError, createAtlsFetch } from "./assay-js/index.js";
import { complete } from "./chat.js";
import {
  changes,
  changesTable,
  checksTable,
  count,
  el,
  facts,
} from "./verdict.js";

const ui = Object.fromEntries(
  [...document.querySelectorAll("[id]")].map((node) => [node.id, node]),
);

const state = {
  config: undefined,
  fetch: undefined,
  scene: "honest",
  setting: false, // a scene is being set
  asking: undefined, // the AbortController of an answer under way
  messages: [], // what the model has heard and said
  verdict: undefined, // the last one, and the one before it
  before: undefined,
  attestation: undefined,
};

/* --- the demo's own server ------------------------------------------------- */

async function ask(path, body) {
  const response = await fetch(
    path,
    body && {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    },
  );
  const answer = await response.json();

  if (!response.ok) {
    throw new Error(answer.error?.message ?? `status ${response.status}`);
  }
  return answer;
}

function showTrouble(error) {
  ui.trouble.textContent = `The demo's own server: ${error.message}`;
  ui.trouble.hidden = false;
}

/* --- the verdict ----------------------------------------------------------- */

function showState(kind, word, sentence) {
  ui.verdict.className = kind;
  ui.verdict.replaceChildren(
    el("p", { class: "state" }, word),
    el("p", { class: "sentence" }, sentence),
  );
}

function showTable() {
  const { verdict, config } = state;
  const failed = count(verdict, "failed");
  const only = ui["only-failed"].checked;

  ui.count.textContent =
    `${verdict.checks.length} checks: ${count(verdict, "passed")} passed, ` +
    `${failed} failed, ${count(verdict, "not_checked")} not checked.`;
  ui.table.replaceChildren(
    only && failed === 0
      ? el("p", {}, "No check has failed.")
      : checksTable(verdict, config.policy, only),
  );
}

function showChanges() {
  const rows = state.before ? changes(state.before, state.verdict) : [];

  ui.changes.hidden = rows.length === 0;
  ui.changed.replaceChildren(...(rows.length > 0 ? [changesTable(rows)] : []));
}

function way() {
  return {
    target: state.config.targetHost,
    bridge: new URL(state.config.proxyUrl).host,
  };
}

function showVerdict(verdict, attestation) {
  state.before = state.verdict;
  state.verdict = verdict;
  state.attestation = attestation;
  ui.facts.replaceChildren(...facts(verdict, attestation, way()));
  ui.evidence.hidden = attestation === undefined;
  ui.checks.hidden = verdict.checks.length === 0;
  ui["only-failed"].checked = !verdict.trusted;
  showTable();
  showChanges();
}

function showTrusted(attestation) {
  const { verdict } = attestation;
  const required = verdict.checks.filter((check) => check.required).length;

  showVerdict(verdict, attestation);
  showState(
    "good",
    "✓ Trusted",
    `All ${required} required checks passed, and the evidence belongs to ` +
      "this very connection. Only then was your message sent.",
  );
}

function showRefused(error) {
  const { verdict } = error;

  showVerdict(verdict, undefined);
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
  ui.send.hidden = asking;
  ui.stop.hidden = !asking;
  ui.log.setAttribute("aria-busy", String(asking));
}

/** Nobody has to believe the page that nothing was sent. */
async function heard(before) {
  const now = (await ask("demo/state")).asked;

  return now === before
    ? `The model has heard ${now} message${now === 1 ? "" : "s"}, as before.`
    : `The model has heard ${now - before} more!`;
}

async function explain(item, error, asked) {
  if (error.name === "AbortError") {
    addNote(item, "none", "Stopped.");
  } else if (error instanceof AtlsError && error.verdict) {
    showRefused(error);
    addNote(
      item,
      "bad",
      `✕ Not sent: ${error.verdict.error?.message ?? error.message}. ` +
        (await heard(asked)),
    );
  } else {
    const hint = error instanceof AtlsError && error.hint;
    addNote(
      item,
      "bad",
      `✕ Failed: ${error.message}${hint ? ` (${hint})` : ""}. ` +
        (await heard(asked)),
    );
  }
}

async function answer(you, signal) {
  const { config } = state;
  let model;
  let attestation;
  const watched = async (...args) => {
    const response = await state.fetch(...args);
    ({ attestation } = response);
    return response;
  };

  for await (const word of complete(
    watched,
    `https://${config.targetHost}/v1/chat/completions`,
    { model: config.model, messages: state.messages, signal },
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
      model = addMessage("Toy model", "");
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
    showState("none", "Verifying…", "Evidence of the server is being judged.");
  }
  try {
    const { asked } = await ask("demo/state");
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

/* --- scenes ---------------------------------------------------------------- */

function upper(text) {
  return text[0].toUpperCase() + text.slice(1);
}

function showScene(doing) {
  const scene = state.config.scenes.find(({ name }) => name === state.scene);

  for (const button of ui.scenes.children) {
    button.setAttribute(
      "aria-pressed",
      String(button.dataset.name === state.scene),
    );
    button.setAttribute("aria-disabled", String(doing !== undefined));
  }
  ui.scene.textContent =
    doing ??
    (scene.refused_by === null
      ? `${scene.did} Your message should be sent.`
      : `${scene.did} Your next message should be refused, by the check ` +
        `${scene.refused_by}.`);
}

async function setScene(name) {
  if (state.setting || state.asking) {
    return;
  }
  state.setting = true;
  showScene("The scene is being set…");
  try {
    state.scene = (await ask("demo/scene", { scene: name })).scene;
    ui.trouble.hidden = true;
  } catch (error) {
    showTrouble(error);
  }
  state.setting = false;
  showScene();
}

function makeScenes() {
  for (const { name, title } of state.config.scenes) {
    const button = el("button", { type: "button" }, upper(title));

    button.dataset.name = name;
    button.addEventListener("click", () => setScene(name));
    ui.scenes.append(button);
  }
  showScene();
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
    if (text === "" || state.asking || state.setting) {
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
    save("assay-policy.json", JSON.stringify(state.config.policy, null, 2));
  });
}

async function start() {
  const config = await ask("demo/config");

  state.config = config;
  state.scene = (await ask("demo/state")).scene;
  state.fetch = createAtlsFetch({
    proxyUrl: config.proxyUrl,
    targetHost: config.targetHost,
    policy: config.policy,
    collateral: config.collateral,
    extraRoots: config.extraRoots,
    cache: false, // the platform's health, as it is now
    onAttestation: showTrusted,
  });
  ui.version.textContent = config.version;
  makeScenes();
  listen();
}

start().catch(showTrouble);
