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

static bool
never(const struct assay_rule_run *r)
{
    (void)r;
    return false;
}

/* What must have passed before a rule is judged (as far as it is required): the
 * body of the quote is authentic; all that src/dcap asks; or the events are
 * what the TD has measured. */
#define SIGNED  ASSAY_CHECK_BIT(QUOTE_SIGNATURE)
#define GENUINE (SIGNED | ASSAY_CHECK_BIT(TEE_TYPE))
#define PROVEN  (((assay_check_set)1 << ASSAY_CHECK_FIRST_POLICY) - 1)
#define REPLAYED                                                               \
    (GENUINE | ASSAY_CHECK_BIT(EVENT_DIGESTS) | ASSAY_CHECK_BIT(EVENT_LOG))
#define MEASURED (REPLAYED | ASSAY_CHECK_BIT(EVENT_RULES))

static const struct rule {
    enum assay_check_id id;
    bool (*wanted)(const struct assay_rule_run *r);
    /* If not, its judge may still say so: once it sees that there is something
     * that must be right. */
    bool (*required)(const struct assay_rule_run *r);
    assay_check_set after;
    void (*judge)(struct assay_rule_run *r, enum assay_check_id id);
} rules[] = {
#define RULE(id, wanted, after, judge)                                         \
    {ASSAY_CHECK_##id, wanted, always, after, judge}
#define MAYBE(id, wanted, required, after, judge)                              \
    {ASSAY_CHECK_##id, wanted, required, after, judge}
    RULE(TEE_TYPE, always, SIGNED, judge_tee_type),
    RULE(TCB_STATUS, always, PROVEN, assay_rule_judge_tcb_status),
    RULE(GRACE_PERIOD, assay_rule_wants_grace, PROVEN, assay_rule_judge_grace),
    RULE(TCB_EVALUATION, assay_rule_wants_evaluation, PROVEN,
         assay_rule_judge_evaluation),
    RULE(TCB_DATE, assay_rule_wants_tcb_date, PROVEN,
         assay_rule_judge_tcb_date),
    RULE(ADVISORIES, assay_rule_wants_advisories, PROVEN,
         assay_rule_judge_advisories),
    RULE(COLLATERAL_AGE, assay_rule_wants_age, PROVEN, assay_rule_judge_age),
    MAYBE(COLLATERAL_ROLLBACK, assay_rule_knows_evaluations,
          assay_rule_refuses_rollback, PROVEN, assay_rule_judge_rollback),
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
    RULE(LEGACY_TDX_TCB, assay_rule_wants_legacy_tcb, GENUINE,
         assay_rule_judge_legacy_tcb),
    RULE(EVENT_DIGESTS, assay_rule_wants_log, GENUINE,
         assay_rule_judge_event_digests),
    RULE(EVENT_LOG, assay_rule_wants_log,
         GENUINE | ASSAY_CHECK_BIT(EVENT_DIGESTS), assay_rule_judge_event_log),
    RULE(EVENT_RULES, assay_rule_wants_log, REPLAYED,
         assay_rule_judge_event_rules),
    /* The next and APP_COMPOSE can be judged without a log as well. */
    MAYBE(CONFIG_ID_EVENTS, assay_rule_wants_config_id, never, GENUINE,
          assay_rule_judge_config_id),
    MAYBE(CERTIFICATE_EVENT, assay_rule_wants_certificate,
          assay_rule_requires_certificate, MEASURED,
          assay_rule_judge_certificate),
    RULE(APP_COMPOSE, assay_rule_wants_compose,
         GENUINE | ASSAY_CHECK_BIT(CONFIG_ID_EVENTS), assay_rule_judge_compose),
    RULE(OS_IMAGE_HASH, assay_rule_wants_os_image, MEASURED,
         assay_rule_judge_os_image),
    MAYBE(WORKLOAD, always, never, 0, assay_rule_judge_workload),
    RULE(REPORT_DATA, assay_rule_has_binding, SIGNED,
         assay_rule_judge_report_data),
    MAYBE(REPORT_DATA, assay_rule_has_no_binding, never, 0,
          assay_rule_note_report_data),
    RULE(BUNDLE, assay_rule_is_bundle, 0, assay_rule_judge_bundle),
#undef MAYBE
#undef RULE
};
#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

static void
run_rule(struct assay_rule_run *r, const struct rule *rule)
{
    assay_check_set after = rule->after & r->checks->required;

    assay_checks_expect(r->checks, rule->id, rule->required(r));
    if (!assay_checks_have(r->checks, after)) {
        assay_checks_wait(r->checks, rule->id, after);
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

/* Those of the boot chain; development policies leave them out. */
static bool
is_passed_over(const struct assay_policy *p, size_t reg)
{
    return p->disable_runtime_verification && reg <= ASSAY_REG_RTMR2;
}

/* Registers: those with a rule are required, the others say that nobody
 * looked at them. */
static void
judge_registers(struct assay_rule_run *r)
{
    for (size_t i = 0; i < ASSAY_REG_COUNT; i++) {
        const struct rule rule = {
            .id = (enum assay_check_id)(ASSAY_CHECK_MRTD + i),
            .required = always,
            .after = GENUINE,
            .judge = assay_rule_judge_register,
        };

        if (r->policy->td_register[i].count == 0) {
            continue;
        }
        if (is_passed_over(r->policy, i)) {
            assay_checks_expect(r->checks, rule.id, false);
            assay_checks_note(r->checks, rule.id,
                              "not compared: the policy disables runtime "
                              "verification");
        } else {
            run_rule(r, &rule);
        }
    }
}

enum assay_code
assay_rules_judge(const struct assay_rules_input *in, struct assay_verdict *v,
                  struct assay_error *err)
{
    struct assay_rule_run r = {
        .in = in,
        .v = v,
        .checks = &v->checks,
        .policy = in->policy,
        .quote = in->quote,
        .err = err,
    };

    for (size_t i = 0; i < RULE_COUNT && err->code == ASSAY_OK; i++) {
        if (rules[i].wanted(&r)) {
            run_rule(&r, &rules[i]);
        }
    }
    judge_registers(&r);
    note_allowed(&r);
    assay_rule_take_workload(&r);
    return err->code;
}
