/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The table `rules` says for each rule when it applies, when it is required,
 * what must be authentic before, and who judges it.
 */
#include "appraise/rules.h"

#include "appraise/rule.h"

bool
assay_rule_is_tdx(const struct assay_rule_run *r)
{
    return r->quote->tee_type == ASSAY_TEE_TDX;
}

static void
judge_tee_type(struct assay_rule_run *r, enum assay_check_id id)
{
    assay_checks_judge(r->checks, id,
                       (uint32_t)r->policy->tee == r->quote->tee_type ? NULL
                       : assay_rule_is_tdx(r)
                           ? "the quote is from TDX, the policy wants SGX"
                           : "the quote is from SGX, the policy wants TDX");
}

static bool
always(const struct assay_rule_run *r)
{
    (void)r;
    return true;
}

/* What must have passed before a rule is judged (as far as it applies): the
 * body of the quote is authentic; or all that src/dcap asks. */
#define GENUINE (ASSAY_CHECK_BIT(QUOTE_SIGNATURE) | ASSAY_CHECK_BIT(TEE_TYPE))
#define PROVEN  ((UINT64_C(1) << ASSAY_CHECK_FIRST_POLICY) - 1)

static const struct rule {
    enum assay_check_id id;
    bool (*wanted)(const struct assay_rule_run *r);
    uint64_t after;
    void (*judge)(struct assay_rule_run *r, enum assay_check_id id);
} rules[] = {
#define RULE(id, wanted, after, judge) {ASSAY_CHECK_##id, wanted, after, judge}
    RULE(TEE_TYPE, always, ASSAY_CHECK_BIT(QUOTE_SIGNATURE), judge_tee_type),
    RULE(TCB_STATUS, always, PROVEN, assay_rule_judge_tcb_status),
    RULE(GRACE_PERIOD, assay_rule_wants_grace, PROVEN, assay_rule_judge_grace),
    RULE(TCB_EVALUATION, assay_rule_wants_evaluation, PROVEN,
         assay_rule_judge_evaluation),
    RULE(TCB_DATE, assay_rule_wants_tcb_date, PROVEN,
         assay_rule_judge_tcb_date),
    RULE(ADVISORIES, assay_rule_wants_advisories, PROVEN,
         assay_rule_judge_advisories),
    RULE(COLLATERAL_AGE, assay_rule_wants_age, PROVEN, assay_rule_judge_age),
    RULE(DEBUG, assay_rule_forbids_debug, GENUINE, assay_rule_judge_debug),
    RULE(SEPT_VE_DISABLE, assay_rule_wants_sept, GENUINE,
         assay_rule_judge_sept),
    RULE(SERVICE_TD, assay_rule_forbids_service_td, GENUINE,
         assay_rule_judge_service_td),
    RULE(TD_ATTRIBUTES, assay_rule_wants_td_attributes, GENUINE,
         assay_rule_judge_td_attributes),
    RULE(XFAM, assay_rule_wants_xfam, GENUINE, assay_rule_judge_xfam),
    RULE(TEE_TCB_SVN, assay_rule_wants_tee_tcb_svn, GENUINE,
         assay_rule_judge_tee_tcb_svn),
    RULE(MRENCLAVE, assay_rule_wants_mrenclave, GENUINE,
         assay_rule_judge_mrenclave),
    RULE(MRSIGNER, assay_rule_wants_mrsigner, GENUINE,
         assay_rule_judge_mrsigner),
    RULE(ISVPRODID, assay_rule_wants_isvprodid, GENUINE,
         assay_rule_judge_isvprodid),
    RULE(ISVSVN, assay_rule_wants_isvsvn, GENUINE, assay_rule_judge_isvsvn),
#undef RULE
};
#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

static void
run_rule(struct assay_rule_run *r, const struct rule *rule)
{
    assay_checks_expect(r->checks, rule->id, true);
    if (!assay_checks_have(r->checks, rule->after & r->checks->applies)) {
        assay_checks_wait(r->checks, rule->id, rule->after);
        return;
    }
    rule->judge(r, rule->id);
}

/* A debugged TD that the policy allows, and the like: the verdict shows what
 * was let through. */
static void
note_allowed(struct assay_rule_run *r)
{
    if (r->policy->allow_debug) {
        assay_checks_expect(r->checks, ASSAY_CHECK_DEBUG, false);
        assay_checks_note(r->checks, ASSAY_CHECK_DEBUG,
                          "the policy allows debug: memory may be read from "
                          "outside");
    }
    if (assay_rule_is_tdx(r) && r->policy->allow_service_td) {
        assay_checks_expect(r->checks, ASSAY_CHECK_SERVICE_TD, false);
        assay_checks_note(r->checks, ASSAY_CHECK_SERVICE_TD,
                          "the policy allows a service TD");
    }
    if (assay_rule_is_tdx(r) && !r->policy->require_sept_ve_disable) {
        assay_checks_expect(r->checks, ASSAY_CHECK_SEPT_VE_DISABLE, false);
        assay_checks_note(r->checks, ASSAY_CHECK_SEPT_VE_DISABLE,
                          "the policy does not ask for it");
    }
}

/* Registers: those with a rule are required, the others say that nobody
 * looked at them. */
static void
judge_registers(struct assay_rule_run *r)
{
    for (size_t i = 0; i < ASSAY_REG_COUNT; i++) {
        const struct rule rule = {
            .id = (enum assay_check_id)(ASSAY_CHECK_MRTD + i),
            .after = GENUINE,
            .judge = assay_rule_judge_register,
        };

        if (r->policy->td_register[i].count > 0) {
            run_rule(r, &rule);
        }
    }
}

static void
note_workload(struct assay_rule_run *r)
{
    assay_checks_expect(r->checks, ASSAY_CHECK_WORKLOAD, false);
    if (assay_policy_names_workload(r->policy)) {
        assay_checks_pass(r->checks, ASSAY_CHECK_WORKLOAD);
    } else {
        assay_checks_note(r->checks, ASSAY_CHECK_WORKLOAD,
                          "the policy names no measurement: this verdict does "
                          "not say which software runs in the TEE");
    }
    assay_checks_expect(r->checks, ASSAY_CHECK_REPORT_DATA, false);
    assay_checks_note(r->checks, ASSAY_CHECK_REPORT_DATA,
                      "a quote alone shows no freshness: compare report_data "
                      "with what you asked for");
}

void
assay_rules_judge(const struct assay_rules_input *in, struct assay_verdict *v)
{
    struct assay_rule_run r = {
        .in = in,
        .v = v,
        .checks = &v->checks,
        .policy = in->policy,
        .quote = in->quote,
    };

    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (rules[i].wanted(&r)) {
            run_rule(&r, &rules[i]);
        }
    }
    judge_registers(&r);
    note_allowed(&r);
    note_workload(&r);
}
