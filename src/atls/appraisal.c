/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * appraisal.c - a peer's evidence on its way to a verdict.
 */
#include "atls/appraisal.h"

#include "base/timestamp.h"

void
assay_appraisal_clear(struct assay_appraisal *a)
{
    assay_reply_evidence_free(&a->evidence);
    a->collateral = NULL;
}

void
assay_appraisal_free(struct assay_appraisal *a)
{
    assay_appraisal_clear(a);
    assay_verdict_free(a->verdict);
    a->verdict = NULL;
}

enum assay_code
assay_appraisal_find_need(struct assay_appraisal *a, struct assay_error *err)
{
    return assay_collateral_need(a->evidence.quote, ASSAY_EMPTY, &a->need, err);
}

enum assay_code
assay_appraisal_judge(struct assay_appraisal *a,
                      const struct assay_requirement *by,
                      const struct assay_binding *binding, int64_t now_s,
                      struct assay_error *err)
{
    struct assay_verdict *v = NULL;
    const struct assay_verify_input in = {
        .quote = a->evidence.quote,
        .collateral = a->collateral,
        .root = by->root,
        .policy = by->policy,
        .now_s = now_s,
        .event_log = a->evidence.event_log,
        .app_compose = assay_buf_slice(&a->evidence.app_compose),
        .vm_config = assay_buf_slice(&a->evidence.vm_config),
        .binding = binding,
    };

    if (assay_verify(by->verifier, &in, &v, err) != ASSAY_OK) {
        return err->code;
    }
    assay_verdict_free(a->verdict);
    a->verdict = v;
    if (!assay_verdict_trusted(v)) {
        assay_fail(err, ASSAY_NOT_TRUSTED, ASSAY_NO_OFFSET, "%s",
                   assay_verdict_summary(v));
    }
    return err->code;
}

void
assay_appraisal_drop(struct assay_appraisal *a)
{
    assay_eventlog_free(a->evidence.event_log);
    a->evidence.event_log = NULL;
    assay_buf_free(&a->evidence.app_compose);
    assay_buf_free(&a->evidence.vm_config);
    assay_buf_free(&a->evidence.collateral);
}

enum assay_code
assay_appraisal_check(const struct assay_requirement *by,
                      struct assay_error *err)
{
    if (by->verifier == NULL || by->root == NULL || by->policy == NULL) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "session: an input is missing");
    }
    if (assay_policy_compose_file(by->policy) != NULL) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "session: the compose_file of the policy was not given");
    }
    return err->code;
}

enum assay_code
assay_appraisal_check_clock(const struct assay_verifier *v, int64_t now_s,
                            struct assay_error *err)
{
    int64_t newest_s = assay_verifier_newest_date(v);
    char text[ASSAY_TIME_TEXT];

    if (now_s < newest_s) {
        assay_time_format(newest_s, text);
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "the clock is wrong: collateral of %s has been verified "
                   "already",
                   text);
    }
    return err->code;
}

bool
assay_appraisal_is_stale(const struct assay_policy *policy, int64_t then_ms,
                         int64_t now_ms, int64_t grace_s)
{
    int64_t interval_s = assay_policy_reattestation_interval(policy);
    int64_t age_ms = now_ms - then_ms;

    return interval_s > 0 &&
           (age_ms < 0 || age_ms / 1000 >= interval_s + grace_s);
}
