/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tls_cert.h - TLS certificates of a simulated key server: one CA, and leaves
 * whose keys it makes up, as a guest agent hands them out.
 */
#pragma once

#include "mint/pki.h"

#define MINT_TLS_NAME_MAX  253u /* bytes of a subject or an alternative name */
#define MINT_TLS_NAMES_MAX 16u

struct mint_tls_options {
    const char *subject;                       /* common name; "" for none */
    const char *alt_names[MINT_TLS_NAMES_MAX]; /* DNS names, IP addresses; NULL
                                                  ends */
    bool server_auth; /* extended key usage; neither: no such extension */
    bool client_auth;
    int64_t ca_from_s;    /* Unix seconds; when the CA began */
    int64_t not_before_s; /* of the leaf */
    int64_t not_after_s;
    unsigned number; /* which key of this seed */
};

struct mint_tls_cert {
    struct assay_buf key_pem; /* PKCS #8 */
    struct assay_buf leaf_pem;
    struct assay_buf ca_pem;
};

/* *out is initialised here and always freed by mint_tls_cert_free().
 * ASSAY_INVALID (a name), ASSAY_NO_MEMORY, ASSAY_CRYPTO. */
ASSAY_MUST_CHECK enum assay_code
mint_tls_issue(const uint8_t seed[MINT_SEED_BYTES],
               const struct mint_tls_options *o, struct mint_tls_cert *out,
               struct assay_error *err);
void mint_tls_cert_free(struct mint_tls_cert *c);
