/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * crl.h - writing CRLs in the shape of Intel's (RFC 5280 section 5).
 */
#pragma once

#include "mint/x509_write.h"

#define MINT_CRL_NUMBER (1u << 0)
#define MINT_CRL_AKI    (1u << 1)
#define MINT_CRL_NEXT   (1u << 2) /* nextUpdate; only for `omit` */
#define MINT_CRL_REASON (1u << 3) /* of the entries; only for `omit` */

#define MINT_REVOKED_MAX 8

/* Certificates of the world to revoke, for `revoke`. */
#define MINT_REVOKE(cert) (1u << (cert))

enum mint_form { MINT_FORM_DER, MINT_FORM_HEX, MINT_FORM_PEM };

struct mint_crl_options {
    const struct mint_name *issuer; /* default: the issuer's subject */
    unsigned version;               /* 2; 1 writes no version field */
    int64_t this_update_s;          /* Unix seconds */
    int64_t next_update_s;
    enum mint_time_form time_form;
    unsigned revoke;                       /* MINT_REVOKE(MINT_CERT_PCK) ... */
    const char *revoked[MINT_REVOKED_MAX]; /* more serials; NULL ends */
    unsigned fill;      /* so many made-up serials (20 bytes, 0x5f...) before */
    const char *number; /* "01" */
    const char *aki;    /* default: the issuer's SKI */
    unsigned omit;      /* MINT_CRL_... */
    unsigned duplicate; /* MINT_CRL_NUMBER, MINT_CRL_AKI */
    struct mint_extension extra[MINT_EXTRA_MAX];
    struct mint_extension entry_extra; /* on the first entry */
    struct mint_signing signing;
    struct mint_patch patch_tbs; /* before signing */
    struct mint_patch patch;     /* on the finished DER */
    enum mint_form form; /* as part of the collateral; bundles hold hex */
};

/* What a CRL gets from its surroundings. */
struct mint_crl_context {
    const struct mint_name *issuer_name;
    struct assay_slice issuer_key_id;
    const struct mint_key *signer;
    /* Serials by enum mint_cert_id, for `revoke`. */
    struct assay_slice serials[MINT_CERT_COUNT];
};

/* Appends the DER of a CRL; options must be filled. */
ASSAY_MUST_CHECK enum assay_code
mint_crl_write(const struct mint_crl_options *o,
               const struct mint_crl_context *c, struct assay_buf *out,
               struct assay_error *err);

/* Appends DER as it is, as hex, or as PEM. */
void mint_crl_encode(struct assay_buf *out, struct assay_slice der,
                     enum mint_form form);
