// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// chromium.mjs - fetch of assay-js in a page, through assay-bridge, beside the
// browser's own over TLS, both to the same assay-serve.
// usage: node chromium.mjs JSON
//
// The browser's own fetch goes to another origin, and the backend is not one that
// knows of CORS: so Chromium is told not to ask, and to believe the certificate.
import { createHash, X509Certificate } from "node:crypto";
import { createRequire } from "node:module";

const { peers, program, page, about, how, starts } = JSON.parse(process.argv[2]);
const { chromium } = createRequire(`${peers}/`)("playwright-core");
const { publicKey } = new X509Certificate(about.options.extraRoots);
const believed = createHash("sha256")
  .update(publicKey.export({ type: "spki", format: "der" })).digest("base64");

const browser = await chromium.launch({
  executablePath: program,
  chromiumSandbox: false, // which root may not have
  args: ["--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-dev-shm-usage", "--disable-web-security",
    `--ignore-certificate-errors-spki-list=${believed}`],
});

/** Nothing is cached and nothing compiled in a new context. */
async function inPage(name, argument) {
  const context = await browser.newContext();
  try {
    const opened = await context.newPage();
    await opened.goto(page);
    await opened.waitForFunction(() => window.does !== undefined);
    return await opened.evaluate(([n, a]) => window.does[n](a),
      [name, argument]);
  } finally {
    await context.close();
  }
}

const seen = { first: [], load: [], plain: [] };
for (let i = 0; i < starts; i++) {
  const { load, first } = await inPage("first", about);
  seen.load.push(load);
  seen.first.push(first);
  seen.plain.push(await inPage("plain", about));
}
const all = await inPage("all", { ...about, how });
const version = browser.version();
await browser.close();
process.stdout.write(JSON.stringify({ ...seen, ...all, version }));
