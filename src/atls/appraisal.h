/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * appraisal.h - a peer's evidence on its way to a verdict: what both ends of a
 * session do alike.
 */
#pragma once

#include "atls/evidence.h"

struct assay_appraisal {
    struct assay_reply_evidence evidence;
    struct assay_collateral_need need;
    const struct assay_collateral *collateral; /* borrowed */
    struct assay_verdict *verdict;             /* the last one, or NULL */
};

void assay_appraisal_free(struct assay_appraisal *a);
/* Forgets the evidence that was, for new one; the last verdict stays. */
void assay_appraisal_clear(struct assay_appraisal *a);
/* What is needed to judge the evidence that was just read. A quote that no
 * collateral can be found for is an error. */
ASSAY_MUST_CHECK enum assay_code
assay_appraisal_find_need(struct assay_appraisal *a, struct assay_error *err);
/* Verifies, and keeps the verdict. ASSAY_NOT_TRUSTED, or what assay_verify()
 * says. */
ASSAY_MUST_CHECK enum assay_code
assay_appraisal_judge(struct assay_appraisal *a,
                      const struct assay_requirement *by,
                      const struct assay_binding *binding, int64_t now_s,
                      struct assay_error *err);
/* Gives back what only the verification needed; an open session may last for
 * days. The quote stays. */
void assay_appraisal_drop(struct assay_appraisal *a);

/* ASSAY_INVALID: an input is missing, or the policy waits for its
 * compose_file. */
ASSAY_MUST_CHECK enum assay_code
assay_appraisal_check(const struct assay_requirement *by,
                      struct assay_error *err);
/* ASSAY_INVALID for a clock that shows less than collateral has proven. */
ASSAY_MUST_CHECK enum assay_code
assay_appraisal_check_clock(const struct assay_verifier *v, int64_t now_s,
                            struct assay_error *err);
/* Is evidence of then too old for this policy, with so much grace? A clock that
 * went back says nothing about the age: it is. */
bool assay_appraisal_is_stale(const struct assay_policy *policy,
                              int64_t then_ms, int64_t now_ms, int64_t grace_s);
