/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * keys.h - P-256 test keys and the digests that certificates need.
 * keys_openssl.c is the only file of mint/ that names OpenSSL.
 *
 * Signatures are deterministic (RFC 6979), so equal keys and equal bytes give
 * equal signatures. Not hardened against side channels: test keys only.
 */
#pragma once

#include "assay/bytes.h"

#define MINT_SEED_BYTES   32
#define MINT_SCALAR_BYTES 32
#define MINT_POINT_BYTES  64 /* x || y, big-endian */
#define MINT_SIG_BYTES    64 /* r || s, big-endian */
#define MINT_SHA1_BYTES   20
#define MINT_SHA256_BYTES 32
#define MINT_LABEL_MAX    64 /* bytes of a key's label */

struct mint_key; /* opaque, immutable */

/* A key from the system's random numbers. */
ASSAY_MUST_CHECK enum assay_code mint_key_random(struct mint_key **out,
                                                 struct assay_error *err);
/* The same seed and label give the same key. */
ASSAY_MUST_CHECK enum assay_code
mint_key_derive(const uint8_t seed[MINT_SEED_BYTES], const char *label,
                struct mint_key **out, struct assay_error *err);
/* ASSAY_INVALID unless 0 < scalar < order of the curve. */
ASSAY_MUST_CHECK enum assay_code
mint_key_from_scalar(const uint8_t scalar[MINT_SCALAR_BYTES],
                     struct mint_key **out, struct assay_error *err);
void mint_key_free(struct mint_key *key); /* NULL is fine */

/* x || y; lives as long as the key. */
const uint8_t *mint_key_public(const struct mint_key *key);
/* The private scalar; lives as long as the key. */
const uint8_t *mint_key_scalar(const struct mint_key *key);

/* ECDSA with SHA-256 over the message, r || s. */
ASSAY_MUST_CHECK enum assay_code mint_key_sign(const struct mint_key *key,
                                               struct assay_slice message,
                                               uint8_t sig[MINT_SIG_BYTES],
                                               struct assay_error *err);

ASSAY_MUST_CHECK enum assay_code mint_sha1(struct assay_slice in,
                                           uint8_t out[MINT_SHA1_BYTES],
                                           struct assay_error *err);
ASSAY_MUST_CHECK enum assay_code mint_sha256(struct assay_slice in,
                                             uint8_t out[MINT_SHA256_BYTES],
                                             struct assay_error *err);
ASSAY_MUST_CHECK enum assay_code
mint_hmac_sha256(const uint8_t key[MINT_SEED_BYTES], struct assay_slice in,
                 uint8_t out[MINT_SHA256_BYTES], struct assay_error *err);
