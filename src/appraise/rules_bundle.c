/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rules_bundle.c - the rule about evidence that somebody has stored: a live
 * session knows by itself what is asked here.
 */
#include "appraise/rule.h"
#include "crypto/crypto.h"

/* A policy that came with the evidence asks for this rule wherever it goes, so
 * that no caller can take it for its own. */
bool
assay_rule_is_bundle(const struct assay_rule_run *r)
{
    return r->in->stored != NULL || r->policy->claimed;
}

/* A text that is not the measured one although one is measured. A live session
 * may pass over it, but here it would be believed later. */
static bool
is_other_compose(struct assay_rule_run *r)
{
    uint8_t digest[ASSAY_SHA256_BYTES];
    struct assay_slice measured;

    if (r->in->app_compose.len == 0 ||
        assay_rule_proven_compose(r, &measured) == NULL ||
        assay_sha256(r->in->ctx, r->in->app_compose, digest, r->err) !=
            ASSAY_OK) {
        return false;
    }
    return !assay_slice_equal(ASSAY_SLICE(digest), measured);
}

void
assay_rule_judge_bundle(struct assay_rule_run *r, enum assay_check_id id)
{
    const struct assay_stored *s = r->in->stored;

    if (s != NULL && s->fault != NULL) {
        assay_checks_fail(r->checks, id, "%s", s->fault);
    } else if (s != NULL && is_other_compose(r)) {
        assay_checks_fail(r->checks, id,
                          "app_compose: its SHA-256 is not the measured hash");
    } else if (r->policy->claimed) {
        assay_checks_fail(r->checks, id,
                          "the policy is the bundle's own, claimed by its "
                          "author; give --policy");
    } else if (r->err->code == ASSAY_OK) {
        assay_checks_pass(r->checks, id);
    }
}
