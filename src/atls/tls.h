/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tls.h - the whole contract between a session and a TLS library: TLS 1.3 only,
 * over memory, one end of one connection. No resumption, no early data, no
 * client certificates; ALPN is http/1.1.
 */
#pragma once

#include "assay/session.h"
#include "base/queue.h"

#define ASSAY_TLS_RECORD_MAX_BYTES 16384u
/* Ciphertext that may wait to be sent: the largest reply, sealed, and what
 * happens to wait before it. */
#define ASSAY_TLS_OUTPUT_MAX_BYTES (ASSAY_REPLY_BODY_MAX_BYTES + 1024u * 1024u)

struct assay_tls; /* opaque */

struct assay_tls_client_setup {
    const struct assay_ctx *ctx;
    const struct assay_tls_roots *roots;
    bool check_certificate;  /* name, chain and dates */
    const char *server_name; /* for SNI (unless an IP address) and the check */
    int64_t now_s;
};

/* ASSAY_INVALID (the name), ASSAY_CRYPTO, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_tls_client_new(const struct assay_tls_client_setup *setup,
                     struct assay_tls **out, struct assay_error *err);
ASSAY_MUST_CHECK enum assay_code
assay_tls_server_new(const struct assay_ctx *ctx,
                     const struct assay_tls_identity *identity,
                     struct assay_tls **out, struct assay_error *err);
void assay_tls_free(struct assay_tls *t); /* NULL is fine */

/* Takes ciphertext and goes on as far as it leads: the handshake, then
 * plaintext into `plain`, of which at most `room` bytes and one record are
 * made. *used: the octets consumed; fewer than given only for want of room.
 * ASSAY_TLS (what the peer did wrong, or the alert it sent), ASSAY_CRYPTO,
 * ASSAY_NO_MEMORY; the output may hold an alert then. */
ASSAY_MUST_CHECK enum assay_code
assay_tls_feed(struct assay_tls *t, struct assay_slice in, size_t *used,
               struct assay_queue *plain, size_t room, struct assay_error *err);
/* Ciphertext to be sent. */
struct assay_queue *assay_tls_output(struct assay_tls *t);
bool assay_tls_ready(const struct assay_tls *t); /* the handshake is done */
/* The peer has said goodbye (close_notify). */
bool assay_tls_goodbye(const struct assay_tls *t);
/* ASSAY_INVALID before the handshake is done; ASSAY_TOO_LARGE (too much waits
 * to be sent: nothing was written); ASSAY_CRYPTO, ASSAY_NO_MEMORY: perhaps half
 * of it was, so that nothing can follow any more, no close_notify either. */
ASSAY_MUST_CHECK enum assay_code assay_tls_write(struct assay_tls *t,
                                                 struct assay_slice plain,
                                                 struct assay_error *err);
void assay_tls_close(struct assay_tls *t); /* close_notify */

/* After the handshake. RFC 8446, section 7.5, with RFC 9266's label and no
 * context. */
ASSAY_MUST_CHECK enum assay_code
assay_tls_exporter(const struct assay_tls *t, uint8_t out[ASSAY_EXPORTER_BYTES],
                   struct assay_error *err);
/* The peer's leaf, DER, appended; nothing if it sent none. */
void assay_tls_peer_certificate(const struct assay_tls *t,
                                struct assay_buf *out);
const char *assay_tls_version(const struct assay_tls *t); /* "TLSv1.3" */
const char *assay_tls_cipher(const struct assay_tls *t);
