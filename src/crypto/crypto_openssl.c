/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * crypto_openssl.c - crypto.h by OpenSSL 3, without deprecated calls; keys are
 * in p256_openssl.c.
 *
 * Everything runs in a library context of our own, so that neither
 * openssl.cnf nor the host program's providers change what is verified.
 */
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "assay/verify.h"
#include "crypto/ctx_openssl.h"
#include "crypto/seed_openssl.h"

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
    static const char *const names[ASSAY_DIGESTS] = {"SHA2-256", "SHA2-384",
                                                     "SHA2-512", "SHA1"};
    bool seeded = false;
    bool all = true;
    struct assay_ctx *c = NULL;

    *out = NULL;
    assay_error_clear(err);
    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "crypto: out of memory");
    }
    c->spares = calloc(1, sizeof(*c->spares));
    if (c->spares == NULL) {
        free(c);
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "crypto: out of memory");
    }
    ERR_set_mark();
    c->lib = OSSL_LIB_CTX_new();
    if (c->lib != NULL) {
        c->provider = OSSL_PROVIDER_load(c->lib, "default");
    }
    /* A seed may need the algorithms of the provider. */
    seeded = c->provider != NULL && assay_seed_start(c->lib, &c->seed);
    if (c->provider != NULL) {
        for (size_t i = 0; i < ASSAY_DIGESTS; i++) {
            c->md[i] = EVP_MD_fetch(c->lib, names[i], NULL);
            all = all && c->md[i] != NULL;
        }
        c->p256 = p256_parameters(c->lib);
    }
    ERR_pop_to_mark();
    if (c->provider != NULL && !seeded) {
        assay_ctx_free(c);
        return assay_fail(err, ASSAY_CRYPTO, ASSAY_NO_OFFSET,
                          "crypto: there are no random octets to be had");
    }
    if (!all || c->p256 == NULL) {
        assay_ctx_free(c);
        return assay_fail(
            err, ASSAY_CRYPTO, ASSAY_NO_OFFSET,
            "crypto: OpenSSL does not offer SHA-1, SHA-2 and P-256");
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
    for (size_t i = 0; i < ASSAY_SPARE_KEYS; i++) {
        EVP_PKEY_free(atomic_load(&c->spares->key[i]));
    }
    EVP_MD_CTX_free(atomic_load(&c->spares->md));
    free(c->spares);
    EVP_PKEY_free(c->p256);
    for (size_t i = 0; i < ASSAY_DIGESTS; i++) {
        EVP_MD_free(c->md[i]);
    }
    if (c->seed != NULL) {
        (void)OSSL_PROVIDER_unload(c->seed);
    }
    if (c->provider != NULL) {
        (void)OSSL_PROVIDER_unload(c->provider);
    }
    OSSL_LIB_CTX_free(c->lib);
    free(c);
}

const char *
assay_crypto_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION_STRING);
}

enum assay_code
assay_digest(const struct assay_ctx *c, enum assay_digest alg,
             const struct assay_slice *parts, size_t count, uint8_t *out,
             struct assay_error *err)
{
    EVP_MD_CTX *md = NULL;
    bool good;

    ERR_set_mark();
    md = atomic_exchange(&c->spares->md, NULL);
    if (md == NULL) {
        md = EVP_MD_CTX_new();
    }
    good = md != NULL && EVP_DigestInit_ex2(md, c->md[alg], NULL) == 1;
    for (size_t i = 0; good && i < count; i++) {
        good = EVP_DigestUpdate(md, parts[i].ptr, parts[i].len) == 1;
    }
    good = good && EVP_DigestFinal_ex(md, out, NULL) == 1;
    EVP_MD_CTX_free(atomic_exchange(&c->spares->md, md));
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
