/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pcs.h - collateral from Intel's PCS or from a PCCS (Intel's caching server).
 *
 * Intel PCS API version 4: four requests, of which three bring an issuer
 * chain in a header. Nothing that arrives is trusted: it is checked for form
 * here and for authenticity when a quote is verified.
 */
#pragma once

#include "assay/collateral.h"
#include "assay/policy.h"
#include "io/fetch.h"

#define ASSAY_PCS_INTEL "" /* names Intel's PCS as a source */
/* Asked before Intel where a policy names no source. */
#define ASSAY_PCS_PHALA       "https://pccs.phala.network"
#define ASSAY_PCS_SOURCES_MAX 16u

struct assay_pcs_request {
    const struct assay_collateral_need *need;
    const char *const *sources; /* base URLs, asked in this order */
    size_t source_count;        /* 1 to ASSAY_PCS_SOURCES_MAX */
    bool early;                 /* update=early: the newest TCB recovery */
    uint32_t evaluation;        /* tcbEvaluationDataNumber; 0: not asked for */
    /* A source that has less than this is passed by, and one whose collateral
     * has run out at now_s or is not as fresh as that; what it has is taken
     * only if no source has better. */
    struct assay_evaluations seen;
    int64_t now_s; /* Unix seconds; 0: dates and freshness do not count */
    struct assay_freshness fresh;
    const struct assay_fetch_options *fetch;
};

/* Is this of the TEE and the platform family that was asked for? What is not
 * may be authentic, but it is of no use. ASSAY_NOT_FOUND. */
ASSAY_MUST_CHECK enum assay_code
assay_pcs_check_platform(const struct assay_collateral *c,
                         const struct assay_collateral_need *need,
                         struct assay_error *err);

/* Ask one source after the other until one delivers all four parts in a form
 * that can be read, in date and fresh as the request says; parts of several
 * sources are never mixed.
 *
 * *bundle  initialised here; the collateral as a bundle file; freed by the
 *          caller, empty unless ASSAY_OK.
 * *out     the same, parsed; NULL unless ASSAY_OK.
 *
 * The message says what each source said. ASSAY_INVALID (a source's URL);
 * ASSAY_TIMEOUT, ASSAY_NOT_FOUND, ASSAY_NETWORK, ASSAY_TOO_LARGE, ... (if all
 * sources failed alike; ASSAY_NETWORK otherwise). */
ASSAY_MUST_CHECK enum assay_code
assay_pcs_fetch(const struct assay_ctx *ctx,
                const struct assay_pcs_request *request,
                struct assay_buf *bundle, struct assay_collateral **out,
                struct assay_error *err);
