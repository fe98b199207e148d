// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_enclave.mjs - an attested server whose every octet a test decides: TLS
// and its exporter are Node's, the evidence is a simulated platform's.
import { createHash, X509Certificate } from "node:crypto";
import * as http from "node:http";
import * as tls from "node:tls";
import { peer, trust } from "./engine_kit.mjs";

const LABEL = "EXPORTER-Channel-Binding";

/** One call of the guest socket. */
function guest(call, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { socketPath: peer.scriptPlatform.guest, path: call, method: "POST" },
      async (response) => {
        let text = "";
        for await (const piece of response) {
          text += piece;
        }
        resolve(text === "" ? null : JSON.parse(text));
      },
    );
    request.on("error", reject);
    request.end(JSON.stringify(body));
  });
}

async function evidence(reportData) {
  const quote = await guest("/GetQuote", {
    report_data: reportData.toString("hex"),
  });
  const { tcb_info } = await guest("/Info", {});
  return JSON.stringify({ quote, tcb_info: JSON.parse(tcb_info) });
}

/** A client that has connected. */
class Visitor {
  #waiting = Buffer.alloc(0);
  #wake;
  ended = false;

  constructor(socket) {
    this.socket = socket;
    socket.on("data", (piece) => {
      this.#waiting = Buffer.concat([this.#waiting, piece]);
      this.#wake?.();
    });
    const end = () => {
      this.ended = true;
      this.#wake?.();
    };
    socket.on("end", end);
    socket.on("close", end);
    socket.on("error", end);
  }

  get received() {
    return this.#waiting.length;
  }

  async more() {
    if (this.ended) {
      throw new Error("the client has gone");
    }
    await new Promise((resolve) => (this.#wake = resolve));
  }

  async exactly(n) {
    while (this.#waiting.length < n) {
      await this.more();
    }
    const octets = this.#waiting.subarray(0, n);
    this.#waiting = this.#waiting.subarray(n);
    return octets;
  }

  /** Up to and with the mark. */
  async until(mark) {
    let at;
    while ((at = this.#waiting.indexOf(mark)) < 0) {
      await this.more();
    }
    return (await this.exactly(at + mark.length)).toString("latin1");
  }

  /** The next head, and the body if its length is given. */
  async request() {
    const head = await this.until("\r\n\r\n");
    const [, length = "0"] = /content-length: (\d+)/iu.exec(head) ?? [];
    const body = await this.exactly(Number(length));
    return { head, line: head.split("\r\n")[0], body: body.toString() };
  }

  send(text) {
    this.socket.write(Buffer.from(text, "latin1"));
  }

  answer(text, status = "200 OK") {
    this.send(
      `HTTP/1.1 ${status}\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
  }

  /** Answers a request for evidence. */
  async prove({ body } = {}) {
    const asked = body ?? (await this.request()).body;
    const nonce = Buffer.from(JSON.parse(asked).nonce_hex, "hex");
    const exporter = this.socket.exportKeyingMaterial(32, LABEL);
    const data = createHash("sha512").update(nonce).update(exporter).digest();
    this.answer(await evidence(data));
  }
}

let announced;

/** `script` plays each connection, from TLS's handshake on.
 * `port`: one that a bridge allows; 0: any. */
export async function enclave(script, port = 0) {
  const digest = new X509Certificate(peer.cert).fingerprint256
    .replaceAll(":", "")
    .toLowerCase();
  announced ??= guest("/EmitEvent", {
    event: "New TLS Certificate",
    payload: Buffer.from(digest).toString("hex"),
  });
  await announced;
  const faults = [];
  const visitors = [];
  const secrets = [];
  const server = tls.createServer(
    {
      cert: peer.cert,
      key: peer.key,
      minVersion: "TLSv1.3",
      ciphers: "TLS_AES_128_GCM_SHA256",
      allowHalfOpen: true,
    },
    (socket) => {
      const visitor = new Visitor(socket);
      visitors.push(visitor);
      script(visitor).catch((e) => faults.push(e));
    },
  );
  server.on("tlsClientError", () => undefined);
  server.on("keylog", (line) => {
    const [what, , secret] = line.toString().trim().split(" ");
    if (what === "SERVER_TRAFFIC_SECRET_0") {
      secrets.push(Buffer.from(secret, "hex"));
    }
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    visitors,
    /** Of each connection: what its records to the client are sealed with. */
    secrets,
    faults,
    options: async (more = {}, options = {}) => ({
      port: server.address().port,
      trust: await trust(more, options, peer.scriptPlatform),
    }),
    close() {
      visitors.forEach(({ socket }) => socket.destroy());
      server.close();
    },
  };
}
