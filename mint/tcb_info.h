/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tcb_info.h - writing TCB info of versions 2 and 3, SGX and TDX
 * (Intel PCS API version 4).
 */
#pragma once

#include "mint/sgx_ext.h"
#include "mint/signed_json.h"

#define MINT_LEVELS_MAX     8
#define MINT_MODULES_MAX    4
#define MINT_ADVISORIES_MAX 4

struct mint_tcb_level {
    /* Default of level 0: the platform's SVNs, so that it just matches; of
     * the others: 0, so that they match everything. */
    int32_t sgx[MINT_COMPONENTS];
    int32_t pcesvn;
    int32_t tdx[MINT_COMPONENTS];
    int64_t date_s;
    const char *status; /* level 0: "UpToDate"; others: "OutOfDate" */
    const char *advisories[MINT_ADVISORIES_MAX]; /* NULL ends */
};

/* A level of a TDX module or of a quoting enclave. */
struct mint_isv_level {
    int32_t isvsvn;
    int64_t date_s;
    const char *status;
    const char *advisories[MINT_ADVISORIES_MAX]; /* NULL ends */
};

struct mint_tdx_module {
    const char *id;         /* "TDX_01"; of identities only */
    const char *mrsigner;   /* 48 zero bytes, as text */
    const char *attributes; /* "0000000000000000" */
    const char *mask;       /* "FFFFFFFFFFFFFFFF" */
    struct mint_isv_level levels[MINT_LEVELS_MAX];
    unsigned level_count;
};

struct mint_tcb_info_options {
    const char *id;  /* "SGX" or "TDX", by the quote; not in version 2 */
    int32_t version; /* 3 */
    int64_t issue_s; /* Unix seconds */
    int64_t next_update_s;
    const char *fmspc; /* text as written; default: the platform's */
    const char *pceid;
    int32_t tcb_type;          /* 0 */
    int32_t evaluation_number; /* 18 */
    struct mint_tdx_module module;
    struct mint_tdx_module modules[MINT_MODULES_MAX]; /* TDX_03, TDX_01 */
    unsigned module_count;                            /* 2 */
    bool omit_module;  /* leaves tdxModule out of TDX */
    bool omit_modules; /* leaves tdxModuleIdentities out of TDX */
    struct mint_tcb_level levels[MINT_LEVELS_MAX];
    unsigned level_count;         /* 2 */
    unsigned sgx_component_count; /* 16 */
    unsigned tdx_component_count; /* 16 */
    bool reverse_levels;          /* writes the last level first */
    struct mint_json_options json;
};

/* Appends the whole signed document; options must be filled. */
ASSAY_MUST_CHECK enum assay_code
mint_tcb_info_write(const struct mint_tcb_info_options *o,
                    const struct mint_key *key, struct assay_buf *out,
                    struct assay_error *err);
