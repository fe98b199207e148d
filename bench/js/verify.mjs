// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// verify.mjs - what the verification of one quote costs in JavaScript: by
// assay.wasm, and by published packages. Bytes to verdict, nothing remembered.
// usage: node verify.mjs FOLDER SECONDS PEERS|"" (with ASSAY_JS_CORE)
//
// The folder: quote.bin, collateral.json, expected.json, perhaps root.pem. Prints
// microseconds of processor time, the least of those of all rounds.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { Core } from "../../tests/e2e/js/core_instance.mjs";

const [folder, seconds, peers] = process.argv.slice(2);
const BATCH = 5;

const quote = new Uint8Array(readFileSync(`${folder}/quote.bin`));
const bundle = new Uint8Array(readFileSync(`${folder}/collateral.json`));
const at = JSON.parse(readFileSync(`${folder}/expected.json`)).verification_time;

function ours() {
  const core = Core.started();
  const pem = `${folder}/root.pem`;
  const root = core.made(
    core.call("js_root_new", existsSync(pem) ? readFileSync(pem) : null));
  return () => {
    core.ok(core.call("js_verify", quote, bundle, 0, root, null, null, null, at));
    return JSON.parse(core.text).tcb_status;
  };
}

/** The signed text of an answer of Intel's, as it stands, and its signature. */
function signed(answer, member) {
  const { signature } = JSON.parse(answer);
  const begin = answer.indexOf(`"${member}":`) + member.length + 3;
  return [answer.slice(begin, answer.lastIndexOf(',"signature"')), signature];
}

function collateralOfPeers() {
  const parts = JSON.parse(new TextDecoder().decode(bundle));
  const [tcb_info, tcb_info_signature] = signed(parts.tcb_info, "tcbInfo");
  const [qe_identity, qe_identity_signature] =
    signed(parts.qe_identity, "enclaveIdentity");
  return { ...parts, tcb_info, tcb_info_signature, qe_identity,
    qe_identity_signature };
}

/** In WebAssembly. */
async function dcapQvlWeb(collateral) {
  const path = `${peers}/node_modules/@phala/dcap-qvl-web/dcap-qvl-web`;
  const web = await import(`${path}.js`);
  web.initSync({ module: readFileSync(`${path}_bg.wasm`) });
  return () => web.js_verify(quote, collateral, BigInt(at)).status;
}

/** In JavaScript. */
function dcapQvl(collateral) {
  const { verify } = createRequire(`${peers}/`)("@phala/dcap-qvl");
  return () => verify(quote, collateral, at).status;
}

function cpuMicroseconds() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const runners = { wasm: ours() };
// They know Intel's root only.
if (peers && !existsSync(`${folder}/root.pem`)) {
  const collateral = collateralOfPeers();
  runners["dcap-qvl-web"] = await dcapQvlWeb(collateral);
  runners["dcap-qvl"] = dcapQvl(collateral);
}
const best = {};
const until = performance.now() + seconds * 1000;
for (let rounds = 0; rounds < 3 || performance.now() < until; rounds++) {
  for (const [name, verify] of Object.entries(runners)) {
    const begin = cpuMicroseconds();
    for (let i = 0; i < BATCH; i++) {
      const status = verify();
      if (status !== "UpToDate") {
        throw new Error(`${name} says ${status}`);
      }
    }
    const each = (cpuMicroseconds() - begin) / BATCH;
    best[name] = Math.min(best[name] ?? Infinity, each);
  }
}
console.log(JSON.stringify(best));
