// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// OpenAI's client for Node; over the fetch of assay-js, if `atls` has options for
// one.
// usage: client.mjs PACKAGES [DIST]
import { attested, closeAll, stats } from "../js-sdks/attested.mjs";
import { require, serve } from "../node/robot.mjs";

const { OpenAI } = require("openai");

function clientOf({ url, key, maxRetries = 0, timeout, atls }) {
  return new OpenAI({
    baseURL: url,
    apiKey: key,
    maxRetries,
    timeout,
    fetch: attested(atls),
  });
}

// What went wrong, as the client tells it.
const trouble = (error) => ({
  kind: error.constructor.name,
  status: error.status ?? null,
  code: error.code ?? null,
  type: error.type ?? null,
  requestId: error.requestID ?? null,
  verified: error.headers?.get?.("x-assay-attestation") ?? null,
  message: String(error.message),
  cause: error.cause?.code ?? null,
});

// Its words, of chat or of Responses, as far as they have come.
const words = {
  chat: (event) => event.choices?.[0]?.delta?.content ?? "",
  responses: (event) =>
    event.type === "response.output_text.delta" ? event.delta : "",
};

const open = {}; // streams that a test still looks at, by their number
let count = 0;

const ask = (client, api, request, options) =>
  api === "chat" ? client.chat.completions.create(request, options)
    : client.responses.create(request, options);

async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    return { trouble: trouble(error) };
  }
}

serve({
  // One request: the whole answer, or the words of its stream.
  request: ({ api, request, ...how }) =>
    attempt(async () => {
      const answer = await ask(clientOf(how), api, request);

      if (!request.stream) {
        return { answer };
      }
      let text = "";
      let last = null;

      for await (const event of answer) {
        text += words[api](event);
        last = event.type ?? null;
      }
      return { text, last };
    }),

  // The client's own hand at putting a stream together.
  gathered: ({ api, request, ...how }) => attempt(async () => {
    const client = clientOf(how);

    if (api === "chat") {
      const runner = client.chat.completions.stream(request);

      return { answer: await runner.finalChatCompletion() };
    }
    return { answer: await client.responses.stream(request).finalResponse() };
  }),

  models: (how) => attempt(async () => {
    const { data, response } = await clientOf(how).models.list().withResponse();

    return {
      ids: data.data.map((model) => model.id),
      verified: response.headers.get("x-assay-attestation"),
      tcbStatus: response.attestation?.tcbStatus ?? null,
    };
  }),

  // A stream of which a test takes one word after the other.
  async begin({ api, request, ...how }) {
    const stream = await ask(clientOf(how), api, { ...request, stream: true });

    open[++count] = { api, stream, events: stream[Symbol.asyncIterator]() };
    return count;
  },
  async word({ number }) {
    const { api, events } = open[number];

    for (;;) {
      const { value, done } = await events.next();

      if (done || words[api](value)) {
        return done ? null : words[api](value);
      }
    }
  },
  abort({ number }) {
    open[number].stream.controller.abort();
    delete open[number];
  },

  // Many at once: whether each got its own words.
  async many({ api, requests, ...how }) {
    const client = clientOf(how);

    return Promise.all(requests.map(async ({ request, want }) => {
      let text = "";

      for await (const event of await ask(client, api, request)) {
        text += words[api](event);
      }
      return text === want;
    }));
  },

  stats,
  closeAll,
});
