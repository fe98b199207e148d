// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// The proxy's status page in Chromium, which Playwright opens, with scripts of
// the page's own allowed: it has none.
// usage: status.mjs PACKAGES CHROMIUM PROFILE
import { require, serve } from "./robot.mjs";

const { chromium } = require("playwright-core");
const [, , , program, profile] = process.argv;
const context = await chromium.launchPersistentContext(profile, {
  executablePath: program,
  chromiumSandbox: false, // which root may not have
  args: ["--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-dev-shm-usage"],
});

// What is seen of a page, and what it did meanwhile.
async function look({ url, width, scheme, open, path }) {
  const page = await context.newPage();
  const asked = [];
  const said = [];

  page.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("dialog", (dialog) => { said.push("dialog"); dialog.dismiss(); });
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme: scheme });
  const response = await page.goto(url, { waitUntil: "networkidle" });
  const summaries = page.locator("details:not([open]) > summary");

  while (open && await summaries.count() > 0) {
    await summaries.first().click(); // which opens it, without a script
  }
  const seen = await page.evaluate(() => ({
    text: document.body.innerText,
    title: document.title,
    scripts: document.querySelectorAll("script, img, iframe, link, object")
      .length,
    wide: document.documentElement.scrollWidth,
    ground: getComputedStyle(document.body).backgroundColor,
    states: [...document.querySelectorAll("h2 .state")].map((e) => ({
      words: e.innerText,
      colour: getComputedStyle(e).color,
    })),
    commands: [...document.querySelectorAll("pre")].map((e) => e.innerText),
  }));

  if (path) {
    await page.screenshot({ path, fullPage: true });
  }
  await page.close();
  return { ...seen, asked, said, headers: response.headers() };
}

serve({ look }, () => context.close());
