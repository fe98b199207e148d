// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// scenes.js - what the demo's own server does for the page: it says how things
// are, and has something happen to the server that the page talks to.

import { el } from "./verdict.js";

/** GET, or POST where there is a body. */
export async function ask(path, body) {
  const response = await fetch(
    path,
    body && {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    },
  );
  if (!response.ok) {
    const answer = await response.json().catch(() => undefined);
    const why = answer?.error?.message ?? `status ${response.status}`;

    throw new Error(`${path}: ${why}`);
  }
  return response.json();
}

function upper(text) {
  return text[0].toUpperCase() + text.slice(1);
}

function expectation({ did, refused_by: by }) {
  return by === null
    ? `${did} Your message should be sent.`
    : `${did} Your next message should be refused, by the check ${by}.`;
}

/** A button for each scene. ui: {buttons, status, isBusy(), onTrouble(error)},
 * the last with undefined when it is over. */
export class Scenes {
  constructor(all, current, ui) {
    this.all = all;
    this.current = current;
    this.ui = ui;
    this.setting = false;
    for (const { name, title } of all) {
      const button = el("button", { type: "button" }, upper(title));

      button.dataset.name = name;
      button.addEventListener("click", () => this.set(name));
      ui.buttons.append(button);
    }
    this.show();
  }

  show() {
    const waits = this.setting || this.ui.isBusy();

    for (const button of this.ui.buttons.children) {
      button.setAttribute(
        "aria-pressed",
        String(button.dataset.name === this.current),
      );
      button.setAttribute("aria-disabled", String(waits));
    }
    this.ui.status.textContent = this.setting
      ? "The scene is being set…"
      : expectation(this.all.find(({ name }) => name === this.current));
  }

  async set(name) {
    if (this.setting || this.ui.isBusy()) {
      return;
    }
    this.setting = true;
    this.show();
    try {
      this.current = (await ask("demo/scene", { scene: name })).scene;
      this.ui.onTrouble(undefined);
    } catch (error) {
      this.ui.onTrouble(error);
    }
    this.setting = false;
    this.show();
  }
}
