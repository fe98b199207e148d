/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "search/stapled.h"

#include "base/error.h"
#include "search/trial.h"

static struct assay_freshness
freshness_of(const struct assay_search_input *in)
{
    struct assay_freshness f = in->request.fresh;

    if (!f.has_max_age) {
        f.has_max_age = true;
        f.max_age_s = ASSAY_STAPLE_MAX_AGE_S;
    }
    return f;
}

static enum assay_code
judge(const struct assay_search_input *in, const struct assay_collateral *c,
      struct assay_error *err)
{
    const struct assay_freshness fresh = freshness_of(in);
    const int64_t now_s = in->request.now_s;
    struct assay_trial t;

    assay_trial_run(in->verifier, in->root, in->quote, c, now_s, &t);
    if (!t.sound) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET, "%s", t.summary);
    } else if (!assay_is_fresh(c, &fresh, now_s)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "it is older than the policy allows");
    } else if (!assay_has_reached(c, in->request.seen)) {
        assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "its TCB evaluation was overtaken");
    }
    return err->code;
}

enum assay_code
assay_stapled_read(const struct assay_search_input *in,
                   struct assay_collateral **out, struct assay_error *err)
{
    if (assay_collateral_parse(in->ctx, in->stapled, out, err) == ASSAY_OK &&
        judge(in, *out, err) != ASSAY_OK) {
        assay_collateral_free(*out);
        *out = NULL;
    }
    return err->code;
}
