/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * obtain.c - collateral for a quote, from cache or sources.
 */
#include "io/obtain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "collateral/usable.h"
#include "io/cache.h"
#include "io/seen.h"

/* What the cache has, if anything. */
struct cached {
    struct assay_collateral *collateral;
    struct assay_buf bundle;
};

static void
drop_cached(struct cached *cached)
{
    assay_collateral_free(cached->collateral);
    assay_buf_free(&cached->bundle);
    memset(cached, 0, sizeof(*cached));
}

static void
load_cached(const struct assay_ctx *ctx, const struct assay_obtain_input *in,
            struct cached *cached, struct assay_obtained *out)
{
    char *path = in->use_cache ? assay_cache_path(in->request) : NULL;
    struct assay_error why;

    assay_error_clear(&why);
    if (path != NULL &&
        assay_cache_load(ctx, path, &cached->bundle, &cached->collateral,
                         &why) == ASSAY_CACHED &&
        assay_serves(cached->collateral, in->request->need, &why) != ASSAY_OK) {
        assay_error_prefix(&why, "%s", path);
        drop_cached(cached);
    }
    if (why.code != ASSAY_OK) {
        (void)snprintf(out->note, sizeof(out->note), "the cache is no use: %s",
                       why.msg);
    }
    free(path);
    if (cached->collateral == NULL && in->held.len > 0 &&
        assay_collateral_parse(ctx, in->held, &cached->collateral, &why) ==
            ASSAY_OK) {
        assay_buf_init(&cached->bundle, ASSAY_BUNDLE_MAX_BYTES);
        assay_buf_add(&cached->bundle, in->held);
    }
}

static void
take_cached(struct cached *cached, enum assay_origin origin,
            struct assay_obtained *out)
{
    out->origin = origin;
    out->collateral = cached->collateral;
    out->bundle = cached->bundle;
    memset(cached, 0, sizeof(*cached)); /* handed to the caller */
}

/* Nobody has better: does what is in the cache do all the same? */
static bool
is_better_than_nothing(const struct assay_obtain_input *in,
                       const struct assay_collateral *c,
                       enum assay_origin *origin)
{
    if (c == NULL || in->pass_by_cache || in->refresh) {
        return false;
    }
    *origin = assay_is_in_date(c, in->now_s) ? ASSAY_ORIGIN_CACHED
                                             : ASSAY_ORIGIN_STALE;
    return *origin == ASSAY_ORIGIN_CACHED
               ? assay_is_fresh(c, &in->fresh, in->now_s)
               : assay_is_within_grace(c, in->now_s, in->grace_s);
}

static bool
is_good(const struct assay_obtain_input *in, const struct assay_collateral *c)
{
    return c != NULL && !in->pass_by_cache &&
           assay_is_fresh(c, &in->fresh, in->now_s) &&
           assay_has_reached(c, in->seen) &&
           (!in->refresh || assay_is_newer(c, in->newer_than));
}

/* A source that serves what has run out is no better than a silent one, if the
 * cache has something later that does. */
static bool
is_overtaken_by(const struct assay_obtain_input *in,
                const struct assay_collateral *fetched,
                const struct assay_collateral *cached)
{
    enum assay_origin ignored;

    return !assay_is_in_date(fetched, in->now_s) && cached != NULL &&
           assay_collateral_expires(cached) >
               assay_collateral_expires(fetched) &&
           is_better_than_nothing(in, cached, &ignored);
}

enum assay_code
assay_obtain_collateral(const struct assay_ctx *ctx,
                        const struct assay_obtain_input *in,
                        struct assay_obtained *out, struct assay_error *err)
{
    struct assay_gather_request request = *in->request;
    struct cached cached = {.collateral = NULL};
    enum assay_origin origin;

    memset(out, 0, sizeof(*out));
    assay_error_clear(err);
    load_cached(ctx, in, &cached, out);
    request.seen = in->seen;
    request.now_s = in->now_s;
    request.fresh = in->fresh;
    if (is_good(in, cached.collateral)) {
        take_cached(&cached, ASSAY_ORIGIN_CACHED, out);
    } else if (assay_ask(ctx, &request, &in->ask, &out->bundle,
                         &out->collateral, err) == ASSAY_OK &&
               !is_overtaken_by(in, out->collateral, cached.collateral)) {
        out->origin = ASSAY_ORIGIN_FETCHED;
    } else if (is_better_than_nothing(in, cached.collateral, &origin)) {
        assay_error_clear(err);
        assay_collateral_free(out->collateral);
        assay_buf_free(&out->bundle);
        take_cached(&cached, origin, out);
    }
    drop_cached(&cached);
    return err->code;
}

void
assay_obtained_free(struct assay_obtained *o)
{
    assay_collateral_free(o->collateral);
    assay_buf_free(&o->bundle);
    memset(o, 0, sizeof(*o));
}

/* Collateral that is stale on arrival, or of an older evaluation than was
 * seen, does not replace what is there: it may be what is needed later. */
void
assay_obtain_keep(const struct assay_obtain_input *in, struct assay_obtained *o)
{
    struct assay_error why;
    char *path;

    if (!in->use_cache || o->origin != ASSAY_ORIGIN_FETCHED ||
        !assay_is_in_date(o->collateral, in->now_s) ||
        !assay_has_reached(o->collateral, in->seen)) {
        return;
    }
    path = assay_cache_path(in->request);
    if (path != NULL && assay_cache_store(path, assay_buf_slice(&o->bundle),
                                          &why) != ASSAY_OK) {
        (void)snprintf(o->note, sizeof(o->note), "not kept: %s", why.msg);
    }
    free(path);
}

/* What says of the collateral, whatever the quote and the time, that it holds
 * together: a source in the middle of an update may have a new CRL beside what
 * a revoked key has signed. */
static const char *const own_checks[] = {
    "root_ca_crl",
    "pck_crl",
    "tcb_signer",
    "tcb_signer_not_revoked",
    "tcb_info",
    "qe_signer",
    "qe_signer_not_revoked",
    "qe_identity",
};
#define OWN_COUNT (sizeof(own_checks) / sizeof(own_checks[0]))

/* How many of them had this outcome. */
static size_t
count(const struct assay_verdict *v, enum assay_outcome outcome)
{
    size_t n = 0;

    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        for (size_t k = 0; k < OWN_COUNT; k++) {
            n += strcmp(c.name, own_checks[k]) == 0 && c.outcome == outcome;
        }
    }
    return n;
}

bool
assay_obtain_is_authentic(const struct assay_verdict *v)
{
    return count(v, ASSAY_PASSED) == OWN_COUNT;
}

bool
assay_obtain_is_forged(const struct assay_verdict *v)
{
    return count(v, ASSAY_FAILED) > 0;
}

bool
assay_obtain_is_sound(const struct assay_verdict *v)
{
    return assay_verdict_tcb_status(v) != ASSAY_TCB_NONE;
}

void
assay_obtain_try(struct assay_verifier *verifier, const struct assay_root *root,
                 const struct assay_quote *quote,
                 const struct assay_collateral *c, int64_t now_s,
                 struct assay_trial *out)
{
    struct assay_verdict *v = NULL;
    struct assay_policy *p = NULL;
    struct assay_error ignored;
    struct assay_verify_input in = {
        .quote = quote,
        .collateral = c,
        .root = root,
        .now_s = now_s,
    };

    memset(out, 0, sizeof(*out));
    if (assay_policy_default((enum assay_tee)assay_quote_view(quote)->tee_type,
                             &p, &ignored) == ASSAY_OK) {
        in.policy = p;
        if (assay_verify(verifier, &in, &v, &ignored) == ASSAY_OK) {
            out->authentic = assay_obtain_is_authentic(v);
            out->forged = assay_obtain_is_forged(v);
            out->sound = assay_obtain_is_sound(v);
            (void)snprintf(out->summary, sizeof(out->summary), "%.159s",
                           assay_verdict_summary(v));
        }
    }
    assay_verdict_free(v);
    assay_policy_free(p);
}
