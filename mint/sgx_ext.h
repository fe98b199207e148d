/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * sgx_ext.h - the SGX extension of a PCK certificate, 1.2.840.113741.1.13.1.
 */
#pragma once

#include "mint/common.h"

#define MINT_COMPONENTS 16

/* What a platform is; certificates, TCB info and quotes take it from here. */
struct mint_platform {
    const char *fmspc;                   /* 6 bytes */
    const char *pceid;                   /* 2 bytes */
    const char *ppid;                    /* 16 bytes */
    const char *instance_id;             /* 16 bytes; Platform CA only */
    int32_t components[MINT_COMPONENTS]; /* SGX TCB component SVNs */
    int32_t pcesvn;
    const char *cpusvn; /* 16 bytes; default: the components */
};

/* Entries of the extension, by their last OID arc; for bit masks. */
#define MINT_SGX_PPID        (1u << 1)
#define MINT_SGX_TCB         (1u << 2)
#define MINT_SGX_PCEID       (1u << 3)
#define MINT_SGX_FMSPC       (1u << 4)
#define MINT_SGX_TYPE        (1u << 5)
#define MINT_SGX_INSTANCE_ID (1u << 6)
#define MINT_SGX_CONFIG      (1u << 7)

/* Entries of the TCB sequence: components 1-16, PCESVN 17, CPUSVN 18. */
#define MINT_SGX_TCB_ENTRY(n) (1u << (n))
#define MINT_SGX_TCB_PCESVN   MINT_SGX_TCB_ENTRY(17)
#define MINT_SGX_TCB_CPUSVN   MINT_SGX_TCB_ENTRY(18)

enum mint_sgx_type {
    MINT_SGX_TYPE_DEFAULT, /* Scalable; Standard under the Processor CA */
    MINT_SGX_STANDARD,
    MINT_SGX_SCALABLE,
    MINT_SGX_SCALABLE_WITH_INTEGRITY,
    MINT_SGX_TYPE_UNKNOWN, /* a number that Intel has not given out */
};

struct mint_sgx_ext_options {
    struct mint_platform platform; /* default: the world's */
    enum mint_sgx_type type;
    enum mint_answer dynamic_platform; /* yes */
    enum mint_answer cached_keys;      /* yes */
    enum mint_answer smt_enabled;      /* yes */
    enum mint_answer seven_entries;    /* yes under the Platform CA */
    unsigned omit;                     /* MINT_SGX_... */
    unsigned duplicate;                /* MINT_SGX_... */
    unsigned tcb_omit;                 /* MINT_SGX_TCB_... */
    unsigned tcb_duplicate;            /* MINT_SGX_TCB_... */
    bool unknown_entry;                /* adds an entry with arc 8 */
    const char *raw; /* hex of the whole extension value instead */
};

/* Appends the value of the extension; options must be filled. */
void mint_write_sgx_ext(struct assay_buf *b,
                        const struct mint_sgx_ext_options *o,
                        struct assay_error *err);

/* CPUSVN as 16 bytes: as given, or the component SVNs. */
void mint_platform_cpusvn(const struct mint_platform *p, uint8_t out[16],
                          struct assay_error *err);
