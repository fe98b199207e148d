/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The table `rules` says for each rule when it applies, when it is required,
 * what must be authentic before, and who judges it.
 */
#include "appraise/rules.h"

#include "base/text.h"
#include "base/timestamp.h"

struct run {
    const struct assay_rules_input *in;
    struct assay_verdict *v;
    struct assay_checks *checks;
    const struct assay_policy *policy;
    const struct assay_quote_view *quote;
};

static bool
is_tdx(const struct run *r)
{
    return r->quote->tee_type == ASSAY_TEE_TDX;
}

static void
judge_tee_type(struct run *r, enum assay_check_id id)
{
    assay_checks_judge(r->checks, id,
                       (uint32_t)r->policy->tee == r->quote->tee_type ? NULL
                       : is_tdx(r)
                           ? "the quote is from TDX, the policy wants SGX"
                           : "the quote is from SGX, the policy wants TDX");
}

static void
judge_tcb_status(struct run *r, enum assay_check_id id)
{
    enum assay_tcb_status s = r->v->facts.tcb_status;

    if (s == ASSAY_TCB_REVOKED) {
        assay_checks_fail(r->checks, id, "the TCB is Revoked");
    } else if ((r->policy->allowed_status & (1u << s)) == 0) {
        assay_checks_fail(r->checks, id, "the TCB is %s, which is not accepted",
                          assay_tcb_status_name(s));
    } else {
        assay_checks_note(r->checks, id, "%s", assay_tcb_status_name(s));
        assay_checks_pass(r->checks, id);
    }
}

/* When the out-of-date part of a status was overtaken: the earliest tcbDate
 * above the matched level. False if that cannot be told. */
static bool
overtaken(const struct assay_tcb_evaluation *e, int64_t *when_s)
{
    const struct assay_tcb_match *const parts[3] = {&e->platform, &e->module,
                                                    &e->qe};
    bool any = false;

    for (size_t i = 0; i < 3; i++) {
        const struct assay_tcb_match *m = parts[i];

        if (m->status != ASSAY_TCB_OUT_OF_DATE &&
            m->status != ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED) {
            continue;
        }
        if (!m->has_newer) {
            return false;
        }
        if (!any || m->newer_s < *when_s) {
            *when_s = m->newer_s;
        }
        any = true;
    }
    return any;
}

static bool
wants_grace(const struct run *r)
{
    return r->policy->grace_period_s.there;
}

static void
judge_grace(struct run *r, enum assay_check_id id)
{
    int64_t grace = r->policy->grace_period_s.value;
    int64_t since = 0;
    char date[ASSAY_TIME_TEXT];

    switch (r->v->facts.tcb_status) {
    case ASSAY_TCB_OUT_OF_DATE:
    case ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED:
    case ASSAY_TCB_TD_RELAUNCH_ADVISED:
    case ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED:
        break;
    case ASSAY_TCB_NONE:
    case ASSAY_TCB_UP_TO_DATE:
    case ASSAY_TCB_SW_HARDENING_NEEDED:
    case ASSAY_TCB_CONFIGURATION_NEEDED:
    case ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED:
    case ASSAY_TCB_REVOKED:
        assay_checks_pass(r->checks, id); /* nothing is out of date */
        return;
    }
    if (!overtaken(&r->in->dcap->launch, &since)) {
        assay_checks_fail(r->checks, id,
                          "no newer level says since when it is out of date");
        return;
    }
    assay_time_format(since, date);
    if (r->in->now_s - since > grace) {
        assay_checks_fail(r->checks, id,
                          "out of date since %s, more than %lld s ago", date,
                          (long long)grace);
        return;
    }
    assay_checks_note(r->checks, id, "out of date since %s", date);
    assay_checks_pass(r->checks, id);
}

static bool
wants_evaluation(const struct run *r)
{
    return r->policy->min_evaluation.there;
}

static void
judge_evaluation(struct run *r, enum assay_check_id id)
{
    int64_t min = r->policy->min_evaluation.value;
    uint32_t info = r->v->facts.tcb_evaluation_data_number;
    uint32_t qe = r->v->facts.qe_identity_evaluation_data_number;

    if (info < min || qe < min) {
        assay_checks_fail(r->checks, id,
                          "TCB info has %u, QE identity %u; at least %lld is "
                          "required",
                          info, qe, (long long)min);
    } else {
        assay_checks_pass(r->checks, id);
    }
}

static bool
wants_tcb_date(const struct run *r)
{
    return r->policy->min_tcb_date_s.there;
}

static void
judge_tcb_date(struct run *r, enum assay_check_id id)
{
    char have[ASSAY_TIME_TEXT];
    char want[ASSAY_TIME_TEXT];

    if (r->v->facts.tcb_date_s >= r->policy->min_tcb_date_s.value) {
        assay_checks_pass(r->checks, id);
        return;
    }
    assay_time_format(r->v->facts.tcb_date_s, have);
    assay_time_format(r->policy->min_tcb_date_s.value, want);
    assay_checks_fail(r->checks, id,
                      "the TCB is of %s, at least %s is "
                      "required",
                      have, want);
}

static bool
wants_advisories(const struct run *r)
{
    return r->policy->denied_advisories.count > 0 ||
           r->policy->has_accepted_advisories;
}

static bool
listed(const struct assay_string_list *l, const char *id)
{
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->item[i], id) == 0) {
            return true;
        }
    }
    return false;
}

static void
judge_advisories(struct run *r, enum assay_check_id id)
{
    for (size_t i = 0; i < r->v->answer_count; i++) {
        const char *advisory = r->v->advisory[i].id;

        if (listed(&r->policy->denied_advisories, advisory)) {
            assay_checks_fail(r->checks, id, "%s is denied", advisory);
        } else if (r->policy->has_accepted_advisories &&
                   !listed(&r->policy->accepted_advisories, advisory)) {
            assay_checks_fail(r->checks, id, "%s is not accepted", advisory);
        }
    }
    assay_checks_pass(r->checks, id);
}

static bool
wants_age(const struct run *r)
{
    return r->policy->max_collateral_age_s.there;
}

static void
judge_age(struct run *r, enum assay_check_id id)
{
    const struct assay_collateral *c = r->in->collateral;
    const struct {
        const char *name;
        int64_t issued_s;
    } items[] = {
        {"TCB info", c->tcb_info.issue_s},
        {"QE identity", c->qe_identity.issue_s},
        {"PCK CRL", c->pck_crl.crl.this_update_s},
        {"root CA CRL", c->root_crl.crl.this_update_s},
    };

    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        int64_t age = r->in->now_s - items[i].issued_s;

        if (age > r->policy->max_collateral_age_s.value) {
            assay_checks_fail(r->checks, id,
                              "the %s is %lld s old, at most %lld are allowed",
                              items[i].name, (long long)age,
                              (long long)r->policy->max_collateral_age_s.value);
        }
    }
    assay_checks_pass(r->checks, id);
}

static uint64_t
le64(struct assay_slice s)
{
    uint64_t v = 0;

    for (size_t i = 8; i > 0; i--) {
        v = v << 8 | s.ptr[i - 1];
    }
    return v;
}

static bool
forbids_debug(const struct run *r)
{
    return !r->policy->allow_debug;
}

static void
judge_debug(struct run *r, enum assay_check_id id)
{
    if (is_tdx(r)) {
        uint64_t under_debug = r->quote->td.td_attributes & ASSAY_TD_ATTR_TUD;

        if (under_debug != 0) {
            assay_checks_fail(r->checks, id,
                              "TD attributes have bits of a TD under debug "
                              "(0x%02x)",
                              (unsigned)under_debug);
            return;
        }
    } else if ((le64(r->quote->sgx.attributes) & ASSAY_SGX_FLAG_DEBUG) != 0) {
        assay_checks_fail(r->checks, id, "the enclave has the DEBUG attribute");
        return;
    }
    assay_checks_pass(r->checks, id);
}

static bool
wants_sept(const struct run *r)
{
    return is_tdx(r) && r->policy->require_sept_ve_disable;
}

static void
judge_sept(struct run *r, enum assay_check_id id)
{
    assay_checks_judge(
        r->checks, id,
        (r->quote->td.td_attributes & ASSAY_TD_ATTR_SEPT_VE_DISABLE) != 0
            ? NULL
            : "TD attributes bit 28 is not set");
}

static bool
forbids_service_td(const struct run *r)
{
    return is_tdx(r) && !r->policy->allow_service_td;
}

static void
judge_service_td(struct run *r, enum assay_check_id id)
{
    assay_checks_judge(r->checks, id,
                       assay_slice_is_zero(r->quote->td.mr_service_td)
                           ? NULL
                           : "MRSERVICETD is not zero");
}

static void
judge_mask(struct run *r, enum assay_check_id id,
           const struct assay_mask_rule *rule, uint64_t actual)
{
    if ((actual & rule->mask) == rule->value) {
        assay_checks_pass(r->checks, id);
        return;
    }
    assay_checks_fail(
        r->checks, id, "0x%016llx; with mask 0x%016llx it must be 0x%016llx",
        (unsigned long long)actual, (unsigned long long)rule->mask,
        (unsigned long long)rule->value);
}

static bool
wants_td_attributes(const struct run *r)
{
    return r->policy->td_attributes.there;
}

static void
judge_td_attributes(struct run *r, enum assay_check_id id)
{
    judge_mask(r, id, &r->policy->td_attributes, r->quote->td.td_attributes);
}

static bool
wants_xfam(const struct run *r)
{
    return r->policy->xfam.there;
}

static void
judge_xfam(struct run *r, enum assay_check_id id)
{
    judge_mask(r, id, &r->policy->xfam, r->quote->td.xfam);
}

static bool
wants_tee_tcb_svn(const struct run *r)
{
    return r->policy->has_min_tee_tcb_svn;
}

static void
judge_tee_tcb_svn(struct run *r, enum assay_check_id id)
{
    const uint8_t *have = r->quote->td.tee_tcb_svn.ptr;

    for (size_t i = 0; i < 16; i++) {
        if (have[i] < r->policy->min_tee_tcb_svn[i]) {
            assay_checks_fail(r->checks, id,
                              "byte %zu is %u, at least %u is required", i,
                              have[i], r->policy->min_tee_tcb_svn[i]);
        }
    }
    assay_checks_pass(r->checks, id);
}

static void
judge_values(struct run *r, enum assay_check_id id,
             const struct assay_value_set *set, struct assay_slice actual)
{
    char have[2 * 48 + 1];

    for (size_t i = 0; i < set->count; i++) {
        struct assay_slice want = {set->bytes + i * set->size, set->size};

        if (assay_slice_equal(want, actual)) {
            assay_checks_pass(r->checks, id);
            return;
        }
    }
    assay_hex_to(have, actual);
    assay_checks_fail(r->checks, id, "is %s, %s", have,
                      set->count == 1 ? "another value is required"
                                      : "which is not in the list");
}

/* Which register each row of checks.h is about. */
static struct assay_slice
register_of(const struct assay_td_report *td, enum assay_td_register reg)
{
    switch (reg) {
    case ASSAY_REG_MRTD:
        return td->mr_td;
    case ASSAY_REG_RTMR0:
    case ASSAY_REG_RTMR1:
    case ASSAY_REG_RTMR2:
    case ASSAY_REG_RTMR3:
        return td->rtmr[reg - ASSAY_REG_RTMR0];
    case ASSAY_REG_MR_SEAM:
        return td->mr_seam;
    case ASSAY_REG_MR_CONFIG_ID:
        return td->mr_config_id;
    case ASSAY_REG_MR_OWNER:
        return td->mr_owner;
    case ASSAY_REG_MR_OWNER_CONFIG:
        return td->mr_owner_config;
    case ASSAY_REG_COUNT:
        break;
    }
    return ASSAY_EMPTY;
}

static void
judge_register(struct run *r, enum assay_check_id id)
{
    enum assay_td_register reg =
        (enum assay_td_register)(id - ASSAY_CHECK_MRTD);

    judge_values(r, id, &r->policy->td_register[reg],
                 register_of(&r->quote->td, reg));
}

static bool
wants_mrenclave(const struct run *r)
{
    return r->policy->mrenclave.count > 0;
}

static void
judge_mrenclave(struct run *r, enum assay_check_id id)
{
    judge_values(r, id, &r->policy->mrenclave, r->quote->sgx.mrenclave);
}

static bool
wants_mrsigner(const struct run *r)
{
    return r->policy->mrsigner.count > 0;
}

static void
judge_mrsigner(struct run *r, enum assay_check_id id)
{
    judge_values(r, id, &r->policy->mrsigner, r->quote->sgx.mrsigner);
}

static bool
wants_isvprodid(const struct run *r)
{
    return r->policy->isvprodid.there;
}

static void
judge_isvprodid(struct run *r, enum assay_check_id id)
{
    if (r->quote->sgx.isvprodid == r->policy->isvprodid.value) {
        assay_checks_pass(r->checks, id);
    } else {
        assay_checks_fail(r->checks, id, "is %u, %lld is required",
                          r->quote->sgx.isvprodid,
                          (long long)r->policy->isvprodid.value);
    }
}

static bool
wants_isvsvn(const struct run *r)
{
    return r->policy->min_isvsvn.there;
}

static void
judge_isvsvn(struct run *r, enum assay_check_id id)
{
    if (r->quote->sgx.isvsvn >= r->policy->min_isvsvn.value) {
        assay_checks_pass(r->checks, id);
    } else {
        assay_checks_fail(r->checks, id, "is %u, at least %lld is required",
                          r->quote->sgx.isvsvn,
                          (long long)r->policy->min_isvsvn.value);
    }
}

static bool
always(const struct run *r)
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
    bool (*wanted)(const struct run *r);
    uint64_t after;
    void (*judge)(struct run *r, enum assay_check_id id);
} rules[] = {
#define RULE(id, wanted, after, judge) {ASSAY_CHECK_##id, wanted, after, judge}
    RULE(TEE_TYPE, always, ASSAY_CHECK_BIT(QUOTE_SIGNATURE), judge_tee_type),
    RULE(TCB_STATUS, always, PROVEN, judge_tcb_status),
    RULE(GRACE_PERIOD, wants_grace, PROVEN, judge_grace),
    RULE(TCB_EVALUATION, wants_evaluation, PROVEN, judge_evaluation),
    RULE(TCB_DATE, wants_tcb_date, PROVEN, judge_tcb_date),
    RULE(ADVISORIES, wants_advisories, PROVEN, judge_advisories),
    RULE(COLLATERAL_AGE, wants_age, PROVEN, judge_age),
    RULE(DEBUG, forbids_debug, GENUINE, judge_debug),
    RULE(SEPT_VE_DISABLE, wants_sept, GENUINE, judge_sept),
    RULE(SERVICE_TD, forbids_service_td, GENUINE, judge_service_td),
    RULE(TD_ATTRIBUTES, wants_td_attributes, GENUINE, judge_td_attributes),
    RULE(XFAM, wants_xfam, GENUINE, judge_xfam),
    RULE(TEE_TCB_SVN, wants_tee_tcb_svn, GENUINE, judge_tee_tcb_svn),
    RULE(MRENCLAVE, wants_mrenclave, GENUINE, judge_mrenclave),
    RULE(MRSIGNER, wants_mrsigner, GENUINE, judge_mrsigner),
    RULE(ISVPRODID, wants_isvprodid, GENUINE, judge_isvprodid),
    RULE(ISVSVN, wants_isvsvn, GENUINE, judge_isvsvn),
#undef RULE
};
#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

static void
run_rule(struct run *r, const struct rule *rule)
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
note_allowed(struct run *r)
{
    if (r->policy->allow_debug) {
        assay_checks_expect(r->checks, ASSAY_CHECK_DEBUG, false);
        assay_checks_note(r->checks, ASSAY_CHECK_DEBUG,
                          "the policy allows debug: memory may be read from "
                          "outside");
    }
    if (is_tdx(r) && r->policy->allow_service_td) {
        assay_checks_expect(r->checks, ASSAY_CHECK_SERVICE_TD, false);
        assay_checks_note(r->checks, ASSAY_CHECK_SERVICE_TD,
                          "the policy allows a service TD");
    }
    if (is_tdx(r) && !r->policy->require_sept_ve_disable) {
        assay_checks_expect(r->checks, ASSAY_CHECK_SEPT_VE_DISABLE, false);
        assay_checks_note(r->checks, ASSAY_CHECK_SEPT_VE_DISABLE,
                          "the policy does not ask for it");
    }
}

/* Registers: those with a rule are required, the others say that nobody
 * looked at them. */
static void
judge_registers(struct run *r)
{
    for (size_t i = 0; i < ASSAY_REG_COUNT; i++) {
        const struct rule rule = {
            .id = (enum assay_check_id)(ASSAY_CHECK_MRTD + i),
            .after = GENUINE,
            .judge = judge_register,
        };

        if (r->policy->td_register[i].count > 0) {
            run_rule(r, &rule);
        }
    }
}

static void
note_workload(struct run *r)
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
    struct run r = {
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
