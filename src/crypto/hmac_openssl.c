/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hmac_openssl.c - HMAC and what goes with secrets, by OpenSSL 3.
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/ctx_openssl.h"

enum assay_code
assay_hmac_sha256(const struct assay_ctx *c, struct assay_slice key,
                  struct assay_slice in, uint8_t out[ASSAY_SHA256_BYTES],
                  struct assay_error *err)
{
    static const uint8_t none = 0;
    size_t len = 0;
    bool good;

    ERR_set_mark();
    /* A NULL key would mean: the key that was set before. */
    good = EVP_Q_mac(c->lib, "HMAC", NULL, "SHA2-256", NULL,
                     key.len > 0 ? key.ptr : &none, key.len,
                     in.len > 0 ? in.ptr : &none, in.len, out,
                     ASSAY_SHA256_BYTES, &len) != NULL &&
           len == ASSAY_SHA256_BYTES;
    ERR_pop_to_mark();
    if (!good) {
        OPENSSL_cleanse(out, ASSAY_SHA256_BYTES);
        return assay_fail(err, ASSAY_CRYPTO, ASSAY_NO_OFFSET,
                          "crypto: the HMAC could not be computed");
    }
    return ASSAY_OK;
}

bool
assay_secret_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

void
assay_wipe(void *p, size_t n)
{
    if (n > 0) {
        OPENSSL_cleanse(p, n);
    }
}
