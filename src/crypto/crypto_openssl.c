/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * crypto_openssl.c - crypto.h by OpenSSL 3, without deprecated calls.
 *
 * Everything runs in a library context of our own, so that neither
 * openssl.cnf nor the host program's providers change what is verified.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "assay/verify.h"
#include "crypto/crypto.h"

struct assay_ctx {
    OSSL_LIB_CTX *lib;
    OSSL_PROVIDER *provider;
    EVP_MD *md[3];  /* by enum assay_digest */
    EVP_PKEY *p256; /* parameters only: the template of every key */
};

static EVP_PKEY *
p256_parameters(OSSL_LIB_CTX *lib)
{
    char group[] = "P-256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 5),
        OSSL_PARAM_END,
    };
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *pctx = EVP_PKEY_CTX_new_from_name(lib, "EC", NULL);

    if (pctx == NULL || EVP_PKEY_fromdata_init(pctx) != 1 ||
        EVP_PKEY_fromdata(pctx, &pkey, EVP_PKEY_KEY_PARAMETERS, params) != 1) {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(pctx);
    return pkey;
}

enum assay_code
assay_ctx_new(struct assay_ctx **out, struct assay_error *err)
{
    static const char *const names[3] = {"SHA2-256", "SHA2-384", "SHA2-512"};
    struct assay_ctx *c = NULL;

    *out = NULL;
    assay_error_clear(err);
    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "crypto: out of memory");
    }
    ERR_set_mark();
    c->lib = OSSL_LIB_CTX_new();
    if (c->lib != NULL) {
        c->provider = OSSL_PROVIDER_load(c->lib, "default");
    }
    if (c->provider != NULL) {
        for (size_t i = 0; i < 3; i++) {
            c->md[i] = EVP_MD_fetch(c->lib, names[i], NULL);
        }
        c->p256 = p256_parameters(c->lib);
    }
    ERR_pop_to_mark();
    if (c->md[0] == NULL || c->md[1] == NULL || c->md[2] == NULL ||
        c->p256 == NULL) {
        assay_ctx_free(c);
        return assay_fail(err, ASSAY_CRYPTO, ASSAY_NO_OFFSET,
                          "crypto: OpenSSL does not offer SHA-2 and P-256");
    }
    *out = c;
    return ASSAY_OK;
}

void
assay_ctx_free(struct assay_ctx *c)
{
    if (c == NULL) {
        return;
    }
    EVP_PKEY_free(c->p256);
    for (size_t i = 0; i < 3; i++) {
        EVP_MD_free(c->md[i]);
    }
    if (c->provider != NULL) {
        (void)OSSL_PROVIDER_unload(c->provider);
    }
    OSSL_LIB_CTX_free(c->lib);
    free(c);
}

enum assay_code
assay_digest(const struct assay_ctx *c, enum assay_digest alg,
             const struct assay_slice *parts, size_t count, uint8_t *out,
             struct assay_error *err)
{
    EVP_MD_CTX *md = NULL;
    bool good;

    ERR_set_mark();
    md = EVP_MD_CTX_new();
    good = md != NULL && EVP_DigestInit_ex2(md, c->md[alg], NULL) == 1;
    for (size_t i = 0; good && i < count; i++) {
        good = EVP_DigestUpdate(md, parts[i].ptr, parts[i].len) == 1;
    }
    good = good && EVP_DigestFinal_ex(md, out, NULL) == 1;
    EVP_MD_CTX_free(md);
    ERR_pop_to_mark();
    if (!good) {
        return assay_fail(err, ASSAY_CRYPTO, ASSAY_NO_OFFSET,
                          "crypto: the digest could not be computed");
    }
    return ASSAY_OK;
}

enum assay_code
assay_sha256(const struct assay_ctx *c, struct assay_slice in,
             uint8_t out[ASSAY_SHA256_BYTES], struct assay_error *err)
{
    return assay_digest(c, ASSAY_SHA256, &in, 1, out, err);
}

/* A key and, between two uses, the context that verified with it last: making
 * one anew costs 6 us. Whoever takes it leaves NULL, so threads never share
 * one; the second of two at a time makes its own. */
struct assay_p256 {
    EVP_PKEY *pkey;
    _Atomic(EVP_PKEY_CTX *) spare;
    atomic_uint references;
};

static EVP_PKEY *
key_of_point(const struct assay_ctx *c,
             const uint8_t xy[ASSAY_P256_POINT_BYTES])
{
    uint8_t point[1 + ASSAY_P256_POINT_BYTES] = {0x04}; /* uncompressed */
    EVP_PKEY *pkey = EVP_PKEY_new();

    memcpy(point + 1, xy, ASSAY_P256_POINT_BYTES);
    if (pkey != NULL && EVP_PKEY_copy_parameters(pkey, c->p256) == 1 &&
        EVP_PKEY_set1_encoded_public_key(pkey, point, sizeof(point)) == 1) {
        return pkey;
    }
    EVP_PKEY_free(pkey);
    return NULL;
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

/* Takes the key over, also on failure. */
static struct assay_p256 *
wrap_key(EVP_PKEY *pkey, struct assay_error *err)
{
    struct assay_p256 *key = calloc(1, sizeof(*key));

    if (key == NULL) {
        EVP_PKEY_free(pkey);
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "crypto: out of memory");
        return NULL;
    }
    key->pkey = pkey;
    atomic_init(&key->spare, NULL);
    atomic_init(&key->references, 1);
    return key;
}

/* Out of memory, OpenSSL too says "not on the curve", and a genuine key would
 * be called forged. So when it refuses a point, one that is known to be good
 * must be accepted before it is believed. */
enum assay_code
assay_p256_new(const struct assay_ctx *c,
               const uint8_t xy[ASSAY_P256_POINT_BYTES],
               struct assay_p256 **out, struct assay_error *err)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY *known = NULL;
    enum assay_code code = ASSAY_OK;

    *out = NULL;
    ERR_set_mark();
    pkey = key_of_point(c, xy);
    if (pkey == NULL) {
        known = key_of_point(c, generator);
        pkey = known != NULL ? key_of_point(c, xy) : NULL;
    }
    ERR_pop_to_mark();
    if (pkey == NULL && known == NULL) {
        code = assay_fail(err, ASSAY_CRYPTO, ASSAY_NO_OFFSET,
                          "crypto: a P-256 key could not be set up");
    } else if (pkey == NULL) {
        code = assay_fail(err, ASSAY_MALFORMED, ASSAY_NO_OFFSET,
                          "public key: not a point of the curve P-256");
    }
    EVP_PKEY_free(known);
    if (code == ASSAY_OK) {
        *out = wrap_key(pkey, err);
        code = err->code;
    }
    return code;
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
        EVP_PKEY_free(key->pkey);
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

bool
assay_secret_equal(struct assay_slice a, struct assay_slice b)
{
    return a.len == b.len &&
           (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void
assay_wipe(void *ptr, size_t len)
{
    OPENSSL_cleanse(ptr, len);
}

struct assay_lock *
assay_lock_new(void)
{
    return (struct assay_lock *)CRYPTO_THREAD_lock_new();
}

void
assay_lock_free(struct assay_lock *l)
{
    CRYPTO_THREAD_lock_free((CRYPTO_RWLOCK *)l);
}

void
assay_lock_take(struct assay_lock *l)
{
    /* Fails only on a lock that is broken or already held by this thread:
     * going on unlocked would be worse than stopping. */
    if (CRYPTO_THREAD_write_lock((CRYPTO_RWLOCK *)l) != 1) {
        abort();
    }
}

void
assay_lock_release(struct assay_lock *l)
{
    if (CRYPTO_THREAD_unlock((CRYPTO_RWLOCK *)l) != 1) {
        abort();
    }
}
