/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/prefetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "collateral/collateral.h"
#include "collateral/usable.h"
#include "io/cache.h"
#include "search/trial.h"

/* The cache has it from a later issue, or of a newer evaluation. */
static bool
is_older(const struct assay_collateral *c,
         const struct assay_collateral *cached, int64_t now_s)
{
    return cached != NULL && assay_collateral_expires(cached) >= now_s &&
           (assay_collateral_issued(c) < assay_collateral_issued(cached) ||
            !assay_has_reached(c, assay_collateral_evaluations(cached)));
}

static void
judge(const struct assay_prefetch_input *in,
      const struct assay_collateral *fetched,
      const struct assay_collateral *cached, struct assay_evaluations seen,
      struct assay_prefetch *out)
{
    struct assay_trial t = {.authentic = true};

    if (in->quote != NULL) {
        assay_trial_run(in->verifier, in->root, in->quote, fetched, in->now_s,
                        &t);
        out->verified = t.sound;
    }
    if (!t.authentic) {
        out->how = ASSAY_PREFETCHED_REFUSED;
        (void)snprintf(out->why, sizeof(out->why), "%s", t.summary);
    } else if (assay_collateral_expires(fetched) < in->now_s) {
        out->how = ASSAY_PREFETCHED_EXPIRED;
    } else if (!assay_has_reached(fetched, seen)) {
        out->how = ASSAY_PREFETCHED_ROLLBACK;
    } else if (in->quote == NULL && is_older(fetched, cached, in->now_s)) {
        out->how = ASSAY_PREFETCHED_OLDER; /* which may have been verified */
    }
}

enum assay_code
assay_prefetch(const struct assay_prefetch_input *in,
               struct assay_prefetch *out, struct assay_error *err)
{
    struct assay_gather_request request = *in->request;
    char *path = assay_cache_path(in->request);
    struct assay_collateral *fetched = NULL;
    struct assay_collateral *cached = NULL;
    struct assay_error ignored;
    struct assay_error unlearnt;
    struct assay_buf bundle;
    struct assay_buf cached_bundle;

    memset(out, 0, sizeof(*out));
    assay_error_clear(err);
    if (path == NULL) {
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET, ASSAY_NO_CACHE_WORDS);
    }
    request.seen =
        assay_seen_recall(in->seen, in->root, request.need, in->now_s);
    request.now_s = in->now_s;
    request.fresh = in->fresh;
    if (assay_cache_load(path, &cached_bundle, &ignored) == ASSAY_OK) {
        (void)!assay_collateral_parse(in->ctx, assay_buf_slice(&cached_bundle),
                                      &cached, &ignored);
    }
    if (assay_ask(in->ctx, &request, &in->ask, &bundle, &fetched, err) ==
        ASSAY_OK) {
        judge(in, fetched, cached, request.seen, out);
        if (out->how == ASSAY_PREFETCHED) {
            (void)!assay_cache_store(path, assay_buf_slice(&bundle), err);
        }
        if (out->verified && out->how == ASSAY_PREFETCHED &&
            assay_seen_learn(in->seen, in->root, fetched, &unlearnt) !=
                ASSAY_OK) {
            (void)snprintf(out->why, sizeof(out->why), "%.159s", unlearnt.msg);
        }
    }
    if (err->code == ASSAY_OK) {
        bool keep_cached = out->how == ASSAY_PREFETCHED_OLDER;

        out->collateral = keep_cached ? cached : fetched;
        *(keep_cached ? &cached : &fetched) = NULL; /* handed over */
    } else {
        memset(out, 0, sizeof(*out));
    }
    assay_collateral_free(fetched);
    assay_collateral_free(cached);
    assay_buf_free(&bundle);
    assay_buf_free(&cached_bundle);
    free(path);
    return err->code;
}
