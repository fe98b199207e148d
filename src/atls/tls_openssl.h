/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tls_openssl.h - what the files behind tls.h share.
 */
#pragma once

#include <openssl/ssl.h>

#include "atls/tls.h"

struct assay_tls_identity {
    SSL_CTX *server;        /* TLS settings with chain and key */
    struct assay_buf leaf;  /* DER */
    uint8_t sha256[32];     /* of the leaf */
    struct assay_buf chain; /* PEM */
    struct assay_buf names; /* whom it is for, each with a NUL behind it */
    int64_t from_s;         /* Unix seconds: dates of the leaf */
    int64_t until_s;
    struct assay_tls_identity *next; /* owned */
};

/* Takes names and dates out of the leaf (identity_names_openssl.c). */
bool assay_tls_identity_read(struct assay_tls_identity *i, const X509 *leaf);
/* OpenSSL's callback: the settings of the identity, of `first` and those behind
 * it, that the client has asked for. */
int assay_tls_identity_choose(SSL *ssl, int *alert, void *first);

/* Whom one client session believes; lives in the session, for the callback
 * that OpenSSL calls while it checks a chain. */
struct assay_tls_judge {
    const struct assay_tls_roots *roots;
    bool check;      /* false: any certificate will do */
    bool no_memory;  /* it could not be judged */
    char fault[120]; /* what was wrong, for the error's message; or "" */
};

/* Settings that both ends have in common. NULL on failure. */
SSL_CTX *assay_tls_settings(OSSL_LIB_CTX *lib, const SSL_METHOD *method);
/* The settings of clients, which the roots hold. */
SSL_CTX *assay_tls_roots_settings(const struct assay_tls_roots *r);
/* Ties the judge to a client's SSL. */
bool assay_tls_roots_attach(SSL *ssl, struct assay_tls_judge *judge);

/* --- one connection ----------------------------------------------------- */

/* Where its ciphertext comes from and goes to (tls_bio_openssl.c). */
struct assay_tls_memory {
    struct assay_slice in; /* while assay_tls_feed() runs */
    struct assay_queue out;
    enum assay_code stuck; /* why output was lost: NO_MEMORY or TOO_LARGE */
    BIO_METHOD *method;
};

/* False: no memory; to be freed all the same, behind the SSL. */
bool assay_tls_memory_attach(struct assay_tls_memory *m, SSL *ssl);
void assay_tls_memory_free(struct assay_tls_memory *m);

/* --- what went wrong (tls_fault_openssl.c) ------------------------------- */

/* Records a failure of OpenSSL's own: ASSAY_NO_MEMORY or ASSAY_CRYPTO. If
 * OpenSSL has nothing to say, it was our own memory. */
enum assay_code assay_tls_fail_library(struct assay_error *err,
                                       const char *what);
/* The same where it may be that output could not be kept. */
enum assay_code assay_tls_fail_output(const struct assay_tls_memory *m,
                                      struct assay_error *err,
                                      const char *what);
/* The peer, or the way to it, broke TLS: ASSAY_TLS; a failure for want of
 * memory is not the peer's. */
enum assay_code assay_tls_fail_peer(const struct assay_tls_memory *m,
                                    const struct assay_tls_judge *judge,
                                    struct assay_error *err);
