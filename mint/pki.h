/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pki.h - writing certificates in the shape of Intel's (RFC 5280).
 */
#pragma once

#include "mint/sgx_ext.h"
#include "mint/x509_write.h"

/* Extensions, for bit masks; written in this order. */
#define MINT_EXT_AKI               (1u << 0)
#define MINT_EXT_CRL_POINTS        (1u << 1)
#define MINT_EXT_SKI               (1u << 2)
#define MINT_EXT_KEY_USAGE         (1u << 3)
#define MINT_EXT_BASIC_CONSTRAINTS (1u << 4)
#define MINT_EXT_SGX               (1u << 5)
#define MINT_EXT_ALL               0x3fu

/* Key usage, RFC 5280 section 4.2.1.3. */
#define MINT_KU_DIGITAL_SIGNATURE (1u << 0)
#define MINT_KU_NON_REPUDIATION   (1u << 1)
#define MINT_KU_KEY_ENCIPHERMENT  (1u << 2)
#define MINT_KU_CERT_SIGN         (1u << 5)
#define MINT_KU_CRL_SIGN          (1u << 6)
#define MINT_KU_NONE              (1u << 16) /* the extension with no bit */

/* pathlen: 0 is the default. */
#define MINT_PATHLEN(n)   ((n) + 1)
#define MINT_PATHLEN_NONE (-1)

/* What is wrong with the public key. */
enum mint_spki {
    MINT_SPKI_DEFAULT,     /* id-ecPublicKey, prime256v1, uncompressed */
    MINT_SPKI_OTHER_CURVE, /* says secp384r1 */
    MINT_SPKI_COMPRESSED,
    MINT_SPKI_OFF_CURVE, /* one bit of y flipped */
};

struct mint_cert_options {
    struct mint_name subject;
    const struct mint_name *issuer; /* default: the issuer's subject */
    unsigned version;               /* 3; 1 writes no version field */
    const char *serial;             /* default: the key identifier */
    bool negative_serial;           /* writes the serial's bytes as they are */
    int64_t not_before_s;           /* Unix seconds */
    int64_t not_after_s;
    enum mint_time_form time_form;
    const char *ski; /* default: SHA-1 of the public key */
    const char *aki; /* default: the issuer's SKI */
    const char *crl_url;
    unsigned key_usage;     /* MINT_KU_... */
    enum mint_answer ca;    /* by role */
    int pathlen;            /* MINT_PATHLEN(n) or MINT_PATHLEN_NONE; by role */
    unsigned omit;          /* MINT_EXT_...: extensions left out */
    unsigned duplicate;     /* MINT_EXT_...: extensions written twice */
    unsigned flip_critical; /* MINT_EXT_...: critical where Intel's is not */
    struct mint_extension extra[MINT_EXTRA_MAX];
    enum mint_key_id subject_key; /* whose public key is in it */
    enum mint_spki spki;
    struct mint_signing signing;
    struct mint_patch patch_tbs; /* before signing */
    struct mint_patch patch;     /* on the finished DER */
};

/* What a certificate gets from its surroundings. */
struct mint_cert_context {
    const struct mint_name *issuer_name;
    struct assay_slice issuer_key_id;
    const struct mint_key *subject_key;
    const struct mint_key *signer;
    const struct mint_sgx_ext_options *sgx; /* NULL: no SGX extension */
};

/* Key identifier: SHA-1 of the uncompressed point (RFC 5280, 4.2.1.2 (1)). */
ASSAY_MUST_CHECK enum assay_code
mint_key_identifier(const struct mint_key *key, uint8_t out[MINT_SHA1_BYTES],
                    struct assay_error *err);

/* Appends the DER of a certificate; options must be filled. */
ASSAY_MUST_CHECK enum assay_code
mint_cert_write(const struct mint_cert_options *o,
                const struct mint_cert_context *c, struct assay_buf *out,
                struct assay_error *err);
