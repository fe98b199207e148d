/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * keys_openssl.c - keys.h by OpenSSL 3, without deprecated calls.
 *
 * OpenSSL 3.0 has no switch for deterministic ECDSA, so the signature is put
 * together here from curve and number arithmetic as RFC 6979 says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rand.h>

#include "base/bytes.h"
#include "mint/keys.h"

struct mint_key {
    EC_GROUP *group;
    BIGNUM *scalar;
    uint8_t scalar_bytes[MINT_SCALAR_BYTES];
    uint8_t point[MINT_POINT_BYTES];
};

static enum assay_code
fail_crypto(struct assay_error *err, const char *what)
{
    return assay_fail(err, ASSAY_CRYPTO, ASSAY_NO_OFFSET, "mint: %s", what);
}

static enum assay_code
digest(const char *name, struct assay_slice in, uint8_t *out,
       struct assay_error *err)
{
    size_t len = 0;

    if (EVP_Q_digest(NULL, name, NULL, in.ptr, in.len, out, &len) != 1) {
        return fail_crypto(err, "a digest could not be computed");
    }
    return ASSAY_OK;
}

enum assay_code
mint_sha1(struct assay_slice in, uint8_t out[MINT_SHA1_BYTES],
          struct assay_error *err)
{
    return digest("SHA1", in, out, err);
}

enum assay_code
mint_sha256(struct assay_slice in, uint8_t out[MINT_SHA256_BYTES],
            struct assay_error *err)
{
    return digest("SHA256", in, out, err);
}

static bool
hmac(const uint8_t key[32], const uint8_t *in, size_t in_len, uint8_t out[32])
{
    uint8_t mac[32];
    size_t len = 0;

    if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, 32, in, in_len, mac,
                  sizeof(mac), &len) == NULL ||
        len != sizeof(mac)) {
        return false;
    }
    memcpy(out, mac, sizeof(mac));
    return true;
}

enum assay_code
mint_hmac_sha256(const uint8_t key[MINT_SEED_BYTES], struct assay_slice in,
                 uint8_t out[MINT_SHA256_BYTES], struct assay_error *err)
{
    if (!hmac(key, in.ptr, in.len, out)) {
        return fail_crypto(err, "HMAC failed");
    }
    return ASSAY_OK;
}

/* The point of n * G as x || y; x alone where only that is wanted. */
static bool
multiply_base(const EC_GROUP *group, const BIGNUM *n, BIGNUM *x, BIGNUM *y,
              BN_CTX *ctx)
{
    EC_POINT *point = EC_POINT_new(group);
    bool good = point != NULL &&
                EC_POINT_mul(group, point, n, NULL, NULL, ctx) == 1 &&
                EC_POINT_get_affine_coordinates(group, point, x, y, ctx) == 1;

    EC_POINT_clear_free(point);
    return good;
}

static bool
public_point(struct mint_key *key)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *x = BN_new();
    BIGNUM *y = BN_new();
    bool good = ctx != NULL && x != NULL && y != NULL &&
                multiply_base(key->group, key->scalar, x, y, ctx) &&
                BN_bn2binpad(x, key->point, 32) == 32 &&
                BN_bn2binpad(y, key->point + 32, 32) == 32;

    BN_free(y);
    BN_free(x);
    BN_CTX_free(ctx);
    return good;
}

enum assay_code
mint_key_from_scalar(const uint8_t scalar[MINT_SCALAR_BYTES],
                     struct mint_key **out, struct assay_error *err)
{
    enum assay_code code = ASSAY_OK;
    struct mint_key *key = calloc(1, sizeof(*key));

    *out = NULL;
    if (key == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "mint: no memory for a key");
    }
    memcpy(key->scalar_bytes, scalar, MINT_SCALAR_BYTES);
    key->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    key->scalar = BN_bin2bn(scalar, MINT_SCALAR_BYTES, NULL);
    if (key->group == NULL || key->scalar == NULL) {
        code = fail_crypto(err, "OpenSSL does not offer P-256");
    } else if (BN_is_zero(key->scalar) ||
               BN_cmp(key->scalar, EC_GROUP_get0_order(key->group)) >= 0) {
        code = assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "mint: no private key of P-256");
    } else if (!public_point(key)) {
        code = fail_crypto(err, "a public key could not be computed");
    }
    if (code != ASSAY_OK) {
        mint_key_free(key);
        return code;
    }
    *out = key;
    return ASSAY_OK;
}

/* After the last try: what it said, unless that it was no key again. */
static enum assay_code
fail_key(struct assay_error *err, const struct assay_error *tried)
{
    if (tried->code == ASSAY_INVALID) {
        return fail_crypto(err, "no key could be made");
    }
    return assay_fail(err, tried->code, tried->offset, "%s", tried->msg);
}

/* About one candidate in 2^32 is above the order: try the next. */
enum { KEY_TRIES = 8 };

enum assay_code
mint_key_random(struct mint_key **out, struct assay_error *err)
{
    uint8_t scalar[MINT_SCALAR_BYTES];
    enum assay_code code = ASSAY_INVALID;
    struct assay_error tried;

    assay_error_clear(&tried);
    *out = NULL;
    for (int i = 0; i < KEY_TRIES && code == ASSAY_INVALID; i++) {
        assay_error_clear(&tried);
        if (RAND_priv_bytes(scalar, sizeof(scalar)) != 1) {
            return fail_crypto(err, "no random numbers");
        }
        code = mint_key_from_scalar(scalar, out, &tried);
    }
    OPENSSL_cleanse(scalar, sizeof(scalar));
    return code == ASSAY_OK ? code : fail_key(err, &tried);
}

enum assay_code
mint_key_derive(const uint8_t seed[MINT_SEED_BYTES], const char *label,
                struct mint_key **out, struct assay_error *err)
{
    uint8_t scalar[MINT_SCALAR_BYTES];
    enum assay_code code = ASSAY_INVALID;
    struct assay_error tried;

    assay_error_clear(&tried);
    *out = NULL;
    for (int i = 0; i < KEY_TRIES && code == ASSAY_INVALID; i++) {
        char text[MINT_LABEL_MAX + 32];
        int len =
            snprintf(text, sizeof(text), "assay mint key 1: %s #%d", label, i);

        if (len < 0 || (size_t)len >= sizeof(text)) {
            return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                              "mint: the key's label is too long");
        }
        if (!hmac(seed, (const uint8_t *)text, (size_t)len, scalar)) {
            return fail_crypto(err, "HMAC failed");
        }
        assay_error_clear(&tried);
        code = mint_key_from_scalar(scalar, out, &tried);
    }
    OPENSSL_cleanse(scalar, sizeof(scalar));
    return code == ASSAY_OK ? code : fail_key(err, &tried);
}

void
mint_key_free(struct mint_key *key)
{
    if (key == NULL) {
        return;
    }
    BN_clear_free(key->scalar);
    EC_GROUP_free(key->group);
    OPENSSL_cleanse(key, sizeof(*key));
    free(key);
}

const uint8_t *
mint_key_public(const struct mint_key *key)
{
    return key->point;
}

const uint8_t *
mint_key_scalar(const struct mint_key *key)
{
    return key->scalar_bytes;
}

/* The nonce generator of RFC 6979, section 3.2. */
struct nonce {
    uint8_t k[32];
    uint8_t v[32];
};

/* Steps d to g: one round with a separator octet and the seed material. */
static bool
nonce_mix(struct nonce *g, uint8_t separator, const uint8_t *seed, size_t len)
{
    uint8_t in[32 + 1 + 64];
    bool good;

    memcpy(in, g->v, 32);
    in[32] = separator;
    if (len > 0) {
        memcpy(in + 33, seed, len);
    }
    good = hmac(g->k, in, 33 + len, g->k) && hmac(g->k, g->v, 32, g->v);
    OPENSSL_cleanse(in, sizeof(in));
    return good;
}

static bool
nonce_init(struct nonce *g, const uint8_t scalar[32], const uint8_t z[32])
{
    uint8_t seed[64];
    bool good;

    memset(g->k, 0x00, 32);
    memset(g->v, 0x01, 32);
    memcpy(seed, scalar, 32);
    memcpy(seed + 32, z, 32);
    good = nonce_mix(g, 0x00, seed, sizeof(seed)) &&
           nonce_mix(g, 0x01, seed, sizeof(seed));
    OPENSSL_cleanse(seed, sizeof(seed));
    return good;
}

/* Numbers of one signature, allocated together. */
struct numbers {
    BN_CTX *ctx;
    BIGNUM *z, *k, *r, *s, *inverse;
};

static bool
numbers_init(struct numbers *n)
{
    n->ctx = BN_CTX_secure_new();
    n->z = BN_new();
    n->k = BN_new();
    n->r = BN_new();
    n->s = BN_new();
    n->inverse = BN_new();
    return n->ctx != NULL && n->z != NULL && n->k != NULL && n->r != NULL &&
           n->s != NULL && n->inverse != NULL;
}

static void
numbers_free(struct numbers *n)
{
    BN_clear_free(n->inverse);
    BN_free(n->s);
    BN_free(n->r);
    BN_clear_free(n->k);
    BN_free(n->z);
    BN_CTX_free(n->ctx);
}

/* r and s for the nonce in n->k; false if the arithmetic failed. */
static bool
sign_with_nonce(const struct mint_key *key, const BIGNUM *order,
                struct numbers *n)
{
    return multiply_base(key->group, n->k, n->r, NULL, n->ctx) &&
           BN_nnmod(n->r, n->r, order, n->ctx) == 1 &&
           BN_mod_inverse(n->inverse, n->k, order, n->ctx) != NULL &&
           BN_mod_mul(n->s, n->r, key->scalar, order, n->ctx) == 1 &&
           BN_mod_add(n->s, n->s, n->z, order, n->ctx) == 1 &&
           BN_mod_mul(n->s, n->s, n->inverse, order, n->ctx) == 1;
}

static bool
sign_digest(const struct mint_key *key, const uint8_t hash[32],
            struct numbers *n, uint8_t sig[MINT_SIG_BYTES])
{
    const BIGNUM *order = EC_GROUP_get0_order(key->group);
    struct nonce g;
    uint8_t z[32];
    bool good = BN_bin2bn(hash, 32, n->z) != NULL &&
                BN_nnmod(n->z, n->z, order, n->ctx) == 1 &&
                BN_bn2binpad(n->z, z, 32) == 32 &&
                nonce_init(&g, key->scalar_bytes, z);
    bool done = false;

    while (good && !done) {
        good = hmac(g.k, g.v, 32, g.v) && BN_bin2bn(g.v, 32, n->k) != NULL;
        if (good && !BN_is_zero(n->k) && BN_cmp(n->k, order) < 0) {
            good = sign_with_nonce(key, order, n);
            done = good && !BN_is_zero(n->r) && !BN_is_zero(n->s);
        }
        if (good && !done) {
            good = nonce_mix(&g, 0x00, NULL, 0);
        }
    }
    OPENSSL_cleanse(&g, sizeof(g));
    return good && BN_bn2binpad(n->r, sig, 32) == 32 &&
           BN_bn2binpad(n->s, sig + 32, 32) == 32;
}

enum assay_code
mint_key_sign(const struct mint_key *key, struct assay_slice message,
              uint8_t sig[MINT_SIG_BYTES], struct assay_error *err)
{
    uint8_t hash[MINT_SHA256_BYTES];
    struct numbers n;
    enum assay_code code = mint_sha256(message, hash, err);

    if (code != ASSAY_OK) {
        return code;
    }
    if (!numbers_init(&n) || !sign_digest(key, hash, &n, sig)) {
        code = fail_crypto(err, "a signature could not be made");
    }
    numbers_free(&n);
    return code;
}
