/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tls_openssl.h - the attackers' TLS: one end of a connection on a stream.
 *
 * Not that of src/atls/, of which programs see the public API only: attackers
 * are strangers to it. They offer TLS 1.2, look at no certificate, use keys
 * that are not theirs, and say what they like.
 */
#pragma once

#include "io/stream.h"

#define TLS_EXPORTER_BYTES 32u
#define TLS_SHA512_BYTES   64u
#define TLS_NONCE_BYTES    32u

struct tls_end; /* opaque */

struct tls_role {
    const char *certificate; /* PEM files: a server; NULL: a client */
    const char *key;
    bool only_1_2; /* TLS 1.2 and nothing else */
};

/* From the loop; each may close the end. */
struct tls_events {
    void (*data)(void *user, struct assay_slice plain);
    void (*closed)(void *user); /* by the peer, or by failure */
};

/* Takes over the stream. The events are copied. NULL: no memory, or the files
 * are no pair; the stream is closed then. */
struct tls_end *tls_end_new(struct assay_stream *stream,
                            const struct tls_role *role,
                            const struct tls_events *events, void *user);
void tls_end_close(struct tls_end *e); /* NULL is fine */
/* What is written before the handshake is done goes out after it. */
void tls_end_write(struct tls_end *e, struct assay_slice plain);
/* SHA-512 of a nonce and the exporter value of this session (RFC 9266): what a
 * quote for this session has to report. False before the handshake is done. */
bool tls_end_binding(const struct tls_end *e,
                     const uint8_t nonce[TLS_NONCE_BYTES],
                     uint8_t out[TLS_SHA512_BYTES]);
