/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * obtain.c - collateral for a quote, from cache or sources.
 */
#include "io/obtain.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "io/cache.h"

static bool
in_date(const struct assay_collateral *c, int64_t now_s)
{
    return assay_collateral_expires(c) > now_s;
}

bool
assay_obtain_is_fresh(const struct assay_collateral *c,
                      const struct assay_freshness *fresh, int64_t now_s)
{
    return in_date(c, now_s) &&
           assay_collateral_evaluation(c) >= fresh->min_evaluation &&
           (!fresh->has_max_age ||
            now_s - assay_collateral_issued(c) <= fresh->max_age_s);
}

static bool
within_grace(const struct assay_collateral *c, int64_t now_s, int64_t grace_s)
{
    int64_t expired_s = assay_collateral_expires(c);

    return expired_s <= now_s && now_s - expired_s <= grace_s;
}

enum assay_code
assay_obtain_collateral(const struct assay_ctx *ctx,
                        const struct assay_obtain_input *in,
                        struct assay_obtained *out, struct assay_error *err)
{
    char *path = in->use_cache ? assay_cache_path(in->request) : NULL;
    struct assay_collateral *cached = NULL;

    memset(out, 0, sizeof(*out));
    assay_error_clear(err);
    if (path != NULL && assay_cache_load(ctx, path, &cached) &&
        assay_obtain_is_fresh(cached, &in->fresh, in->now_s) &&
        !in->pass_by_cache) {
        out->origin = ASSAY_ORIGIN_CACHED;
        out->collateral = cached;
        cached = NULL; /* handed to the caller */
        goto out;
    }
    if (assay_pcs_fetch(ctx, in->request, &out->bundle, &out->collateral,
                        err) == ASSAY_OK) {
        out->origin = ASSAY_ORIGIN_FETCHED;
    } else if (cached != NULL && within_grace(cached, in->now_s, in->grace_s)) {
        assay_error_clear(err);
        out->origin = ASSAY_ORIGIN_STALE;
        out->collateral = cached;
        cached = NULL; /* handed to the caller */
    }
out:
    assay_collateral_free(cached);
    free(path);
    return err->code;
}

void
assay_obtained_free(struct assay_obtained *o)
{
    assay_collateral_free(o->collateral);
    assay_buf_free(&o->bundle);
    memset(o, 0, sizeof(*o));
}

/* Collateral that is stale on arrival does not replace what is there: it may
 * be what a later grace period needs. */
void
assay_obtain_keep(const struct assay_obtain_input *in,
                  const struct assay_obtained *o)
{
    struct assay_error ignored;
    char *path;

    if (!in->use_cache || o->origin != ASSAY_ORIGIN_FETCHED ||
        !in_date(o->collateral, in->now_s)) {
        return;
    }
    path = assay_cache_path(in->request);
    if (path != NULL) {
        (void)!assay_cache_store(path, assay_buf_slice(&o->bundle), &ignored);
    }
    free(path);
}

static const char *const signed_checks[] = {
    "root_ca_crl", "pck_crl",   "tcb_signer",
    "tcb_info",    "qe_signer", "qe_identity",
};
#define SIGNED_COUNT (sizeof(signed_checks) / sizeof(signed_checks[0]))

/* How many checks of signatures over collateral had this outcome. */
static size_t
count(const struct assay_verdict *v, enum assay_outcome outcome)
{
    size_t n = 0;

    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        for (size_t k = 0; k < SIGNED_COUNT; k++) {
            n += strcmp(c.name, signed_checks[k]) == 0 && c.outcome == outcome;
        }
    }
    return n;
}

bool
assay_obtain_is_authentic(const struct assay_verdict *v)
{
    return count(v, ASSAY_PASSED) == SIGNED_COUNT;
}

bool
assay_obtain_is_forged(const struct assay_verdict *v)
{
    return count(v, ASSAY_FAILED) > 0;
}
