// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// page.js - the least that a page of one's own needs: it shows which models an
// OpenAI-compatible server has, once the server has proved itself.

import { AtlsError, createAtlsFetch } from "./assay-js/index.js";

const verdict = document.getElementById("verdict");

// What createAtlsFetch() takes, so that a change of policy is no change of code.
const { atls } = await (await fetch("settings.json")).json();
const attested = createAtlsFetch({
  ...atls,
  onAttestation({ tcbStatus }) {
    verdict.textContent = `Verified: the TCB is ${tcbStatus}.`;
  },
});

try {
  const response = await attested("/v1/models");
  const { data } = await response.json();

  for (const { id } of data) {
    const item = document.createElement("li");

    item.textContent = id; // text of others is never markup
    document.getElementById("models").append(item);
  }
} catch (error) {
  verdict.textContent =
    error instanceof AtlsError && error.verdict
      ? `Refused, and nothing was sent: ${error.message}`
      : `It did not work: ${error.message}`;
}
