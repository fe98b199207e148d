/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * obtain.h - collateral for a quote: from the cache if it is in date there,
 * else from the sources, else stale if the policy's grace allows that.
 */
#pragma once

#include "io/pcs.h"

enum assay_origin {
    ASSAY_ORIGIN_CACHED,
    ASSAY_ORIGIN_FETCHED,
    ASSAY_ORIGIN_STALE, /* no source answered; run out within the grace */
};

struct assay_obtain_input {
    const struct assay_pcs_request *request;
    bool use_cache;
    int64_t now_s;   /* Unix seconds: what "in date" is judged by */
    int64_t grace_s; /* seconds after nextUpdate; 0 for none */
};

/* *out is NULL unless ASSAY_OK. *origin is written only on success. Errors of
 * assay_pcs_fetch(). */
ASSAY_MUST_CHECK enum assay_code
assay_obtain_collateral(const struct assay_ctx *ctx,
                        const struct assay_obtain_input *in,
                        struct assay_collateral **out,
                        enum assay_origin *origin, struct assay_error *err);
