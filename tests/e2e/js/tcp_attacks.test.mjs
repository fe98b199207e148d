// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// Over TCP, with an attacker on the way, or in the server's place: what TLS catches,
// what the evidence catches, and that nothing was sent.

import assert from "node:assert/strict";
import * as https from "node:https";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { flip, Impostor, Meddler } from "./between.mjs";
import {
  assay,
  Backend,
  impostor,
  makeFetch,
  options,
  rejects,
  sim,
  until,
} from "./world.mjs";

const SECRET = "the-secret-of-the-request";
const ANSWER = "the-secret-of-the-answer ".repeat(4000);

let backend;
let between;

before(async () => {
  backend = await Backend.start();
});
beforeEach(() => {
  backend.reset();
  backend.handle = async (request, response) => {
    for await (const _ of request);
    response.end(ANSWER);
  };
});
afterEach(async () => {
  assay.closeAllConnections();
  await between?.close();
  between = undefined;
});
after(() => backend.close());

const POST = { method: "POST", body: SECRET };

async function meddled() {
  between = await Meddler.start();
  return makeFetch({ target: between.target });
}

/** Nothing more is on its way. */
function closed() {
  assay.closeAllConnections();
  return until(() => between.open === 0);
}

async function played(evidence) {
  between = await Impostor.start(impostor);
  between.evidence = evidence;
  return makeFetch({ target: between.target });
}

/** An AtlsError of one of these codes. */
async function fails(promise, codes) {
  const error = await rejects(promise);
  assert.ok(error instanceof assay.AtlsError, error?.stack);
  assert.ok([codes].flat().includes(error.code), error.stack);
  return error;
}

function failedRows({ verdict }) {
  return verdict.checks
    .filter((check) => check.outcome === "failed")
    .map((check) => check.name);
}

// --- who changes octets --------------------------------------------------------

// A server that finds them changed ends the connection: with an alert, if it is
// still heard.
const BROKEN = ["tls", "truncated", "network"];

test("a bit that is flipped on the way to the client is TLS's to find, wherever it is", async () => {
  const fetch = await meddled();
  await (await fetch("/", POST)).text();
  await closed();
  const whole = between.octets("server").length;
  // In the hello, the certificate, the evidence, the head and the body.
  for (const part of [0.0005, 0.01, 0.05, 0.2, 0.4, 0.6, 0.9]) {
    const asked = backend.seen.length;
    const change = flip(false, Math.floor(whole * part) + 6);
    between.change = change;
    let read = "";
    const error = await rejects(
      (async () => {
        const { body } = await fetch("/", POST);
        for await (const piece of body.pipeThrough(new TextDecoderStream())) {
          read += piece;
        }
      })(),
    );
    assert.ok(change.done, `${part}: nothing was changed`);
    assert.equal(error.code, "tls", `${part}: ${error.stack}`);
    assert.ok(ANSWER.startsWith(read) && read.length < ANSWER.length);
    assert.ok(backend.seen.length <= asked + 1, "it was tried again");
    await closed();
  }
});

test("a bit that is flipped on the way to the server reaches nobody", async () => {
  const fetch = await meddled();
  await (await fetch("/", POST)).text();
  const whole = between.octets("client").length;
  await closed();
  backend.seen = [];
  for (const part of [0.01, 0.1, 0.5, 0.7, 0.95]) {
    const change = flip(true, Math.floor(whole * part));
    between.change = change;
    await fails(fetch("/", POST), BROKEN);
    await closed();
    assert.ok(change.done, `${part}: nothing was changed`);
    assert.deepEqual(backend.seen, []);
  }
});

test("a bit that is flipped amid a kept connection", async () => {
  const fetch = await meddled();
  for (const ofClient of [true, false]) {
    between.change = (piece) => piece;
    await (await fetch("/", POST)).text();
    const asked = backend.seen.length;
    between.change = flip(ofClient, 40);
    await fails(
      fetch("/", POST).then((response) => response.text()),
      BROKEN,
    );
    assert.equal(backend.seen.length, ofClient ? asked : asked + 1);
  }
});

test("octets that are left out, sent twice, or put in", async () => {
  const fetch = await meddled();
  const ways = {
    "left out": (piece) => piece.subarray(0, -1),
    "sent twice": (piece) => Buffer.concat([piece, piece]),
    "put in": (piece) => Buffer.concat([piece, Buffer.from([23, 3, 3, 0, 1, 0])]),
  };
  for (const [name, way] of Object.entries(ways)) {
    between.change = (piece) => piece;
    await (await fetch("/", POST)).text();
    const asked = backend.seen.length;
    let done = false;
    between.change = (piece, at, isClient) => {
      if (isClient || done) {
        return piece;
      }
      done = true;
      return way(piece);
    };
    const error = await rejects(fetch("/", POST).then((r) => r.text()));
    assert.equal(error.code, "tls", `${name}: ${error.stack}`);
    assert.ok(backend.seen.length <= asked + 1);
  }
});

test("an answer that is cut short is no answer", async () => {
  const fetch = await meddled();
  await (await fetch("/", POST)).text();
  let cut = false;
  between.change = (piece, at, isClient) => {
    if (isClient) {
      return piece;
    }
    const passes = cut ? 0 : piece.length / 2;
    cut = true;
    setImmediate(() => between.cut());
    return piece.subarray(0, passes);
  };
  await fails(
    fetch("/", POST).then((response) => response.text()),
    ["truncated", "network"],
  );
});

test("whoever carries the octets can read none of them", async () => {
  const fetch = await meddled();
  assert.equal(await (await fetch("/", POST)).text(), ANSWER);
  assert.equal(backend.seen.length, 1);
  const all = Buffer.concat([between.octets("client"), between.octets("server")]);
  assert.ok(all.length > ANSWER.length);
  for (const word of [SECRET, "the-secret-of-the-answer", "POST", "quote"]) {
    assert.equal(all.includes(word), false, word);
  }
});

// --- who plays the server ------------------------------------------------------

function edited(body, edit) {
  const document = JSON.parse(body);
  edit(document);
  return JSON.stringify(document);
}

/** The quote of the evidence, with one octet changed. */
function withQuote(body, at) {
  return edited(body, (document) => {
    const holder = document.quote.quote === undefined ? document : document.quote;
    const octets = Buffer.from(holder.quote, "hex");
    octets[at] ^= 1;
    holder.quote = octets.toString("hex");
  });
}

test("evidence of another's session proves nothing", async () => {
  const fetch = await played((body) => body);
  const error = await fails(fetch("/", POST), "not_trusted");
  assert.ok(failedRows(error).includes("report_data"), `${failedRows(error)}`);
  assert.equal(between.heard.includes(SECRET), false);
  assert.deepEqual(backend.seen, []);
});

test("evidence that was changed is refused, each change by its own check", async () => {
  // Places of Intel's quote, version 4: 48 octets of head, then the TD's report.
  const TD = 48;
  const changes = {
    "its MRTD": (body) => withQuote(body, TD + 136),
    "its RTMR0": (body) => withQuote(body, TD + 328),
    "its report data": (body) => withQuote(body, TD + 520),
    "its attributes": (body) => withQuote(body, TD + 120),
  };
  for (const [name, change] of Object.entries(changes)) {
    const fetch = await played(change);
    const error = await fails(fetch("/", POST), "not_trusted");
    assert.ok(failedRows(error).includes("quote_signature"), `${name}: ${failedRows(error)}`);
    assert.equal(between.heard.includes(SECRET), false);
    await between.close();
  }
  assert.deepEqual(backend.seen, []);
});

test("evidence that cannot be read", async () => {
  for (const [change, codes] of [
    [() => "", "reply"],
    [() => "{", "reply"],
    [() => "[]", "reply"],
    [(body) => body.slice(0, body.length / 2), "reply"],
    [(body) => edited(body, (d) => delete d.quote), ["reply", "malformed"]],
  ]) {
    const fetch = await played(change);
    await fails(fetch("/", POST), codes);
    assert.equal(between.heard.includes(SECRET), false);
    await between.close();
  }
  assert.deepEqual(backend.seen, []);
});

test("evidence that was good for another connection is not good for the next", async () => {
  let kept;
  const fetch = await played((body) => (kept ??= body));
  await fails(fetch("/", POST), "not_trusted");
  const error = await fails(fetch("/", POST), "not_trusted");
  assert.ok(failedRows(error).includes("report_data"), `${failedRows(error)}`);
  assert.equal(between.heard.includes(SECRET), false);
});

test("agents and streams refuse an impostor, too", async () => {
  await played((body) => body);
  const how = options({ target: between.target });
  await fails(assay.AttestedStream.connect(how), "not_trusted");
  const agent = assay.createAtlsAgent(how);
  const request = https.request(`https://${between.target}/`, { agent, ...POST });
  request.end(SECRET);
  const error = await new Promise((resolve) => request.on("error", resolve));
  assert.equal(error.code, "not_trusted");
  assert.equal(between.heard.includes(SECRET), false);
  assert.deepEqual(backend.seen, []);
  agent.destroy();
});

// --- what the platform proves ----------------------------------------------------

// What changes, how it is undone, and a check that fails.
const PLATFORM = {
  "tcb=OutOfDate": ["tcb=UpToDate", "tcb_status"],
  "tcb=Revoked": ["tcb=UpToDate", "tcb_status"],
  "module=OutOfDate": ["module=UpToDate", "tcb_status"],
  "qe=OutOfDate": ["qe=UpToDate", "tcb_status"],
  "debug=on": ["debug=off", "debug"],
  "forge-log=on": ["forge-log=off", "event_digests"],
  "revoke=on": ["revoke=off", "pck_not_revoked"],
  "expire=on": ["expire=off", "tcb_info_dates"],
};

for (const [change, [back, row]] of Object.entries(PLATFORM)) {
  test(`a platform with ${change} is sent nothing`, async () => {
    const fetch = await meddled();
    sim(change);
    try {
      const error = await fails(fetch("/", POST), "not_trusted");
      const rows = failedRows(error);
      assert.ok(rows.includes(row), `${rows}`);
      assert.equal(between.count, 1);
      assert.deepEqual(backend.seen, []);
    } finally {
      sim(back);
    }
    assert.equal((await fetch("/", POST)).status, 200);
  });
}
