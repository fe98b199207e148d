/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * dcap.h - is a quote genuine, and what TCB level does its platform reach?
 */
#pragma once

#include "assay/quote.h"
#include "collateral/collateral.h"
#include "dcap/checks.h"
#include "dcap/facts.h"
#include "dcap/root.h"
#include "dcap/tcb.h"

struct assay_dcap_input {
    const struct assay_ctx *ctx;
    struct assay_facts *facts;
    const struct assay_quote_view *quote;
    const struct assay_collateral *collateral;
    const struct assay_root *root;
    int64_t now_s;              /* Unix seconds */
    int64_t collateral_grace_s; /* seconds after nextUpdate */
};

struct assay_dcap_result {
    struct assay_sgx_extension pck; /* authentic if PCK_CHAIN passed */
    /* The rest is set only if every check passed. */
    enum assay_tcb_status status;       /* NONE otherwise */
    struct assay_tcb_evaluation launch; /* the only one but for v5 */
    bool has_current;                   /* v5 body types 3 and 4 */
    struct assay_tcb_evaluation current;
};

/* Runs every check of the first part of checks.h that applies to the quote.
 * An error (in err, which must be clear) means that the PCK chain could not
 * be read, or that memory or the cryptographic library failed; the checks are
 * worthless then. */
ASSAY_MUST_CHECK enum assay_code
assay_dcap_check(const struct assay_dcap_input *in, struct assay_checks *checks,
                 struct assay_dcap_result *out, struct assay_error *err);
