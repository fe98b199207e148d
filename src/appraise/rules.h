/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rules.h - what the relying party asks beyond a genuine quote.
 */
#pragma once

#include "appraise/verdict.h"
#include "assay/verify.h"
#include "collateral/collateral.h"
#include "dcap/dcap.h"
#include "policy/policy.h"

struct assay_rules_input {
    const struct assay_ctx *ctx;
    const struct assay_policy *policy;
    const struct assay_quote_view *quote;
    const struct assay_collateral *collateral;
    const struct assay_dcap_result *dcap;
    int64_t now_s;
    /* as in struct assay_verify_input */
    const struct assay_eventlog *event_log;
    struct assay_slice app_compose;
    struct assay_slice vm_config;
    const struct assay_binding *binding;
    const struct assay_stored *stored;
    struct assay_evaluations seen;
};

/* Adds the rows of the relying party to the verdict. Rules about the TCB and
 * the collateral run only if every check of the evidence passed; rules about
 * the body only if the quote is genuine; rules about events only if the log
 * replays to its registers. An error (in err, which must be clear) means that
 * memory or the cryptographic library failed; the verdict is worthless then. */
ASSAY_MUST_CHECK enum assay_code
assay_rules_judge(const struct assay_rules_input *in, struct assay_verdict *v,
                  struct assay_error *err);
