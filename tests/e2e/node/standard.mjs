// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// What a test has done with WebSockets, in words that browsers and Node know
// alike.

const HIGH_WATER = 8 * 1024 * 1024; // octets that wait to be sent
const RANDOM_MAX = 65536; // that one call gives
const SHOWN_MAX = 4096; // octets that are told one by one

const hex = (octets) =>
  Array.from(octets, (o) => o.toString(16).padStart(2, "0")).join("");

async function sha256(octets) {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", octets)));
}

function noise(size) {
  const octets = new Uint8Array(size);

  for (let at = 0; at < size; at += RANDOM_MAX) {
    crypto.getRandomValues(octets.subarray(at, at + RANDOM_MAX));
  }
  return octets;
}

// One WebSocket, and what has come of it.
class Peer {
  constructor(socket) {
    this.socket = socket;
    this.pieces = [];
    this.size = 0;
    this.texts = 0;
    this.failed = false;
    this.ended = null; // how it closed
    this.waiting = []; // for any of these to change
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", (event) => this.got(event.data));
    // "close" says more, but Node's own has none where it is refused.
    socket.addEventListener("error", () => {
      this.failed = true;
      this.wake();
    });
    socket.addEventListener("close", ({ code, reason, wasClean }) => {
      this.ended = { code, reason, clean: wasClean };
      this.wake();
    });
    socket.addEventListener("open", () => this.wake());
  }

  wake() {
    this.waiting.splice(0).forEach((go) => go());
  }

  async until(condition) {
    while (!condition()) {
      await new Promise((go) => this.waiting.push(go));
    }
  }

  got(data) {
    this.texts += typeof data === "string";
    const piece = typeof data === "string" ? new TextEncoder().encode(data)
      : new Uint8Array(data);
    this.pieces.push(piece);
    this.size += piece.length;
    this.wake();
  }

  // All that is there, once it is so much or there will be no more.
  async take(least) {
    await this.until(() => this.size >= least || this.ended);
    const octets = new Uint8Array(this.size);
    const { texts } = this;
    let at = 0;

    for (const piece of this.pieces.splice(0)) {
      octets.set(piece, at);
      at += piece.length;
    }
    this.size = 0;
    this.texts = 0;
    return {
      size: octets.length,
      sha256: await sha256(octets),
      texts,
      hex: octets.length > SHOWN_MAX ? null : hex(octets),
    };
  }

  // Browsers do not say when there is room again.
  async room() {
    while (this.socket.bufferedAmount > HIGH_WATER && !this.ended) {
      await new Promise((go) => setTimeout(go, 1));
    }
  }

  async sendNoise(size, frame) {
    const octets = noise(size);

    for (let at = 0; at < size; at += frame) {
      await this.room();
      this.socket.send(octets.subarray(at, at + frame));
    }
    return { size, sha256: await sha256(octets) };
  }
}

// What a test can have done, with sockets that `make` makes of an address, a list
// of subprotocols and whatever else it knows.
export function peers(make) {
  const known = [];
  const opened = async (url, protocols, more) => {
    const peer = new Peer(make(url, protocols, more));

    await peer.until(() => peer.socket.readyState !== 0 || peer.failed);
    return peer;
  };

  return {
    known,

    async open({ url, protocols = [], ...more }) {
      const peer = await opened(url, protocols, more);
      const { socket } = peer;

      if (socket.readyState !== 1) {
        return { refused: true, ...socket.refusal };
      }
      known.push(peer);
      return {
        peer: known.length - 1,
        protocol: socket.protocol,
        extensions: socket.extensions,
      };
    },

    send({ peer, text, hex: octets }) {
      known[peer].socket.send(text ??
        Uint8Array.from(octets.match(/../g), (o) => parseInt(o, 16)));
    },

    sendNoise: ({ peer, size, frame }) => known[peer].sendNoise(size, frame),

    take: ({ peer, least }) => known[peer].take(least),

    close({ peer, code, reason }) {
      known[peer].socket.close(code, reason);
    },

    async closed({ peer }) {
      await known[peer].until(() => known[peer].ended);
      return known[peer].ended;
    },

    // Connections that come, get an echo, and go: so many, some at once.
    async short({ url, count, atOnce }) {
      let left = count;
      let good = 0;
      const one = async () => {
        const peer = await opened(url, ["binary"]);
        const said = noise(16);

        if (peer.socket.readyState === 1) {
          peer.socket.send(said);
        }
        const back = await peer.take(said.length);
        peer.socket.close(1000);
        await peer.until(() => peer.ended);
        good += back.hex === hex(said) && peer.ended.code === 1000;
      };
      const some = async () => {
        while (left-- > 0) {
          await one();
        }
      };

      await Promise.all(Array.from({ length: atOnce }, some));
      return good;
    },
  };
}
