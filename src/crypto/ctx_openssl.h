/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ctx_openssl.h - what the files behind crypto.h share.
 */
#pragma once

#include <stdatomic.h>

#include <openssl/evp.h>
#include <openssl/provider.h>

#include "crypto/crypto.h"

/* Things that are dear to make, kept between two uses. Whoever takes one
 * leaves NULL behind, so threads never share it. */
#define ASSAY_SPARE_KEYS 8u
struct assay_spares {
    _Atomic(EVP_MD_CTX *) md;
    _Atomic(EVP_PKEY *) key[ASSAY_SPARE_KEYS]; /* P-256, of any point */
};

struct assay_ctx {
    OSSL_LIB_CTX *lib;
    OSSL_PROVIDER *provider;
    OSSL_PROVIDER *seed;       /* or NULL: seed_openssl.h */
    EVP_MD *md[ASSAY_DIGESTS]; /* by enum assay_digest */
    EVP_PKEY *p256;            /* parameters only: the template of every key */
    struct assay_spares *spares;
};
