// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// Pages in Chromium, which Playwright opens.
// usage: chromium.mjs PACKAGES CHROMIUM PROFILE
import { require, serve } from "./robot.mjs";

const { chromium } = require("playwright-core");
const [, , , program, profile] = process.argv;
const context = await chromium.launchPersistentContext(profile, {
  executablePath: program,
  chromiumSandbox: false, // which root may not have
  ignoreHTTPSErrors: true,
  args: ["--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-dev-shm-usage"],
});
const pages = [];

const inPage = (name) => ({ page, ...args }) =>
  pages[page].evaluate(([n, a]) => window.does[n](a), [name, args]);

// Pages are not told why they are refused, but the console is.
const statusOf = (text) => text.includes("HTTP Authentication failed") ? 401
  : Number(/Unexpected response code: (\d+)/.exec(text)?.[1]);

async function open({ page, ...args }) {
  const said = [];
  const listen = (message) => said.push(message.text());

  pages[page].on("console", listen);
  const answer = await inPage("open")({ page, ...args });
  const why = () => said.find((text) => text.includes(args.url));

  while (answer.refused && !why()) {
    await pages[page].waitForEvent("console");
  }
  pages[page].off("console", listen);
  return answer.refused ? { ...answer, status: statusOf(why()) } : answer;
}

serve({
  // A page, which must have brought `does`.
  async page({ url }) {
    const page = await context.newPage();

    await page.goto(url);
    await page.waitForFunction(() => window.does !== undefined);
    pages.push(page);
    return {
      page: pages.length - 1,
      browser: await page.evaluate(() => navigator.userAgent),
    };
  },
  open,
  send: inPage("send"),
  sendNoise: inPage("sendNoise"),
  take: inPage("take"),
  close: inPage("close"),
  closed: inPage("closed"),
  short: inPage("short"),
  screenshot: ({ page, path }) => pages[page].screenshot({ path }).then(() => {}),
}, () => context.close());
