/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * p256_openssl.c - P-256 keys and ECDSA by OpenSSL 3.
 */
#include <stdlib.h>

#include <openssl/err.h>

#include "crypto/ctx_openssl.h"

/* A key and, between two uses, the context that verified with it last: making
 * one anew costs 6 us. Whoever takes it leaves NULL, so threads never share
 * one; the second of two at a time makes its own. */
struct assay_p256 {
    const struct assay_ctx *ctx;
    EVP_PKEY *pkey;
    _Atomic(EVP_PKEY_CTX *) spare;
    atomic_uint references;
};

/* A key that was used before, for another point, or a new one. */
static EVP_PKEY *
take_pkey(const struct assay_ctx *c)
{
    EVP_PKEY *pkey = NULL;

    for (size_t i = 0; i < ASSAY_SPARE_KEYS && pkey == NULL; i++) {
        pkey = atomic_exchange(&c->spares->key[i], NULL);
    }
    if (pkey != NULL) {
        return pkey;
    }
    pkey = EVP_PKEY_new();
    if (pkey != NULL && EVP_PKEY_copy_parameters(pkey, c->p256) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    return pkey;
}

/* Copying the curve's parameters costs 6 us, a new point in them 2 us. A
 * context that verified with the old point is not kept: whether it notices a
 * new one is nowhere promised. */
static void
put_pkey(const struct assay_ctx *c, EVP_PKEY *pkey)
{
    for (size_t i = 0; i < ASSAY_SPARE_KEYS && pkey != NULL; i++) {
        EVP_PKEY *none = NULL;

        if (atomic_compare_exchange_strong(&c->spares->key[i], &none, pkey)) {
            pkey = NULL;
        }
    }
    EVP_PKEY_free(pkey);
}

static bool
set_point(EVP_PKEY *pkey, const uint8_t xy[ASSAY_P256_POINT_BYTES])
{
    uint8_t point[1 + ASSAY_P256_POINT_BYTES] = {0x04}; /* uncompressed */

    memcpy(point + 1, xy, ASSAY_P256_POINT_BYTES);
    return EVP_PKEY_set1_encoded_public_key(pkey, point, sizeof(point)) == 1;
}

/* The base point (FIPS 186-5, SP 800-186 section 3.2.1.3). */
static const uint8_t generator[ASSAY_P256_POINT_BYTES] = {
    0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6,
    0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb,
    0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
    0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a,
    0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e,
    0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};

/* Out of memory, OpenSSL too says "not on the curve", and a genuine key would
 * be called forged. So when it refuses a point, one that is known to be good
 * must be accepted before it is believed. */
static enum assay_code
set_checked_point(EVP_PKEY *pkey, const uint8_t xy[ASSAY_P256_POINT_BYTES],
                  struct assay_error *err)
{
    if (set_point(pkey, xy)) {
        return ASSAY_OK;
    }
    if (!set_point(pkey, generator)) {
        return assay_fail(err, ASSAY_CRYPTO, ASSAY_NO_OFFSET,
                          "crypto: a P-256 key could not be set up");
    }
    if (!set_point(pkey, xy)) {
        return assay_fail(err, ASSAY_MALFORMED, ASSAY_NO_OFFSET,
                          "public key: not a point of the curve P-256");
    }
    return ASSAY_OK;
}

/* Takes the key over, also on failure. */
static struct assay_p256 *
wrap_key(const struct assay_ctx *c, EVP_PKEY *pkey, struct assay_error *err)
{
    struct assay_p256 *key = calloc(1, sizeof(*key));

    if (key == NULL) {
        EVP_PKEY_free(pkey);
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "crypto: out of memory");
        return NULL;
    }
    key->ctx = c;
    key->pkey = pkey;
    atomic_init(&key->spare, NULL);
    atomic_init(&key->references, 1);
    return key;
}

enum assay_code
assay_p256_new(const struct assay_ctx *c,
               const uint8_t xy[ASSAY_P256_POINT_BYTES],
               struct assay_p256 **out, struct assay_error *err)
{
    EVP_PKEY *pkey = NULL;
    enum assay_code code = ASSAY_OK;

    *out = NULL;
    ERR_set_mark();
    pkey = take_pkey(c);
    if (pkey == NULL) {
        code = assay_fail(err, ASSAY_CRYPTO, ASSAY_NO_OFFSET,
                          "crypto: a P-256 key could not be set up");
    } else {
        code = set_checked_point(pkey, xy, err);
    }
    ERR_pop_to_mark();
    if (code != ASSAY_OK) {
        EVP_PKEY_free(pkey);
        return code;
    }
    *out = wrap_key(c, pkey, err);
    return err->code;
}

struct assay_p256 *
assay_p256_ref(struct assay_p256 *key)
{
    if (key != NULL) {
        atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
    }
    return key;
}

void
assay_p256_free(struct assay_p256 *key)
{
    if (key != NULL && atomic_fetch_sub_explicit(&key->references, 1,
                                                 memory_order_acq_rel) == 1) {
        EVP_PKEY_CTX_free(atomic_load(&key->spare));
        put_pkey(key->ctx, key->pkey);
        free(key);
    }
}

/* A context that is set up to verify with the key, or NULL. */
static EVP_PKEY_CTX *
take_context(const struct assay_ctx *c, struct assay_p256 *key)
{
    EVP_PKEY_CTX *pctx = atomic_exchange(&key->spare, NULL);

    if (pctx != NULL) {
        return pctx;
    }
    pctx = EVP_PKEY_CTX_new_from_pkey(c->lib, key->pkey, NULL);
    if (pctx != NULL && EVP_PKEY_verify_init(pctx) != 1) {
        EVP_PKEY_CTX_free(pctx);
        pctx = NULL;
    }
    return pctx;
}

static void
put_context(struct assay_p256 *key, EVP_PKEY_CTX *pctx)
{
    EVP_PKEY_CTX_free(atomic_exchange(&key->spare, pctx));
}

/* One DER INTEGER of a big-endian unsigned number; returns its size. */
static size_t
put_integer(uint8_t *out, const uint8_t number[32])
{
    size_t skip = 0;
    size_t pad;

    while (skip < 31 && number[skip] == 0) {
        skip++;
    }
    pad = number[skip] >= 0x80 ? 1 : 0;
    out[0] = 0x02;
    out[1] = (uint8_t)(32 - skip + pad);
    out[2] = 0;
    memcpy(out + 2 + pad, number + skip, 32 - skip);
    return 2 + pad + 32 - skip;
}

enum assay_code
assay_p256_verify(const struct assay_ctx *c, struct assay_p256 *key,
                  const uint8_t digest[ASSAY_SHA256_BYTES],
                  const uint8_t sig[ASSAY_P256_SIG_BYTES], bool *good,
                  struct assay_error *err)
{
    uint8_t der[2 + 2 * (2 + 33)];
    size_t len = 2;
    EVP_PKEY_CTX *pctx = NULL;
    int rc = -1;

    *good = false;
    len += put_integer(der + len, sig);
    len += put_integer(der + len, sig + 32);
    der[0] = 0x30;
    der[1] = (uint8_t)(len - 2);

    ERR_set_mark();
    pctx = take_context(c, key);
    if (pctx != NULL) {
        rc = EVP_PKEY_verify(pctx, der, len, digest, ASSAY_SHA256_BYTES);
        put_context(key, pctx);
    }
    ERR_pop_to_mark();
    if (rc < 0) {
        return assay_fail(err, ASSAY_CRYPTO, ASSAY_NO_OFFSET,
                          "crypto: a signature could not be checked");
    }
    *good = rc == 1;
    return ASSAY_OK;
}
