// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// Clients in Node: those of the package ws, and Node's own.
// usage: client.mjs PACKAGES ws|own
import https from "node:https";
import tls from "node:tls";
import { require, serve } from "./robot.mjs";
import { peers } from "./standard.mjs";

const { WebSocket: Ws, createWebSocketStream } = require("ws");

// An answer that is no 101 has words that the error has not.
function makeWs(url, protocols, { headers, origin, ca, pongs = true } = {}) {
  const socket = new Ws(url, protocols, { headers, origin, ca, autoPong: pongs });

  socket.on("unexpected-response", (request, response) => {
    let body = "";

    response.setEncoding("utf8");
    response.on("data", (piece) => (body += piece));
    response.on("end", () => {
      const { statusCode: status, headers: fields } = response;

      socket.refusal = { status, fields, body };
      request.destroy();
      socket.emit("error", new Error("refused"));
      socket.terminate();
    });
  });
  return socket;
}

const once = (socket, event) => new Promise((done, failed) => {
  socket.once(event, done);
  socket.once("close", () => failed(new Error(`closed, no ${event}`)));
});

const makeOwn = (url, protocols) => new WebSocket(url, protocols);
const does = peers(process.argv[3] === "ws" ? makeWs : makeOwn);
const { known } = does;

// What only ws can do.
Object.assign(does, {
  // Each octet a frame of its own, and a Ping between every so many.
  async fragments({ peer, text, pingEvery }) {
    const { socket } = known[peer];
    const octets = Buffer.from(text);

    for (let at = 0; at < octets.length; at++) {
      if (at % pingEvery === 0) {
        socket.ping();
      }
      socket.send(octets.subarray(at, at + 1),
        { binary: false, fin: at + 1 === octets.length });
    }
  },

  // A text that is none.
  badText({ peer }) {
    known[peer].socket.send(Buffer.from([0x61, 0xff, 0x62]), { binary: false });
  },

  // The payload of the Pong.
  ping({ peer, payload }) {
    const pong = once(known[peer].socket, "pong");

    known[peer].socket.ping(payload);
    return pong.then(String);
  },

  async pinged({ peer }) {
    await once(known[peer].socket, "ping");
  },

  // Stops reading of the connection, or goes on.
  pause: ({ peer }) => known[peer].socket.pause(),
  resume: ({ peer }) => known[peer].socket.resume(),

  // Without a Close.
  terminate: ({ peer }) => known[peer].socket.terminate(),

  // HTTPS through it: each answer, of one session of TLS.
  async https({ url, ca, host, requests }) {
    const socket = makeWs(url, ["binary"]);
    const stream = createWebSocketStream(socket);
    const secure = tls.connect({ socket: stream, ca, servername: host });
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    const answers = [];

    await new Promise((done, failed) => {
      secure.on("secureConnect", done);
      secure.on("error", failed);
    });
    agent.createConnection = () => secure;
    for (const request of requests) {
      answers.push(await ask(agent, host, request));
    }
    const protocol = secure.getProtocol();
    const closed = new Promise((done) => socket.on("close", done));

    socket.close(1000); // for TLS would cut it once it has said goodbye
    return { protocol, answers, code: await closed };
  },
});

const ask = (agent, host, { method, path, body }) =>
  new Promise((done, failed) => {
    const request = https.request({ agent, host, method, path });

    request.on("error", failed);
    request.on("response", async (response) => {
      const pieces = [];

      for await (const piece of response) {
        pieces.push(piece);
      }
      done({
        status: response.statusCode,
        body: Buffer.concat(pieces).toString("latin1"),
      });
    });
    request.end(body);
  });

serve(does);
