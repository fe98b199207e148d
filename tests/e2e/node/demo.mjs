// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// The page of assay demo --browser in Chromium, used as people do, and that of
// docs/browser.
// usage: demo.mjs PACKAGES CHROMIUM PROFILE
import { audit, faint } from "./audit.mjs";
import { require, serve } from "./robot.mjs";

const { chromium } = require("playwright-core");
const [, , , program, profile] = process.argv;
const context = await chromium.launchPersistentContext(profile, {
  executablePath: program,
  chromiumSandbox: false, // which root may not have
  ignoreHTTPSErrors: true, // a test's certificate
  args: ["--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-dev-shm-usage"],
});
const LIMIT_MS = 60000;
let page;
let asked;
let said;

async function anew() {
  await page?.close();
  page = await context.newPage();
  page.setDefaultTimeout(LIMIT_MS);
  asked = [];
  said = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("websocket", (socket) => asked.push(socket.url()));
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("dialog", (dialog) => { said.push("dialog"); dialog.dismiss(); });
}

async function open({ url, width, scheme, motion, cut }) {
  await anew();
  if (cut) { // whatever the page connects to
    await page.routeWebSocket(/./, (socket) => socket.close());
  }
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: motion });
  await page.goto(url);
  await page.locator("#send:enabled").waitFor();
}

// The page of docs/browser, once it has done what it does.
async function visit({ url }) {
  await anew();
  const response = await page.goto(url);
  await page.waitForFunction(() =>
    !document.querySelector("#verdict").textContent.includes("being"));
  return { said, asked, headers: response.headers(),
    verdict: await page.locator("#verdict").innerText(),
    models: await page.locator("#models li").allInnerTexts() };
}

// A page whose only output is one element, once that has these words.
async function recipe({ url, until }) {
  await anew();
  await page.goto(url);
  try {
    await page.waitForFunction((words) =>
      document.querySelector("output").textContent.includes(words), until,
    { timeout: LIMIT_MS / 2 });
  } catch {
    said.push("is not there:", until);
  }
  return { said, text: await page.locator("output").innerText() };
}

// Such a page that comes to nothing.
async function fails({ url }) {
  await anew();
  const failed = page.waitForEvent("pageerror");

  await page.goto(url);
  await failed;
  return { said, text: await page.locator("output").innerText() };
}

// Of a page that cannot start.
async function trouble({ url }) {
  await anew();
  await page.goto(url);
  await page.locator("#trouble:not([hidden])").waitFor();
  return { text: await page.locator("#trouble").innerText(),
    send: await page.locator("#send").isEnabled() };
}

const busy = (is) => page.locator(`#log[aria-busy="${is}"]`).waitFor();
const scene = (is) =>
  page.waitForFunction((text) =>
    document.querySelector("#scene").textContent.includes(text), is);

// Until the first word of an answer is there.
async function begin({ text }) {
  const answers = page.locator("#log .model");
  const count = await answers.count();

  await page.getByLabel("Your message").fill(text);
  await page.keyboard.press("Enter");
  await answers.nth(count).locator(".text:not(:empty)").waitFor();
  return page.locator("#log .model .text").last().innerText();
}

async function say({ text }) {
  const messages = page.locator("#log .you");
  const count = await messages.count();

  await page.getByLabel("Your message").fill(text);
  await page.keyboard.press("Enter");
  await messages.nth(count).waitFor();
  await busy(false);
}

async function stop() {
  await page.getByRole("button", { name: "Stop" }).press("Enter");
  await busy(false);
}

async function choose({ title, until }) {
  await page.getByRole("button", { name: title, exact: true }).click();
  await scene(until);
}

async function only({ failed }) {
  await page.getByLabel("Only failed ones").setChecked(failed);
}

// What is behind a button that saves a file.
async function save({ button, path }) {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  await download.saveAs(path);
  return download.suggestedFilename();
}

// Where Tab leads, from the first that has the focus, and how that is seen.
async function tabs({ count }) {
  const names = [];

  await page.locator(".skip").focus();
  for (let i = 0; i < count; i++) {
    names.push(await page.evaluate(() => {
      const node = document.activeElement;
      const outline = getComputedStyle(node).outlineStyle;
      return [node.id || node.innerText.trim().slice(0, 60), outline];
    }));
    await page.keyboard.press("Tab");
  }
  return names;
}

async function see({ path }) {
  const seen = await page.evaluate(() => {
    const all = (selector, from = document) =>
      [...from.querySelectorAll(selector)];
    const text = (selector) =>
      document.querySelector(selector)?.innerText ?? null;
    return {
      text: document.body.innerText,
      state: text("#verdict .state"),
      sentence: text("#verdict .sentence"),
      scene: text("#scene"),
      trouble: text("#trouble:not([hidden])"),
      pressed: all('#scenes [aria-pressed="true"]').map((e) => e.innerText),
      messages: all("#log > div").map((e) => ({
        who: e.querySelector(".who").innerText,
        text: e.querySelector(".text").innerText,
        notes: all(".note", e).map((n) => n.innerText),
      })),
      facts: Object.fromEntries(all("#facts dl div").map((e) =>
        [e.querySelector("dt").innerText, e.querySelector("dd").innerText])),
      checks: all("#table tbody tr").map((e) => ({
        outcome: e.className,
        name: e.querySelector(".name").innerText,
        finding: e.lastChild.innerText,
      })),
      only: document.querySelector("#only-failed").checked,
      count: text("#count"),
      changed: all("#changed tbody tr").map((e) =>
        [...e.children].map((c) => c.textContent)),
      focus: document.activeElement.id,
      wide: document.documentElement.scrollWidth,
      ground: getComputedStyle(document.body).backgroundColor,
      moving: document.getAnimations().length,
      elements: all("#log *, #facts *, #table *, #changed *")
        .map((e) => e.localName),
    };
  });

  if (path) {
    await page.screenshot({ path, fullPage: true });
  }
  return { ...seen, asked, said, faint: await page.evaluate(faint),
    faults: await page.evaluate(audit) };
}

// As a screen reader has it.
const tree = () => page.locator("body").ariaSnapshot();

serve({ open, visit, recipe, fails, trouble, begin, say, stop, choose, only, save, tabs, see, tree },
  () => context.close());
