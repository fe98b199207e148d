/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cert.h - X.509 v3 certificates, just wide enough for Intel's PKI
 * (RFC 5280): ECDSA P-256 with SHA-256, five known extensions and Intel's own.
 */
#pragma once

#include "base/bytes.h"

#define ASSAY_CERT_MAX_BYTES      8192u
#define ASSAY_CERT_MAX_EXTENSIONS 16u

/* Key usage bits, RFC 5280 section 4.2.1.3: bit n is 1 << n. */
#define ASSAY_KU_DIGITAL_SIGNATURE (1u << 0)
#define ASSAY_KU_KEY_CERT_SIGN     (1u << 5)
#define ASSAY_KU_CRL_SIGN          (1u << 6)

#define ASSAY_PATH_LEN_NONE UINT32_MAX

/* Everything borrows the DER. A field whose extension is absent is empty or
 * false; what must be there is for the chain's rules (chain.h) to say. */
struct assay_cert {
    struct assay_slice der;
    struct assay_slice tbs;         /* signed bytes */
    struct assay_slice serial;      /* content octets of the INTEGER */
    struct assay_slice issuer;      /* Name, with tag and length */
    struct assay_slice subject;     /* Name, with tag and length */
    struct assay_slice common_name; /* of the subject */
    int64_t not_before_s;           /* Unix seconds */
    int64_t not_after_s;            /* Unix seconds, inclusive */
    struct assay_slice key;         /* 64: x || y on P-256, not yet checked */
    uint8_t signature[64];          /* r || s */
    struct assay_slice ski;         /* subject key identifier */
    struct assay_slice aki; /* authority key identifier: keyIdentifier */
    bool has_crl_points;
    bool has_key_usage;
    uint32_t key_usage; /* ASSAY_KU_* */
    bool has_basic_constraints;
    bool is_ca;
    uint32_t path_len;                /* ASSAY_PATH_LEN_NONE if not limited */
    struct assay_slice sgx_extension; /* value of 1.2.840.113741.1.13.1 */
};

/* Parses one certificate that must fill `der`. ASSAY_MALFORMED,
 * ASSAY_TRUNCATED, ASSAY_UNSUPPORTED (algorithm, version, unknown critical
 * extension, name constraints), ASSAY_TOO_LARGE. Nothing is verified. */
ASSAY_MUST_CHECK enum assay_code assay_cert_parse(struct assay_slice der,
                                                  struct assay_cert *out,
                                                  struct assay_error *err);

/* Pieces that certificates and CRLs share. */
struct assay_reader;

/* AlgorithmIdentifier ecdsa-with-SHA256 without parameters. */
void assay_x509_signature_algorithm(struct assay_reader *r, const char *field);
/* BIT STRING of ECDSA-Sig-Value into r || s, each 32 octets. */
void assay_x509_signature(struct assay_reader *r, uint8_t out[64],
                          const char *field);
/* keyIdentifier of an AuthorityKeyIdentifier value. */
struct assay_slice assay_x509_key_identifier(struct assay_slice value,
                                             size_t base,
                                             struct assay_error *err);

/* One Extension: its OID, criticality and value; base of value for errors. */
struct assay_x509_extension {
    struct assay_slice oid;
    bool critical;
    struct assay_slice value;
    size_t value_base;
};
void assay_x509_extension(struct assay_reader *r,
                          struct assay_x509_extension *out);
