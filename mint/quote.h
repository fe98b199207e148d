/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quote.h - writing quotes of version 3, 4 and 5 (layouts: assay/quote.h).
 */
#pragma once

#include "assay/quote.h"
#include "mint/sgx_ext.h"

#define MINT_QUOTE_MAX   (1024u * 1024u)
#define MINT_PATCHES_MAX 4

/* An enclave report; of the quoted enclave or of the quoting enclave. */
struct mint_sgx_report_options {
    const char *cpusvn; /* 16; default: the platform's */
    uint32_t miscselect;
    const char *attributes; /* 16: INIT, MODE64BIT; the QE also PROVISION_KEY */
    uint64_t attributes_xor;  /* XORed into the flags: the first 8 octets */
    const char *mrenclave;    /* 32 */
    const char *mrsigner;     /* 32 */
    int32_t isvprodid;        /* 1 for a quoted enclave; QE: 1, TD QE: 2 */
    int32_t isvsvn;           /* 3 for a quoted enclave; QE: 8 */
    const char *isvextprodid; /* 16 */
    const char *configid;     /* 64 */
    uint16_t configsvn;
    const char *isvfamilyid; /* 16 */
    const char *report_data; /* 64; of a QE: the binding of the key */
};

struct mint_td_report_options {
    const char *tee_tcb_svn;      /* 16: 06 01 03 */
    const char *mr_seam;          /* 48 */
    const char *mr_signer_seam;   /* 48, zero */
    const char *seam_attributes;  /* 8, zero */
    uint64_t td_attributes;       /* SEPT_VE_DISABLE */
    uint64_t td_attributes_xor;   /* XORed into it */
    uint64_t xfam;                /* 0x602e7 */
    const char *mr_td;            /* 48 */
    const char *mr_config_id;     /* 48, zero */
    const char *mr_owner;         /* 48, zero */
    const char *mr_owner_config;  /* 48, zero */
    const char *rtmr[4];          /* 48 each */
    const char *report_data;      /* 64 */
    const char *tee_tcb_svn2;     /* 16; default: tee_tcb_svn */
    const char *mr_service_td;    /* 48, zero */
    const char *vm_id;            /* 1, zero */
    const char *td_id;            /* 32 */
    const char *dev_info;         /* 48, zero */
    const char *init_servtd_hash; /* 48, zero */
    const char *init_servtd_attr; /* 8, zero */
    const char *init_cpusvn;      /* 16, zero */
    const char *init_tee_tcb_svn; /* 16, zero */
    const char *init_tee_fmspc;   /* 12, zero */
    const char *cur_servtd_hash;  /* 48, zero */
    const char *cur_servtd_attr;  /* 8, zero */
};

struct mint_quote_options {
    /* header */
    int32_t version;          /* 4; layout 3 up to 3, 5 from 5 on */
    int32_t att_key_type;     /* 2 */
    int32_t tee_type;         /* by the body */
    uint16_t word8;           /* v3: QE SVN */
    uint16_t word10;          /* v3: PCE SVN */
    const char *qe_vendor_id; /* 16, Intel */
    const char *user_data;    /* 20 */
    /* body */
    int32_t body_type;      /* enum assay_body_type; v3: 1, v4: 2, v5: 3 */
    int32_t body_type_word; /* v5: the number written; default body_type */
    int32_t body_size_word; /* v5: the size written; default the body's */
    struct mint_sgx_report_options sgx;
    struct mint_td_report_options td;
    const char *body; /* hex of a whole body instead */
    /* signatures */
    enum mint_key_id attestation_key; /* the one shown, bound and signing */
    enum mint_key_id signer;          /* of the quote, if another */
    enum mint_key_id qe_report_signer;
    bool key_off_curve;      /* shown key is no point; bound as shown */
    bool break_signature;    /* one bit of s */
    bool break_qe_signature; /* one bit of s */
    bool break_binding;      /* one bit of the QE's report data */
    struct mint_sgx_report_options qe;
    int32_t auth_size; /* 32; MINT_ZERO: none; octets 00 01 02 ... */
    /* certification data */
    int32_t outer_type;                      /* 6 */
    int32_t cert_type;                       /* enum assay_cert_type, 5 */
    enum mint_cert_id chain[MINT_CHAIN_MAX]; /* PCK, CA, root; type 4: PCK */
    const char *cert_text;                   /* this text instead of a chain */
    enum mint_answer nul;                    /* a NUL after the chain: yes */
    /* sizes that do not fit: added to what is written, not to the bytes */
    int32_t signature_size_error;
    int32_t outer_size_error;
    int32_t auth_size_error;
    int32_t cert_size_error;
    /* slack: zero bytes ... */
    uint32_t slack_in_cert_data; /* inside the certification data */
    uint32_t slack_in_outer;     /* v4, v5: after it, inside type 6 */
    uint32_t slack_in_signature; /* at the end of the signature section */
    uint32_t trailing;           /* after the signature section */
    uint8_t slack_byte;          /* ... or of this value */
    struct mint_patch patch_signed[MINT_PATCHES_MAX]; /* before signing */
    struct mint_patch patch_qe[MINT_PATCHES_MAX];     /* QE report, likewise */
    struct mint_patch patch[MINT_PATCHES_MAX]; /* on the finished quote */
};

/* What a quote gets from its surroundings. */
struct mint_quote_context {
    const struct mint_platform *platform;
    const struct mint_key *attestation_key;
    const struct mint_key *signer;
    const struct mint_key *qe_report_signer;
    struct assay_slice chain; /* PEM */
};

/* Octets of a body of this type; 0 if there is none such. */
size_t mint_body_size(int32_t body_type);

/* Appends a quote; options must be filled. */
ASSAY_MUST_CHECK enum assay_code
mint_quote_write(const struct mint_quote_options *o,
                 const struct mint_quote_context *c, struct assay_buf *out,
                 struct assay_error *err);

/* The two bodies, written into zeroed memory of their size. */
void mint_sgx_report_write(uint8_t *to, const struct mint_sgx_report_options *o,
                           const struct mint_platform *p,
                           struct assay_error *err);
void mint_td_report_write(uint8_t *to, size_t size,
                          const struct mint_td_report_options *o,
                          struct assay_error *err);
