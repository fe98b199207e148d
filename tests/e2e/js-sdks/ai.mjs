// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// Vercel's AI SDK over the fetch of assay-js.
// usage: ai.mjs PACKAGES DIST
import { require, serve } from "../node/robot.mjs";
import { attested, closeAll, stats } from "./attested.mjs";

const { createOpenAI } = require("@ai-sdk/openai");
const ai = require("ai");
const { z } = require("zod");

// `api`: chat or responses.
function modelOf({ url, key, atls, api, model = "test" }) {
  const provider = createOpenAI({
    baseURL: url,
    apiKey: key,
    fetch: attested(atls),
  });

  return provider[api](model);
}

// What went wrong, as the SDK tells it.
const trouble = (error) => ({
  kind: error.constructor.name,
  name: error.name,
  status: error.statusCode ?? error.lastError?.statusCode ?? null,
  retryable: error.isRetryable ?? null,
  code: error.code ?? null,
  message: String(error.message),
  failed: (error.verdict?.checks ?? [])
    .filter((check) => check.outcome === "failed")
    .map((check) => check.name),
});

async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    return { trouble: trouble(error) };
  }
}

// One tool: the model says for which city, the test what the weather is like.
const toolsOf = (weather, asked) => ({
  weather: ai.tool({
    description: "The weather in a city",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      asked.push(city);
      return weather;
    },
  }),
});

// What all of the SDK's functions are asked with.
const commonOf = ({ prompt, maxRetries = 0, ...how }) => ({
  model: modelOf(how),
  prompt,
  maxRetries,
});

const open = {}; // streams that a test still looks at, by their number
let count = 0;

serve({
  generate: (how) => attempt(async () => {
    const { text, usage, response } = await ai.generateText(commonOf(how));

    return { text, tokens: usage.outputTokens, id: response.id };
  }),

  // The model calls a tool, and speaks again once it has been answered.
  tools: ({ weather, streamed, ...how }) => attempt(async () => {
    const asked = [];
    const options = {
      ...commonOf(how),
      tools: toolsOf(weather, asked),
      stopWhen: ai.stepCountIs(3),
    };
    const result = streamed
      ? ai.streamText(options)
      : await ai.generateText(options);
    const [text, steps] = await Promise.all([result.text, result.steps]);

    return { text, asked, steps: steps.length };
  }),

  // What a schema asks for.
  object: (how) => attempt(async () => {
    const { output } = await ai.generateText({
      ...commonOf(how),
      output: ai.Output.object({ schema: z.object({ city: z.string() }) }),
    });

    return { output };
  }),

  stream: (how) => attempt(async () => {
    let failed;
    const result = ai.streamText({
      ...commonOf(how),
      onError: ({ error }) => (failed = error),
    });
    let text = "";

    for await (const piece of result.textStream) {
      text += piece;
    }
    if (failed) {
      throw failed;
    }
    return { text, finish: await result.finishReason };
  }),

  // A stream of which a test takes one piece after the other.
  begin(how) {
    const control = new AbortController();
    const { textStream } = ai.streamText({
      ...commonOf(how),
      abortSignal: control.signal,
      onError: () => undefined,
    });

    open[++count] = { control, pieces: textStream[Symbol.asyncIterator]() };
    return count;
  },
  async piece({ number }) {
    const { value, done } = await open[number].pieces.next();

    return done ? null : value;
  },
  abort({ number }) {
    open[number].control.abort();
    delete open[number];
  },

  // Many at once: whether each got its own words.
  many: ({ prompts, ...how }) => Promise.all(prompts.map(async (said) => {
    const prompt = `SAY ${said}`;
    const { textStream } = ai.streamText(commonOf({ ...how, prompt }));
    let text = "";

    for await (const piece of textStream) {
      text += piece;
    }
    return text === said;
  })),

  stats,
  closeAll,
});
