/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * x509_write.h - what certificates and CRLs have in common.
 */
#pragma once

#include "mint/common.h"
#include "mint/der_write.h"

/* Written in Intel's order; NULL is Intel's value, "" leaves the part out. */
struct mint_name {
    const char *common_name;
    const char *organization; /* "Intel Corporation" */
    const char *locality;     /* "Santa Clara" */
    const char *state;        /* "CA" */
    const char *country;      /* "US" */
};

enum mint_algorithm {
    MINT_ALG_DEFAULT, /* ecdsa-with-SHA256 */
    MINT_ALG_ECDSA_SHA384,
    MINT_ALG_ECDSA_SHA256_NULL, /* with the NULL that RFC 5758 forbids */
    MINT_ALG_RSA_SHA256,
};

/* An extension of one's own; oid NULL: none. */
struct mint_extension {
    const char *oid; /* hex of the content octets */
    bool critical;
    const char *value; /* hex of the DER inside the OCTET STRING */
};
#define MINT_EXTRA_MAX 2

/* id-pe 99: well-formed, and known to nobody. */
#define MINT_OID_UNKNOWN                                                       \
    "2b060105050701"                                                           \
    "63"

/* How the signature around a certificate or CRL goes wrong. */
struct mint_signing {
    enum mint_key_id signer;
    enum mint_algorithm inner_algorithm; /* in the signed part */
    enum mint_algorithm outer_algorithm; /* beside the signature */
    bool break_signature;                /* one bit of s */
    unsigned trailing;                   /* zero bytes after the DER */
};

void mint_write_name(struct assay_buf *b, const struct mint_name *name);
void mint_write_algorithm(struct assay_buf *b, enum mint_algorithm alg);
void mint_write_extension(struct assay_buf *b, struct assay_slice oid,
                          bool critical, struct assay_slice value);
void mint_write_extra(struct assay_buf *b,
                      const struct mint_extension extra[MINT_EXTRA_MAX],
                      struct assay_error *err);
/* The value of an AuthorityKeyIdentifier with only a key identifier. */
void mint_write_aki(struct assay_buf *b, struct assay_slice key_id);
/* SEQUENCE { to-be-signed, algorithm, signature }, appended to out. */
ASSAY_MUST_CHECK enum assay_code
mint_write_signed(const struct assay_buf *tbs, const struct mint_key *key,
                  const struct mint_signing *how, struct assay_buf *out,
                  struct assay_error *err);
