/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * crypto.h - the whole contract between Assay and a cryptographic library.
 * Only the *_openssl.c beside it name OpenSSL.
 *
 * A context (assay_ctx_new() in assay/verify.h) holds what is fetched once; it
 * is immutable after creation and may be used by several threads at a time.
 */
#pragma once

#include "base/bytes.h"

#define ASSAY_SHA1_BYTES       20
#define ASSAY_SHA256_BYTES     32
#define ASSAY_SHA384_BYTES     48
#define ASSAY_SHA512_BYTES     64
#define ASSAY_P256_POINT_BYTES 64 /* x || y, big-endian, no 0x04 */
#define ASSAY_P256_SIG_BYTES   64 /* r || s, big-endian */

struct assay_ctx;  /* assay/verify.h: own OSSL_LIB_CTX, digests, parameters */
struct assay_p256; /* a public key, ready to verify; reference-counted */
struct assay_lock; /* a mutex; does nothing in builds without threads */

/* "3.5.7": of the library in use; static storage. */
const char *assay_crypto_version(void);

/* SHA-1 is there for the handshake of RFC 6455, where it secures nothing. */
enum assay_digest { ASSAY_SHA256, ASSAY_SHA384, ASSAY_SHA512, ASSAY_SHA1 };
#define ASSAY_DIGESTS 4

/* Digest of the parts one after another into out (its size by alg). */
ASSAY_MUST_CHECK enum assay_code assay_digest(const struct assay_ctx *c,
                                              enum assay_digest alg,
                                              const struct assay_slice *parts,
                                              size_t count, uint8_t *out,
                                              struct assay_error *err);
/* SHA-256 of one slice. */
enum assay_code assay_sha256(const struct assay_ctx *c, struct assay_slice in,
                             uint8_t out[ASSAY_SHA256_BYTES],
                             struct assay_error *err);

/* HMAC-SHA-256 (RFC 2104). ASSAY_CRYPTO; then out is all zero. */
ASSAY_MUST_CHECK enum assay_code
assay_hmac_sha256(const struct assay_ctx *c, struct assay_slice key,
                  struct assay_slice in, uint8_t out[ASSAY_SHA256_BYTES],
                  struct assay_error *err);
/* How long it takes does not depend on what the bytes are. */
bool assay_secret_equal(const uint8_t *a, const uint8_t *b, size_t n);
/* Zeroes what is not used any more, in spite of the compiler. */
void assay_wipe(void *p, size_t n);

/* ASSAY_MALFORMED if xy is no point of the curve (FIPS 186-5, D.1). *out is
 * NULL unless ASSAY_OK; released with assay_p256_free(). */
ASSAY_MUST_CHECK enum assay_code
assay_p256_new(const struct assay_ctx *c,
               const uint8_t xy[ASSAY_P256_POINT_BYTES],
               struct assay_p256 **out, struct assay_error *err);
struct assay_p256 *assay_p256_ref(struct assay_p256 *key);
void assay_p256_free(struct assay_p256 *key); /* NULL is fine */

/* ECDSA over a SHA-256 digest. *good says whether the signature is right;
 * r or s of zero or above the order is a wrong signature, not an error.
 * ASSAY_CRYPTO or ASSAY_NO_MEMORY if it could not be tried. */
ASSAY_MUST_CHECK enum assay_code
assay_p256_verify(const struct assay_ctx *c, struct assay_p256 *key,
                  const uint8_t digest[ASSAY_SHA256_BYTES],
                  const uint8_t sig[ASSAY_P256_SIG_BYTES], bool *good,
                  struct assay_error *err);

ASSAY_MUST_CHECK struct assay_lock *assay_lock_new(void); /* NULL: no memory */
void assay_lock_free(struct assay_lock *l);               /* NULL is fine */
void assay_lock_take(struct assay_lock *l);
void assay_lock_release(struct assay_lock *l);
