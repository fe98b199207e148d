/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * wire.h - the generations of the attestation exchange, as a table: how
 * evidence is asked for, and what the quote must then report.
 */
#pragma once

#include "assay/session.h"
#include "crypto/crypto.h"

#define ASSAY_WIRE_PATH        "/tdx_quote"
#define ASSAY_WIRE_CLIENT_PATH "/tdx_client_quote"

struct assay_wire_rule {
    enum assay_wire wire;
    const char *member; /* of the request's JSON body; its value is hex */
    size_t nonce_len;   /* octets of randomness that it uses */
    const char *host;   /* Host field; NULL: the server's name */
    /* What the quote must report. */
    enum assay_code (*report_data)(const struct assay_ctx *ctx,
                                   const uint8_t *nonce,
                                   const uint8_t exporter[ASSAY_EXPORTER_BYTES],
                                   uint8_t out[64], struct assay_error *err);
};

const struct assay_wire_rule *assay_wire_rule(enum assay_wire w);

/* Appends the whole request, octet for octet as the wire has it. Only v2 can
 * ask for collateral; not asking is the published request. */
void assay_wire_request(const struct assay_wire_rule *rule, const char *name,
                        const uint8_t *nonce, bool want_collateral,
                        struct assay_buf *out);

/* Appends the head of a POST with JSON of so many octets. */
void assay_wire_head(const char *path, const char *host, size_t body_len,
                     struct assay_buf *out);

/* Wire v2, which is the only one that a server knows. */
ASSAY_MUST_CHECK enum assay_code
assay_wire_bind(const struct assay_ctx *ctx, const uint8_t nonce[32],
                const uint8_t exporter[ASSAY_EXPORTER_BYTES], uint8_t out[64],
                struct assay_error *err);
/* The other direction, with the server's nonce. The words in front see to it
 * that no quote of a server is one of a client, nor the reverse: what a server
 * reports is the digest of 64 octets, this is one of 80. */
ASSAY_MUST_CHECK enum assay_code
assay_wire_bind_client(const struct assay_ctx *ctx,
                       const uint8_t nonce[ASSAY_CLIENT_NONCE_BYTES],
                       const uint8_t exporter[ASSAY_EXPORTER_BYTES],
                       uint8_t out[64], struct assay_error *err);
/* What a request's body asks: an object with the members nonce_hex, 64 hex
 * digits, and perhaps want_collateral, true or false. ASSAY_MALFORMED,
 * ASSAY_TRUNCATED, ASSAY_TOO_LARGE, ASSAY_NO_MEMORY. */
#define ASSAY_WIRE_REQUEST_MAX_BYTES 1024u
/* A client's evidence is some 30 KiB; what a stranger may have a server keep
 * is no more than it takes. */
#define ASSAY_WIRE_CLIENT_EVIDENCE_MAX_BYTES (1024u * 1024u)
struct assay_wire_ask {
    uint8_t nonce[32];
    bool want_collateral;
};
ASSAY_MUST_CHECK enum assay_code
assay_wire_ask_parse(struct assay_slice body, struct assay_wire_ask *out,
                     struct assay_error *err);
