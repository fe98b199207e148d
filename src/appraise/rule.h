/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rule.h - the single rules of the relying party: whether the policy wants one
 * (`wants`, `forbids`) and how it went (`judge`). A rule is judged only after
 * the checks that it rests on have passed (rules.c: rules).
 */
#pragma once

#include "appraise/rules.h"

struct assay_rule_run {
    const struct assay_rules_input *in;
    struct assay_verdict *v;
    struct assay_checks *checks;
    const struct assay_policy *policy;
    const struct assay_quote_view *quote;
};

bool assay_rule_is_tdx(const struct assay_rule_run *r);

/* rules_tcb.c */
void assay_rule_judge_tcb_status(struct assay_rule_run *r,
                                 enum assay_check_id id);
bool assay_rule_wants_grace(const struct assay_rule_run *r);
void assay_rule_judge_grace(struct assay_rule_run *r, enum assay_check_id id);
bool assay_rule_wants_evaluation(const struct assay_rule_run *r);
void assay_rule_judge_evaluation(struct assay_rule_run *r,
                                 enum assay_check_id id);
bool assay_rule_wants_tcb_date(const struct assay_rule_run *r);
void assay_rule_judge_tcb_date(struct assay_rule_run *r,
                               enum assay_check_id id);
bool assay_rule_wants_advisories(const struct assay_rule_run *r);
void assay_rule_judge_advisories(struct assay_rule_run *r,
                                 enum assay_check_id id);
bool assay_rule_wants_age(const struct assay_rule_run *r);
void assay_rule_judge_age(struct assay_rule_run *r, enum assay_check_id id);

/* rules_body.c */
bool assay_rule_forbids_debug(const struct assay_rule_run *r);
void assay_rule_judge_debug(struct assay_rule_run *r, enum assay_check_id id);
bool assay_rule_wants_sept(const struct assay_rule_run *r);
void assay_rule_judge_sept(struct assay_rule_run *r, enum assay_check_id id);
bool assay_rule_forbids_service_td(const struct assay_rule_run *r);
void assay_rule_judge_service_td(struct assay_rule_run *r,
                                 enum assay_check_id id);
bool assay_rule_wants_td_attributes(const struct assay_rule_run *r);
void assay_rule_judge_td_attributes(struct assay_rule_run *r,
                                    enum assay_check_id id);
bool assay_rule_wants_xfam(const struct assay_rule_run *r);
void assay_rule_judge_xfam(struct assay_rule_run *r, enum assay_check_id id);
bool assay_rule_wants_tee_tcb_svn(const struct assay_rule_run *r);
void assay_rule_judge_tee_tcb_svn(struct assay_rule_run *r,
                                  enum assay_check_id id);
void assay_rule_judge_register(struct assay_rule_run *r,
                               enum assay_check_id id);
bool assay_rule_wants_mrenclave(const struct assay_rule_run *r);
void assay_rule_judge_mrenclave(struct assay_rule_run *r,
                                enum assay_check_id id);
bool assay_rule_wants_mrsigner(const struct assay_rule_run *r);
void assay_rule_judge_mrsigner(struct assay_rule_run *r,
                               enum assay_check_id id);
bool assay_rule_wants_isvprodid(const struct assay_rule_run *r);
void assay_rule_judge_isvprodid(struct assay_rule_run *r,
                                enum assay_check_id id);
bool assay_rule_wants_isvsvn(const struct assay_rule_run *r);
void assay_rule_judge_isvsvn(struct assay_rule_run *r, enum assay_check_id id);
