// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// demo.js - the page: one attested fetch, a chat over it, and what is seen of
// its verdicts. What is what on the server, settings.json says (docs/browser.md);
// what /demo/... is, programs/demo/web.h does.

import { complete } from "./chat.js";
import { Panel } from "./panel.js";
import { ask, Scenes } from "./scenes.js";
import { el } from "./verdict.js";

const ui = Object.fromEntries(
  [...document.querySelectorAll("[id]")].map((node) => [node.id, node]),
);

const state = {
  settings: undefined,
  fetch: undefined,
  scenes: undefined, // where the server is the demo's
  asking: undefined, // the AbortController of an answer under way
  messages: [], // what the model has heard and said
  panel: undefined, // of the verdict
  told: undefined, // the attestation under which the last message was sent
};

function showTrouble(error) {
  ui.trouble.hidden = error === undefined;
  ui.trouble.textContent = error
    ? `The server of this page: ${error.message}`
    : "";
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
  if (error.name === "AtlsError" && error.verdict) {
    const why = error.verdict.error?.message ?? error.message;

    state.panel.showRefused(error);
    addNote(item, "bad", `✕ Not sent: ${why}.${await heardSince(asked)}`);
    return;
  }
  state.panel.giveUp();
  if (error.name === "AbortError") {
    addNote(item, "none", "Stopped.");
  } else {
    const { hint } = error; // of an AtlsError
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
  state.panel.showWaiting();
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
  ui["only-failed"].addEventListener("change", () => state.panel.showTable());
  ui["save-evidence"].addEventListener("click", async () => {
    save("assay-evidence.json", await state.panel.attestation.evidence());
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

async function loadPackage() {
  try {
    return await import("./assay-js/index.js");
  } catch (error) {
    throw new Error(
      `the package assay-js cannot be loaded (${error.message}). Build it by ` +
        "./run wasm, and put what is in its dist/ into assay-js/ beside this page.",
    );
  }
}

async function start() {
  const { createAtlsFetch } = await loadPackage();
  const settings = await ask("settings.json");

  state.settings = settings;
  state.panel = new Panel(ui, settings.atls);
  state.fetch = createAtlsFetch({
    ...settings.atls,
    onAttestation: (attestation) => state.panel.showTrusted(attestation),
  });
  ui.version.textContent = settings.version ? ` ${settings.version}` : "";
  if (settings.scenes) {
    await startScenes(settings);
  }
  ui.send.disabled = false;
  listen();
}

start().catch(showTrouble);
