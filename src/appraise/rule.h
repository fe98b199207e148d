/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rule.h - the single rules of the relying party: whether the policy wants one
 * (`wants`, `forbids`) and how it went (`judge`). A rule is judged only after
 * the checks that it rests on have passed (rules.c: rules).
 */
#pragma once

#include "appraise/rules.h"
#include "eventlog/dstack.h"
#include "eventlog/replay.h"

struct assay_rule_run {
    const struct assay_rules_input *in;
    struct assay_verdict *v;
    struct assay_checks *checks;
    const struct assay_policy *policy;
    const struct assay_quote_view *quote;
    struct assay_error *err; /* memory or the cryptographic library */
    /* What judges hand to those after them. */
    struct assay_replay replay;        /* once EVENT_DIGESTS passed */
    struct assay_dstack_events events; /* once EVENT_RULES passed */
    struct assay_config_id config_id;  /* once CONFIG_ID_EVENTS was judged */
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
bool assay_rule_knows_evaluations(const struct assay_rule_run *r);
bool assay_rule_refuses_rollback(const struct assay_rule_run *r);
void assay_rule_judge_rollback(struct assay_rule_run *r,
                               enum assay_check_id id);

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
/* One of the set is this value. */
bool assay_rule_listed(const struct assay_value_set *set,
                       struct assay_slice actual);
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
bool assay_rule_wants_legacy_tcb(const struct assay_rule_run *r);
void assay_rule_judge_legacy_tcb(struct assay_rule_run *r,
                                 enum assay_check_id id);

/* rules_log.c */
bool assay_rule_wants_log(const struct assay_rule_run *r);
void assay_rule_judge_event_digests(struct assay_rule_run *r,
                                    enum assay_check_id id);
void assay_rule_judge_event_log(struct assay_rule_run *r,
                                enum assay_check_id id);
void assay_rule_judge_event_rules(struct assay_rule_run *r,
                                  enum assay_check_id id);
bool assay_rule_wants_config_id(const struct assay_rule_run *r);
void assay_rule_judge_config_id(struct assay_rule_run *r,
                                enum assay_check_id id);

/* rules_session.c */
bool assay_rule_requires_certificate(const struct assay_rule_run *r);
bool assay_rule_wants_certificate(const struct assay_rule_run *r);
void assay_rule_judge_certificate(struct assay_rule_run *r,
                                  enum assay_check_id id);
bool assay_rule_has_binding(const struct assay_rule_run *r);
void assay_rule_judge_report_data(struct assay_rule_run *r,
                                  enum assay_check_id id);
bool assay_rule_has_no_binding(const struct assay_rule_run *r);
void assay_rule_note_report_data(struct assay_rule_run *r,
                                 enum assay_check_id id);

/* rules_bundle.c */
bool assay_rule_is_bundle(const struct assay_rule_run *r);
void assay_rule_judge_bundle(struct assay_rule_run *r, enum assay_check_id id);

/* rules_workload.c */
/* The compose hash that the TD was started with, and what proves it; NULL:
 * nothing. */
const char *assay_rule_proven_compose(const struct assay_rule_run *r,
                                      struct assay_slice *hash);
bool assay_rule_names_compose(const struct assay_rule_run *r);
bool assay_rule_wants_compose(const struct assay_rule_run *r);
void assay_rule_judge_compose(struct assay_rule_run *r, enum assay_check_id id);
bool assay_rule_wants_os_image(const struct assay_rule_run *r);
void assay_rule_judge_os_image(struct assay_rule_run *r,
                               enum assay_check_id id);
void assay_rule_judge_workload(struct assay_rule_run *r,
                               enum assay_check_id id);
/* Copies what the events and MRCONFIGID prove into the verdict. */
void assay_rule_take_workload(struct assay_rule_run *r);
