/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rules_tcb.c - rules about the TCB and the collateral that proves it.
 */
#include "appraise/rule.h"
#include "base/timestamp.h"

void
assay_rule_judge_tcb_status(struct assay_rule_run *r, enum assay_check_id id)
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

bool
assay_rule_wants_grace(const struct assay_rule_run *r)
{
    return r->policy->grace_period_s.there;
}

void
assay_rule_judge_grace(struct assay_rule_run *r, enum assay_check_id id)
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

bool
assay_rule_wants_evaluation(const struct assay_rule_run *r)
{
    return r->policy->min_evaluation.there;
}

void
assay_rule_judge_evaluation(struct assay_rule_run *r, enum assay_check_id id)
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

bool
assay_rule_wants_tcb_date(const struct assay_rule_run *r)
{
    return r->policy->min_tcb_date_s.there;
}

void
assay_rule_judge_tcb_date(struct assay_rule_run *r, enum assay_check_id id)
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

bool
assay_rule_wants_advisories(const struct assay_rule_run *r)
{
    return r->policy->denied_advisories.count > 0 ||
           r->policy->accepted_advisories.count > 0;
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

void
assay_rule_judge_advisories(struct assay_rule_run *r, enum assay_check_id id)
{
    for (size_t i = 0; i < r->v->answer_count; i++) {
        const char *advisory = r->v->advisory[i].id;

        if (listed(&r->policy->denied_advisories, advisory)) {
            assay_checks_fail(r->checks, id, "%s is denied", advisory);
        } else if (r->policy->accepted_advisories.count > 0 &&
                   !listed(&r->policy->accepted_advisories, advisory)) {
            assay_checks_fail(r->checks, id, "%s is not accepted", advisory);
        }
    }
    assay_checks_pass(r->checks, id);
}

bool
assay_rule_wants_age(const struct assay_rule_run *r)
{
    return r->policy->max_collateral_age_s.there;
}

void
assay_rule_judge_age(struct assay_rule_run *r, enum assay_check_id id)
{
    const struct assay_collateral *c = r->in->collateral;
    /* Not the root CA CRL: Intel issues it once a year, so nobody has a young
     * one. */
    const struct {
        const char *name;
        int64_t issued_s;
    } items[] = {
        {"TCB info", c->tcb_info.issue_s},
        {"QE identity", c->qe_identity.issue_s},
        {"PCK CRL", c->pck_crl.crl.this_update_s},
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

bool
assay_rule_knows_evaluations(const struct assay_rule_run *r)
{
    return r->in->seen.tcb_info != 0 || r->in->seen.qe_identity != 0;
}

bool
assay_rule_refuses_rollback(const struct assay_rule_run *r)
{
    return !r->policy->warns_of_rollback;
}

/* Several evaluations are signed and in date at the same time: whoever hands
 * out the oldest of them hides what was found since. */
void
assay_rule_judge_rollback(struct assay_rule_run *r, enum assay_check_id id)
{
    struct assay_evaluations have =
        assay_collateral_evaluations(r->in->collateral);
    struct assay_evaluations seen = r->in->seen;

    if (have.tcb_info >= seen.tcb_info &&
        have.qe_identity >= seen.qe_identity) {
        assay_checks_pass(r->checks, id);
    } else if (r->policy->warns_of_rollback) {
        r->v->rollback_allowed = true;
        assay_checks_note(r->checks, id,
                          "TCB info has %u, QE identity %u; %u and %u were "
                          "seen before: the policy only warns",
                          have.tcb_info, have.qe_identity, seen.tcb_info,
                          seen.qe_identity);
    } else {
        assay_checks_fail(r->checks, id,
                          "TCB info has %u, QE identity %u; %u and %u were "
                          "seen before",
                          have.tcb_info, have.qe_identity, seen.tcb_info,
                          seen.qe_identity);
    }
}
