// SPDX-FileCopyrightText: The Assay authors
// SPDX-License-Identifier: Apache-2.0
//
// engine_records.mjs - records of TLS 1.3 by hand (RFC 8446, sections 5 and 7):
// what a server could seal for its client, and no library would.
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";

const APPLICATION = 23;
const HEAD_BYTES = 5;
const TAG_BYTES = 16;

function expand(secret, label, length) {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([
    Buffer.from([0, length, name.length]),
    name,
    Buffer.from([0, 1]),
  ]);
  return createHmac("sha256", secret).update(info).digest().subarray(0, length);
}

/** One direction's keys and its count, with TLS_AES_128_GCM_SHA256. */
class Keys {
  constructor(secret) {
    this.secret = secret;
    this.key = expand(secret, "key", 16);
    this.iv = expand(secret, "iv", 12);
    this.count = 0n;
  }

  #nonce() {
    const nonce = Buffer.from(this.iv);
    const low = nonce.readBigUInt64BE(4) ^ this.count;
    nonce.writeBigUInt64BE(low, 4);
    return nonce;
  }

  seal(type, content) {
    const plain = Buffer.concat([Buffer.from(content), Buffer.from([type])]);
    const head = Buffer.from([APPLICATION, 3, 3, 0, 0]);
    head.writeUInt16BE(plain.length + TAG_BYTES, 3);
    const c = createCipheriv("aes-128-gcm", this.key, this.#nonce());
    c.setAAD(head);
    const sealed = Buffer.concat([c.update(plain), c.final()]);
    this.count++;
    return Buffer.concat([head, sealed, c.getAuthTag()]);
  }

  /** Counts it, if it was sealed with these. */
  sees(record) {
    const d = createDecipheriv("aes-128-gcm", this.key, this.#nonce());
    d.setAAD(record.subarray(0, HEAD_BYTES));
    d.setAuthTag(record.subarray(-TAG_BYTES));
    d.update(record.subarray(HEAD_BYTES, -TAG_BYTES));
    try {
      d.final();
      this.count++;
    } catch {
      // the handshake's
    }
  }

  next() {
    return new Keys(expand(this.secret, "traffic upd", 32));
  }
}

export const ALERT = 21;
export const HANDSHAKE = 22;
const KEY_UPDATE = [24, 0, 0, 1, 1]; // which asks for one in return

/** A dial whose connection can be taken over from its server: `secret()` is
 * asked for then. */
export function takeover(dial, secret) {
  const came = [];
  const more = [];
  let wake;
  let over = false;
  let taken = false;
  const self = {
    /** Octets that the client wrote since. */
    written: 0,
    keys: undefined,
    /** From here on the server is the test, which reads nothing. */
    take() {
      self.keys = new Keys(secret());
      let all = Buffer.concat(came);
      while (all.length >= HEAD_BYTES) {
        const size = HEAD_BYTES + all.readUInt16BE(3);
        if (all[0] === APPLICATION) {
          self.keys.sees(all.subarray(0, size));
        }
        all = all.subarray(size);
      }
      taken = true;
    },
    say(...octets) {
      more.push(...octets);
      wake?.();
    },
    seal: (type, content) => self.keys.seal(type, content),
    keyUpdate() {
      const record = self.seal(HANDSHAKE, KEY_UPDATE);
      self.keys = self.keys.next();
      return record;
    },
    end() {
      over = true;
      wake?.();
    },
    async dial(signal) {
      const transport = await dial(signal);
      // What the real server says until then; afterwards it is not heard.
      const listen = async () => {
        for (let o; !taken && (o = await transport.read()) !== null;) {
          came.push(Buffer.from(o));
          self.say(o);
        }
      };
      listen().catch(() => self.end());
      return {
        async read() {
          while (more.length === 0 && !over) {
            await new Promise((resolve) => (wake = resolve));
          }
          return more.shift() ?? null;
        },
        async write(octets) {
          if (!taken) {
            return transport.write(octets);
          }
          self.written += octets.length;
          return new Promise(() => undefined); // there is never room for more
        },
        close() {
          self.end();
          transport.close();
        },
      };
    },
  };
  return self;
}
