/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rules_session.c - rules about what ties a quote to one TLS session.
 */
#include "appraise/rule.h"
#include "base/text.h"

#define CERTIFICATE_TEXT 64u /* hex digits of a SHA-256 */

/* Wires before v2 bind the channel by nothing else. */
bool
assay_rule_requires_certificate(const struct assay_rule_run *r)
{
    const struct assay_binding *b = r->in->binding;

    return b != NULL && !b->client &&
           (b->wire != ASSAY_WIRE_V2 ||
            r->policy->certificate_event == ASSAY_CERTIFICATE_REQUIRED);
}

bool
assay_rule_wants_certificate(const struct assay_rule_run *r)
{
    if (r->in->binding == NULL || r->in->binding->client) {
        return false;
    }
    if (assay_rule_requires_certificate(r)) {
        return true;
    }
    return r->policy->certificate_event == ASSAY_CERTIFICATE_OFF
               ? r->events.has_certificate
               : assay_rule_is_tdx(r);
}

static void
judge_absent(struct assay_rule_run *r, enum assay_check_id id)
{
    const char *why = r->in->event_log == NULL
                          ? "no event log was given"
                          : "no event announces a certificate";

    if (assay_rule_requires_certificate(r)) {
        assay_checks_fail(r->checks, id, "%s", why);
    } else {
        assay_checks_note(r->checks, id, "%s; the policy does not ask for it",
                          why);
    }
}

void
assay_rule_judge_certificate(struct assay_rule_run *r, enum assay_check_id id)
{
    char want[CERTIFICATE_TEXT + 1];

    if (!r->events.has_certificate) {
        judge_absent(r, id);
        return;
    }
    assay_checks_expect(r->checks, id, true);
    assay_hex_to(want, ASSAY_SLICE(r->in->binding->certificate_sha256));
    if (assay_slice_is(r->events.certificate, want)) {
        assay_checks_pass(r->checks, id);
        return;
    }
    assay_checks_fail(r->checks, id,
                      "the last announced certificate is another one; that of "
                      "this session has SHA-256 %s",
                      want);
}

bool
assay_rule_has_binding(const struct assay_rule_run *r)
{
    return r->in->binding != NULL;
}

void
assay_rule_judge_report_data(struct assay_rule_run *r, enum assay_check_id id)
{
    struct assay_slice want = ASSAY_SLICE(r->in->binding->report_data);
    bool stored = r->in->stored != NULL;

    if (!assay_slice_equal(r->quote->report_data, want)) {
        assay_checks_fail(
            r->checks, id, "%s",
            stored ? "quote, session.nonce, session.exporter and session.wire "
                     "do not belong together"
                   : "REPORTDATA is not what this session asked for: the quote "
                     "may be replayed, or relayed from another machine");
        return;
    }
    if (stored) {
        assay_checks_note(r->checks, id,
                          "consistent; only the two ends can know");
    }
    assay_checks_pass(r->checks, id);
}

bool
assay_rule_has_no_binding(const struct assay_rule_run *r)
{
    return r->in->binding == NULL;
}

void
assay_rule_note_report_data(struct assay_rule_run *r, enum assay_check_id id)
{
    assay_checks_note(r->checks, id,
                      "a quote alone shows no freshness: compare report_data "
                      "with what you asked for");
}
