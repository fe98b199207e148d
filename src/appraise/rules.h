/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rules.h - what the relying party asks beyond a genuine quote.
 */
#pragma once

#include "appraise/verdict.h"
#include "assay/quote.h"
#include "collateral/collateral.h"
#include "dcap/dcap.h"
#include "policy/policy.h"

struct assay_rules_input {
    const struct assay_policy *policy;
    const struct assay_quote_view *quote;
    const struct assay_collateral *collateral;
    const struct assay_dcap_result *dcap;
    int64_t now_s;
};

/* Adds the rows of the relying party to the verdict. Rules about the TCB and
 * the collateral run only if every check of the evidence passed; rules about
 * the body only if the quote is genuine. */
void assay_rules_judge(const struct assay_rules_input *in,
                       struct assay_verdict *v);
