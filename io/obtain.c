/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * obtain.c - collateral for a quote, from cache or sources.
 */
#include "io/obtain.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "io/cache.h"

static bool
in_date(const struct assay_collateral *c, int64_t now_s)
{
    return assay_collateral_expires(c) > now_s;
}

static bool
within_grace(const struct assay_collateral *c, int64_t now_s, int64_t grace_s)
{
    int64_t expired_s = assay_collateral_expires(c);

    return expired_s <= now_s && now_s - expired_s <= grace_s;
}

/* Collateral that is stale on arrival does not replace what is there: it may
 * be what a later grace period needs. */
static void
keep(const char *path, const struct assay_collateral *c,
     struct assay_slice bundle, int64_t now_s)
{
    struct assay_error ignored;

    if (path != NULL && in_date(c, now_s) &&
        assay_cache_store(path, bundle, &ignored) != ASSAY_OK) {
        return; /* the next run fetches again */
    }
}

enum assay_code
assay_obtain_collateral(const struct assay_ctx *ctx,
                        const struct assay_obtain_input *in,
                        struct assay_collateral **out,
                        enum assay_origin *origin, struct assay_error *err)
{
    char *path = in->use_cache ? assay_cache_path(in->request) : NULL;
    struct assay_collateral *cached = NULL;
    struct assay_buf bundle;

    *out = NULL;
    assay_error_clear(err);
    if (path != NULL && assay_cache_load(ctx, path, &cached) &&
        in_date(cached, in->now_s)) {
        *origin = ASSAY_ORIGIN_CACHED;
        *out = cached;
        cached = NULL; /* handed to the caller */
        goto out;
    }
    if (assay_pcs_fetch(ctx, in->request, &bundle, out, err) == ASSAY_OK) {
        keep(path, *out, assay_buf_slice(&bundle), in->now_s);
        assay_buf_free(&bundle);
        *origin = ASSAY_ORIGIN_FETCHED;
    } else if (cached != NULL && within_grace(cached, in->now_s, in->grace_s)) {
        assay_error_clear(err);
        *origin = ASSAY_ORIGIN_STALE;
        *out = cached;
        cached = NULL; /* handed to the caller */
    }
out:
    assay_collateral_free(cached);
    free(path);
    return err->code;
}
