// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// core_pipe.mjs - octets of a test's own choice as the plaintext of a session:
// through a pipe, which changes nothing.
import { strict as assert } from "node:assert";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before } from "node:test";

import { Core, state } from "./core_instance.mjs";
import { Link, peer, Trust } from "./core_link.mjs";

export const core = Core.started();
const trust = new Trust(core);
const target = createServer();

before(async () => {
  target.listen({ fd: peer.pipe });
  await once(target, "listening");
});
after(() => {
  target.close();
  trust.free();
});

/** A raw stream, and the socket at its other end. */
export async function pipe(how) {
  const link = await Link.open(trust, how);
  const accepted = once(target, "connection");
  link.begin();
  link.head("POST", "/assay-pipe", [["Connection", "Upgrade"],
    ["Upgrade", "assay-pipe/1"], ["Content-Length", "0"]]);
  const answer = await link.answer("POST", { end: false });
  assert.equal(answer.status, 101);
  assert.equal(answer.keeps, false);
  assert.equal(link.state, state.OPEN);
  const [socket] = await accepted;
  socket.on("error", () => {});
  return { link, socket };
}

/** What is made of these octets, however they are cut. */
export async function read(octets, { method = "GET", ends = true, step } = {}) {
  const { link, socket } = await pipe({ step });
  try {
    socket.write(octets);
    if (ends) {
      socket.end();
    }
    return await link.answer(method);
  } finally {
    socket.destroy();
    link.free();
  }
}
