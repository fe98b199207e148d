// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// chat.js - a chat completion of OpenAI's API, as it streams. Any fetch will
// do: this knows nothing of attestation.

const EVENT_MAX = 1 << 20; // characters

// The events of a stream (HTML, section 9.2): what stands behind "data:".
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";

  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        return;
      }
      text += value;
      const whole = text.split(/\r?\n\r?\n/);
      text = whole.pop();
      if (text.length > EVENT_MAX) {
        throw new Error("an event of the stream has no end");
      }
      for (const event of whole) {
        const data = event
          .split(/\r?\n/)
          .filter((line) => line.startsWith("data:"))
          .map((line) => line.slice(5).replace(/^ /, ""));
        if (data.length > 0) {
          yield data.join("\n");
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function refusal(response) {
  const text = (await response.text()).slice(0, 1000);

  try {
    return JSON.parse(text).error.message;
  } catch {
    return text;
  }
}

/** The words of the answer, as they come. */
export async function* complete(fetch, url, { model, messages, signal }) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ model, messages, stream: true }),
    signal,
  });

  if (!response.ok) {
    throw new Error(
      `the model answered ${response.status}: ${await refusal(response)}`,
    );
  }
  for await (const data of events(response.body)) {
    if (data === "[DONE]") {
      return;
    }
    const word = JSON.parse(data).choices?.[0]?.delta?.content;
    if (typeof word === "string") {
      yield word;
    }
  }
  throw new Error("the answer broke off");
}
