/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quote.h - an Intel SGX or TDX quote, from bytes to a read-only view.
 *
 * Nothing is authenticated here: see assay/verify.h.
 * Layouts: Intel SGX ECDSA quote library reference (quote version 3), Intel
 * TDX DCAP quoting library API (versions 4 and 5). Integers are little-endian.
 */
#pragma once

#include "assay/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_QUOTE_MAX_BYTES (64u * 1024u) /* our limit, not Intel's */
#define ASSAY_QUOTE_MIN_BYTES 1020u         /* the smallest that Intel reads */

enum assay_tee { ASSAY_TEE_SGX = 0x00, ASSAY_TEE_TDX = 0x81 };

/* Body types as version 5 numbers them; versions 3 and 4 imply one. */
enum assay_body_type {
    ASSAY_BODY_SGX = 1,    /* enclave report, 384 bytes */
    ASSAY_BODY_TD10 = 2,   /* TD report 1.0, 584 bytes */
    ASSAY_BODY_TD15 = 3,   /* TD report 1.5, 648 bytes */
    ASSAY_BODY_TD15EX = 4, /* TD report 1.5 extended, 885 bytes */
};

/* Certification data types of the QE report. */
enum assay_cert_type {
    ASSAY_CERT_PPID_CLEAR = 1,   /* 36 bytes */
    ASSAY_CERT_PPID_RSA2048 = 2, /* 276 bytes */
    ASSAY_CERT_PPID_RSA3072 = 3, /* 404 bytes */
    ASSAY_CERT_PCK_LEAF = 4,     /* PEM, leaf only */
    ASSAY_CERT_PCK_CHAIN = 5,    /* PEM, leaf, intermediate, root */
};

/* Enclave report (also that of the quoting enclave), 384 bytes. */
struct assay_sgx_report {
    struct assay_slice raw;    /* all 384 bytes */
    struct assay_slice cpusvn; /* 16 */
    uint32_t miscselect;
    struct assay_slice attributes; /* 16: flags (8), XFRM (8) */
    struct assay_slice mrenclave;  /* 32 */
    struct assay_slice mrsigner;   /* 32 */
    uint16_t isvprodid;
    uint16_t isvsvn;
    struct assay_slice isvextprodid; /* 16, zero without KSS */
    struct assay_slice configid;     /* 64, zero without KSS */
    uint16_t configsvn;
    struct assay_slice isvfamilyid; /* 16, zero without KSS */
    struct assay_slice report_data; /* 64 */
};

#define ASSAY_SGX_FLAG_INIT  UINT64_C(0x01)
#define ASSAY_SGX_FLAG_DEBUG UINT64_C(0x02)

/* TD report 1.0, 1.5 or 1.5 extended. Fields that a body does not have are
 * empty slices. */
struct assay_td_report {
    struct assay_slice raw;
    struct assay_slice tee_tcb_svn;    /* 16: [0] module SVN, [1] its version */
    struct assay_slice mr_seam;        /* 48 */
    struct assay_slice mr_signer_seam; /* 48 */
    struct assay_slice seam_attributes; /* 8 */
    uint64_t td_attributes;
    uint64_t xfam;
    struct assay_slice mr_td;           /* 48 */
    struct assay_slice mr_config_id;    /* 48 */
    struct assay_slice mr_owner;        /* 48 */
    struct assay_slice mr_owner_config; /* 48 */
    struct assay_slice rtmr[4];         /* 48 each */
    struct assay_slice report_data;     /* 64 */
    /* from 1.5 on */
    struct assay_slice tee_tcb_svn2;  /* 16: the module that runs now */
    struct assay_slice mr_service_td; /* 48 */
    /* 1.5 extended */
    struct assay_slice vm_id;            /* 1 */
    struct assay_slice td_id;            /* 32 */
    struct assay_slice dev_info;         /* 48 */
    struct assay_slice init_servtd_hash; /* 48 */
    struct assay_slice init_servtd_attr; /* 8 */
    struct assay_slice init_cpusvn;      /* 16 */
    struct assay_slice init_tee_tcb_svn; /* 16 */
    struct assay_slice init_tee_fmspc;   /* 12 */
    struct assay_slice cur_servtd_hash;  /* 48 */
    struct assay_slice cur_servtd_attr;  /* 8 */
};

#define ASSAY_TD_ATTR_DEBUG           (UINT64_C(1) << 0)
#define ASSAY_TD_ATTR_TUD             UINT64_C(0xff) /* bits 0-7: TD under debug */
#define ASSAY_TD_ATTR_SEPT_VE_DISABLE (UINT64_C(1) << 28)

/* The parsed quote; slices point into its own copy of the bytes. */
struct assay_quote_view {
    struct assay_slice raw;          /* the whole input */
    uint16_t version;                /* 3, 4 or 5 */
    uint16_t att_key_type;           /* 2 = ECDSA-256-with-P-256 */
    uint32_t tee_type;               /* enum assay_tee */
    uint16_t header_word8;           /* v3: QE SVN */
    uint16_t header_word10;          /* v3: PCE SVN */
    struct assay_slice qe_vendor_id; /* 16 */
    struct assay_slice user_data;    /* 20; the first 16 are the QE ID */
    enum assay_body_type body_type;
    struct assay_sgx_report sgx;        /* body type 1 */
    struct assay_td_report td;          /* body types 2 to 4 */
    struct assay_slice report_data;     /* 64, of whichever body */
    struct assay_slice signed_bytes;    /* what the attestation key signed */
    uint32_t signature_section_len;     /* bytes, as the quote says */
    struct assay_slice signature;       /* 64: r || s */
    struct assay_slice attestation_key; /* 64: x || y */
    struct assay_sgx_report qe_report;
    struct assay_slice qe_report_signature; /* 64: r || s */
    struct assay_slice qe_auth_data;
    enum assay_cert_type cert_type;
    struct assay_slice cert_data;
    size_t trailing_len; /* bytes after the signature section; ignored */
};

struct assay_quote; /* opaque; owns a copy of its bytes */

/* Parse a quote of version 3, 4 or 5.
 *
 * raw   untrusted bytes; may be freed after the call.
 * *out  new quote, freed with assay_quote_free(); NULL unless ASSAY_OK.
 * err   always written; msg names the field.
 *
 * Returns ASSAY_OK; ASSAY_TRUNCATED; ASSAY_MALFORMED (sizes that contradict
 * each other); ASSAY_UNSUPPORTED (version, key type, TEE, vendor, body or
 * certification data type); ASSAY_TOO_LARGE; ASSAY_NO_MEMORY.
 */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_quote_parse(struct assay_slice raw, struct assay_quote **out,
                  struct assay_error *err);
ASSAY_API void assay_quote_free(struct assay_quote *q); /* NULL is fine */
/* Valid as long as the quote. */
ASSAY_API const struct assay_quote_view *
assay_quote_view(const struct assay_quote *q);

/* Every field as one JSON object (hex for bytes), indented; appended to out.
 * ASSAY_OK, ASSAY_TOO_LARGE or ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_quote_to_json(const struct assay_quote *q, struct assay_buf *out,
                    struct assay_error *err);

#ifdef __cplusplus
}
#endif
