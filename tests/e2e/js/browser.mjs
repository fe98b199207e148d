// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// Pages in Chromium, which Playwright opens, and what tests have them do.
// usage: browser.mjs PACKAGES CHROMIUM PROFILE [ARGUMENT...]
import { require, serve } from "../node/robot.mjs";

const { chromium } = require("playwright-core");
const [, , , program, profile, ...more] = process.argv;
const context = await chromium.launchPersistentContext(profile, {
  executablePath: program,
  chromiumSandbox: false, // which root may not have
  args: [
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
    ...more,
  ],
});
const pages = [];

/** Of a text, which is a function's. */
const compiled = (text) => (0, eval)(`(${text})`);

serve({
  /** A new one; `loaded` is awaited if the page says that it will be there. */
  async open({ url, ready = true }) {
    const page = await context.newPage();
    const seen = { page, said: [], asked: [] };

    page.on("console", (message) => seen.said.push(message.text()));
    page.on("pageerror", (error) => seen.said.push(String(error)));
    page.on("request", (request) => seen.asked.push(request.url()));
    page.on("websocket", (socket) => seen.asked.push(socket.url()));
    await page.goto(url);
    if (ready) {
      await page.waitForFunction(() => window.ready === true);
    }
    pages.push(seen);
    return pages.length - 1;
  },
  evaluate: ({ page, text, arg }) =>
    pages[page].page.evaluate(compiled(text), arg),
  /** In the page's only Worker. */
  inWorker({ page, text, arg }) {
    const [worker] = pages[page].page.workers();
    return worker.evaluate(compiled(text), arg);
  },
  /** Seconds of the processor's that its main thread has used. */
  async busy({ page }) {
    const seen = pages[page];
    if (seen.devtools === undefined) {
      seen.devtools = await context.newCDPSession(seen.page);
      await seen.devtools.send("Performance.enable", {
        timeDomain: "threadTicks",
      });
    }
    const { metrics } = await seen.devtools.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration").value;
  },
  workers: ({ page }) => pages[page].page.workers().length,
  said: ({ page }) => pages[page].said,
  asked: ({ page }) => pages[page].asked,
  close: ({ page }) => pages[page].page.close(),
  version: () => context.browser()?.version() ?? pages[0].page.evaluate(
    () => navigator.userAgent),
}, () => context.close());
