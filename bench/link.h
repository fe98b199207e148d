/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * link.h - a client's connection to a server under measurement, with a
 * WebSocket or not. It blocks; who fails dies. Nothing is verified of TLS: what
 * is measured is the server.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "ws/ws.h"

#define LINK_PUT_BYTES 4096u /* of payload, in one link_put() */

/* Of all links of this program; once. kind: "tcp" or "ws", or over TLS "tls" or
 * "wss". room: octets that are read at a time, and enough for an answer to a
 * handshake. */
void link_setup(const char *kind, uint16_t port, size_t room);

struct link {
    int fd;
    SSL *ssl; /* NULL: no TLS */
    struct assay_ws_decoder decoder;
    size_t at; /* payload that was read and not taken yet, in `in` */
    size_t len;
    size_t end; /* of what is in `in` at all */
    uint8_t *in;
};

/* Connected, and with a WebSocket that the server has agreed to. Links with
 * other numbers come from other addresses, of a few. */
void link_open(struct link *l, size_t number);
/* As both sides want it: Close and its answer, or the end of the stream and the
 * server's. */
void link_close(struct link *l);
void link_cut(struct link *l);

/* Payload, in one frame. */
void link_put(struct link *l, const void *bytes, size_t len);
/* What has come of it, at most so much, at least an octet; valid until the next
 * call. */
struct assay_slice link_take(struct link *l, size_t most);
/* So much of it. */
void link_get(struct link *l, void *bytes, size_t len);

/* From now on reading waits for half of `room`, which must be certain to come;
 * or no more. To wake a reader for each segment is work, and the server's. */
void link_read_late(struct link *l, bool late);
/* So much of it, all of which is this octet; looks at some. */
void link_skip(struct link *l, size_t len, uint8_t octet);

/* Makes a block of whole frames, as a client sends them, of `size` octets each;
 * once for all links. Returns how many octets of payload it has. */
size_t link_make_block(size_t size);
void link_put_block(struct link *l);
