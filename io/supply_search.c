/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * supply_search.c - searches for collateral, and what they end with.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "collateral/usable.h"
#include "io/pcs.h"
#include "io/refresh.h"
#include "io/supply_state.h"

/* --- searches ----------------------------------------------------------- */

static void after_work(uv_work_t *w, int status);

void
assay_supply_search_free(struct assay_supply_search *f)
{
    assay_supplied_release(f->to);
    assay_buf_free(&f->stapled);
    assay_buf_free(&f->held);
    free(f);
}

static void
work_fixed(struct assay_supply_search *f)
{
    f->to->collateral = f->o.fixed;
    f->to->obtained.origin = ASSAY_ORIGIN_GIVEN;
    f->to->obtained.authentic = true; /* as far as keeping it goes; the verdict
                                         judges */
}

static void
work_lookup(struct assay_supply_search *f)
{
    if (f->purpose == ASSAY_PURPOSE_STAPLE) {
        assay_lookup_staple(&f->lookup);
    } else {
        assay_lookup_run(&f->lookup);
    }
    f->to->obtained = f->lookup.obtained; /* which is whose it is */
    f->to->collateral = f->to->obtained.collateral;
}

static void
work(uv_work_t *w)
{
    struct assay_supply_search *f = w->data;

    if (atomic_load(&f->cancel)) {
        return;
    }
    if (f->o.fixed != NULL) {
        work_fixed(f);
    } else {
        work_lookup(f);
    }
}

static void
fill_lookup(struct assay_supply_search *f, int64_t now_s)
{
    f->lookup = (struct assay_lookup){
        .ctx = f->o.ctx,
        .verifier = f->o.verifier,
        .root = f->o.root,
        .quote = f->to->quote,
        .need = &f->to->need,
        .seen = f->o.seen,
        .fresh = f->o.fresh,
        .now_s = now_s,
        .sources = f->source,
        .source_count = f->o.source_count,
        .ask = assay_pcs_ask(&f->o.fetch),
        .use_cache = f->o.use_cache,
        .grace_s = f->o.grace_s,
        .held = assay_buf_slice(&f->held),
    };
    assay_error_clear(&f->lookup.err);
}

static bool
fill(struct assay_supply_search *f, const struct assay_quote *quote,
     const struct assay_collateral_need *need, int64_t now_s)
{
    struct assay_error ignored;

    f->o = f->supply->o;
    f->o.fetch.cancel = &f->cancel;
    memcpy(f->source, f->supply->source, sizeof(f->source));
    f->to = calloc(1, sizeof(*f->to));
    if (f->to == NULL) {
        return false;
    }
    f->to->count = 1;
    f->to->need = *need;
    if (assay_quote_parse(assay_quote_view(quote)->raw, &f->to->quote,
                          &ignored) != ASSAY_OK) {
        return false;
    }
    fill_lookup(f, now_s);
    return true;
}

struct assay_supply_search *
assay_supply_search_new(struct assay_supply *s, enum assay_purpose purpose,
                        const struct assay_quote *quote,
                        const struct assay_collateral_need *need, int64_t now_s)
{
    const struct assay_supply_kept *kept = assay_supply_find(s, need);
    struct assay_supply_search *f = calloc(1, sizeof(*f));

    if (f == NULL) {
        return NULL;
    }
    atomic_init(&f->cancel, false);
    assay_buf_init(&f->stapled, ASSAY_BUNDLE_MAX_BYTES);
    assay_buf_init(&f->held, ASSAY_BUNDLE_MAX_BYTES);
    if (kept != NULL) {
        assay_buf_add(&f->held, assay_supplied_bundle(kept->what));
    }
    f->work.data = f;
    f->purpose = purpose;
    f->supply = s;
    if (!fill(f, quote, need, now_s)) {
        assay_supply_search_free(f);
        return NULL;
    }
    return f;
}

bool
assay_supply_search_start(struct assay_supply_search *f)
{
    if (uv_queue_work(f->supply->loop, &f->work, work, after_work) != 0) {
        assay_supply_search_free(f);
        return false;
    }
    f->next = f->supply->searches;
    f->supply->searches = f;
    if (f->o.begun != NULL) {
        f->o.begun(f->o.owner);
    }
    return true;
}

static void
unlink_search(struct assay_supply_search *f)
{
    struct assay_supply_search **at = &f->supply->searches;

    while (*at != f) {
        at = &(*at)->next;
    }
    *at = f->next;
}

struct assay_supply_search *
assay_supply_search_find(const struct assay_supply *s,
                         const struct assay_collateral_need *need,
                         bool refreshes)
{
    struct assay_supply_search *f = s->searches;

    while (f != NULL && (f->ended || f->purpose == ASSAY_PURPOSE_STAPLE ||
                         (f->purpose == ASSAY_PURPOSE_REFRESH && !refreshes) ||
                         !assay_same_need(&f->to->need, need))) {
        f = f->next;
    }
    return f;
}

void
assay_supply_search_abandon(struct assay_supply_search *f)
{
    unlink_search(f);
    f->supply = NULL;
    if (!f->ended) {
        atomic_store(&f->cancel, true);
        (void)uv_cancel((uv_req_t *)&f->work);
    }
}

/* --- what a search ended with ------------------------------------------- */

/* What is not authentic on one quote may say more of the quote than of the
 * collateral: the others look for themselves, together. */
static void
end_search(struct assay_supply_search *f)
{
    struct assay_lookup *l = &f->lookup;
    struct assay_supplied *result = l->err.code == ASSAY_OK ? f->to : NULL;
    struct assay_supply_call *c;

    if (result != NULL && result->obtained.authentic) {
        assay_supply_keep(f->supply, result, l->now_s);
    }
    while (f->supply != NULL &&
           (c = assay_supply_waiting(f->supply, f)) != NULL) {
        if (result == NULL || result->obtained.authentic || c == f->first) {
            assay_supply_tell(c, result, &l->err);
        } else {
            assay_supply_rejoin(c);
        }
    }
}

static void
end_staple(struct assay_supply_search *f)
{
    struct assay_supply_call *c = assay_supply_waiting(f->supply, f);

    if (f->lookup.err.code == ASSAY_OK) {
        if (c != NULL) {
            assay_supply_tell(c, f->to, &f->lookup.err);
        }
        return;
    }
    f->supply->staples_refused++;
    if (c != NULL) {
        assay_supply_rejoin(c);
    }
}

static void
end_refresh(struct assay_supply_search *f)
{
    struct assay_lookup *l = &f->lookup;
    struct assay_supply *s = f->supply;
    struct assay_supply_kept *k = assay_supply_find(s, &f->to->need);
    bool newer = l->err.code == ASSAY_OK && f->to->obtained.authentic &&
                 f->to->obtained.origin != ASSAY_ORIGIN_STALE &&
                 assay_is_fresh(f->to->collateral, &s->o.fresh, l->now_s) &&
                 assay_is_newer(f->to->collateral, l->newer_than);

    if (newer &&
        assay_has_reached(f->to->collateral,
                          assay_supply_seen(s, &f->to->need, l->now_s))) {
        assay_supply_keep(s, f->to, l->now_s);
    } else if (k != NULL) {
        k->failures++;
        k->due_s =
            assay_refresh_retry(k->failures, l->now_s, assay_supply_chance());
    }
}

static void
after_work(uv_work_t *w, int status)
{
    static void (*const end[])(struct assay_supply_search *) = {
        [ASSAY_PURPOSE_SEARCH] = end_search,
        [ASSAY_PURPOSE_STAPLE] = end_staple,
        [ASSAY_PURPOSE_REFRESH] = end_refresh,
    };
    struct assay_supply_search *f = w->data;
    const struct assay_supply_options o = f->o;

    f->ended = true;
    if (f->supply != NULL) { /* still wanted */
        if (status != 0) {
            assay_fail(&f->lookup.err, ASSAY_IO, ASSAY_NO_OFFSET,
                       "collateral: %s", uv_strerror(status));
        }
        if (assay_lookup_last_note(&f->lookup)[0] != '\0') {
            (void)snprintf(f->supply->note, sizeof(f->supply->note), "%s",
                           assay_lookup_last_note(&f->lookup));
        }
        end[f->purpose](f);
    }
    if (f->supply != NULL) {
        unlink_search(f);
    }
    assay_supply_search_free(f);
    if (o.ended != NULL) {
        o.ended(o.owner);
    }
}
