/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * qe_identity.h - writing the identity of a quoting enclave (Intel PCS API
 * version 4).
 */
#pragma once

#include "mint/tcb_info.h"

struct mint_qe_identity_options {
    const char *id;  /* "QE" or "TD_QE", by the quote */
    int32_t version; /* 2 */
    int64_t issue_s; /* Unix seconds */
    int64_t next_update_s;
    int32_t evaluation_number;   /* 18 */
    const char *miscselect;      /* text as written, "00000000" */
    const char *miscselect_mask; /* "FFFFFFFF" */
    const char *attributes;      /* 16 bytes */
    const char *attributes_mask; /* 16 bytes */
    const char *mrsigner;        /* 32 bytes, Intel's, by the quote */
    int32_t isvprodid;           /* 1 or 2, by the quote */
    struct mint_isv_level levels[MINT_LEVELS_MAX]; /* 8, 6 */
    unsigned level_count;                          /* 2 */
    struct mint_json_options json;
};

/* Appends the whole signed document; options must be filled. */
ASSAY_MUST_CHECK enum assay_code
mint_qe_identity_write(const struct mint_qe_identity_options *o,
                       const struct mint_key *key, struct assay_buf *out,
                       struct assay_error *err);
