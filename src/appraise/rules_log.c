/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rules_log.c - rules about the event log: is it what the TD has measured, and
 * may its events stand where they do?
 */
#include <stdio.h>

#include "appraise/rule.h"

/* A log that somebody gives for a TD must be right, whoever asked for it. */
bool
assay_rule_wants_log(const struct assay_rule_run *r)
{
    return r->policy->dstack || r->policy->os_image_hash.count > 0 ||
           (assay_rule_is_tdx(r) &&
            (r->in->event_log != NULL || assay_rule_requires_certificate(r)));
}

void
assay_rule_judge_event_digests(struct assay_rule_run *r, enum assay_check_id id)
{
    if (r->in->event_log == NULL) {
        assay_checks_fail(r->checks, id, "no event log was given");
        return;
    }
    if (assay_eventlog_replay(r->in->ctx, r->in->event_log, &r->replay,
                              r->err) != ASSAY_OK) {
        return;
    }
    assay_checks_judge(r->checks, id,
                       r->replay.fault[0] == '\0' ? NULL : r->replay.fault);
}

void
assay_rule_judge_event_log(struct assay_rule_run *r, enum assay_check_id id)
{
    char names[40] = ""; /* "RTMR0, RTMR1, RTMR2, RTMR3" */
    unsigned different = 0;

    for (unsigned i = 0; i < 4; i++) {
        size_t n = strlen(names);

        if (!assay_slice_equal(ASSAY_SLICE(r->replay.rtmr[i]),
                               r->quote->td.rtmr[i])) {
            (void)snprintf(names + n, sizeof(names) - n, "%sRTMR%u",
                           different == 0 ? "" : ", ", i);
            different++;
        }
    }
    if (different > 0) {
        assay_checks_fail(
            r->checks, id, "%s: the log replays to %s than the quote reports",
            names, different == 1 ? "another value" : "other values");
        return;
    }
    assay_checks_note(r->checks, id, "%zu events",
                      assay_eventlog_count(r->in->event_log));
    assay_checks_pass(r->checks, id);
}

void
assay_rule_judge_event_rules(struct assay_rule_run *r, enum assay_check_id id)
{
    char fault[160];

    assay_dstack_events_read(r->in->event_log, &r->events, fault);
    assay_checks_judge(r->checks, id, fault[0] == '\0' ? NULL : fault);
}

bool
assay_rule_wants_config_id(const struct assay_rule_run *r)
{
    return r->policy->dstack || assay_rule_names_compose(r);
}

static bool
has_events(const struct assay_rule_run *r)
{
    return assay_checks_have(r->checks, ASSAY_CHECK_BIT(EVENT_RULES));
}

void
assay_rule_judge_config_id(struct assay_rule_run *r, enum assay_check_id id)
{
    struct assay_config_id *c = &r->config_id;

    if (assay_config_id_check(r->in->ctx, r->quote->td.mr_config_id,
                              has_events(r) ? &r->events : NULL,
                              r->in->vm_config, c, r->err) != ASSAY_OK) {
        return;
    }
    if (c->fault[0] != '\0') {
        assay_checks_expect(r->checks, id, true);
        assay_checks_fail(r->checks, id, "%s", c->fault);
    } else if (c->kind == ASSAY_CONFIG_ID_NONE) {
        assay_checks_note(r->checks, id, "MRCONFIGID is zero");
    } else if (c->kind == ASSAY_CONFIG_ID_UNKNOWN) {
        assay_checks_note(r->checks, id, "MRCONFIGID is of an unknown kind");
    } else if (!has_events(r)) {
        assay_checks_note(r->checks, id,
                          "no events to compare with; MRCONFIGID is of kind %d",
                          (int)c->kind);
    } else if (!c->proves_compose) {
        assay_checks_note(r->checks, id,
                          "MRCONFIGID is of kind %d; what it is made from was "
                          "not given",
                          (int)c->kind);
    } else {
        assay_checks_expect(r->checks, id, true);
        assay_checks_note(r->checks, id, "kind %d", (int)c->kind);
        assay_checks_pass(r->checks, id);
    }
}
