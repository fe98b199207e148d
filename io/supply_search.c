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
#include "io/refresh.h"
#include "io/supply_state.h"

/* --- searches ----------------------------------------------------------- */

static void after_work(uv_work_t *w, int status);

void
assay_search_free(struct assay_search *f)
{
    assay_supplied_release(f->lookup.to);
    assay_buf_free(&f->lookup.stapled);
    assay_buf_free(&f->lookup.held);
    free(f);
}

static void
work_fixed(struct assay_lookup *l)
{
    l->to->collateral = l->o.fixed;
    l->to->obtained.origin = ASSAY_ORIGIN_GIVEN;
    l->authentic = true; /* as far as keeping it goes; the verdict judges */
}

static void
work(uv_work_t *w)
{
    struct assay_search *f = w->data;

    if (atomic_load(&f->lookup.cancel)) {
        return;
    }
    if (f->lookup.o.fixed != NULL) {
        work_fixed(&f->lookup);
    } else if (f->purpose == ASSAY_PURPOSE_STAPLE) {
        assay_lookup_staple(&f->lookup);
    } else {
        assay_lookup_run(&f->lookup);
    }
}

static bool
fill(struct assay_search *f, struct assay_supply *s,
     const struct assay_quote *quote, const struct assay_collateral_need *need,
     int64_t now_s)
{
    struct assay_lookup *l = &f->lookup;

    l->now_s = now_s;
    l->o = s->o;
    l->o.fetch.cancel = &l->cancel;
    memcpy(l->source, s->source, sizeof(l->source));
    l->to = calloc(1, sizeof(*l->to));
    if (l->to == NULL) {
        return false;
    }
    l->to->count = 1;
    l->to->need = *need;
    return assay_quote_parse(assay_quote_view(quote)->raw, &l->to->quote,
                             &l->err) == ASSAY_OK;
}

struct assay_search *
assay_search_new(struct assay_supply *s, enum assay_purpose purpose,
                 const struct assay_quote *quote,
                 const struct assay_collateral_need *need, int64_t now_s)
{
    const struct assay_supply_kept *held = assay_supply_find(s, need);
    struct assay_search *f = calloc(1, sizeof(*f));

    if (f == NULL) {
        return NULL;
    }
    assay_error_clear(&f->lookup.err);
    atomic_init(&f->lookup.cancel, false);
    assay_buf_init(&f->lookup.stapled, ASSAY_BUNDLE_MAX_BYTES);
    assay_buf_init(&f->lookup.held, ASSAY_BUNDLE_MAX_BYTES);
    if (held != NULL) {
        assay_buf_add(&f->lookup.held, assay_supplied_bundle(held->what));
    }
    f->work.data = f;
    f->purpose = purpose;
    f->supply = s;
    if (!fill(f, s, quote, need, now_s)) {
        assay_search_free(f);
        return NULL;
    }
    return f;
}

bool
assay_search_start(struct assay_search *f)
{
    if (uv_queue_work(f->supply->loop, &f->work, work, after_work) != 0) {
        assay_search_free(f);
        return false;
    }
    f->next = f->supply->searches;
    f->supply->searches = f;
    if (f->lookup.o.begun != NULL) {
        f->lookup.o.begun(f->lookup.o.owner);
    }
    return true;
}

static void
unlink_search(struct assay_search *f)
{
    struct assay_search **at = &f->supply->searches;

    while (*at != f) {
        at = &(*at)->next;
    }
    *at = f->next;
}

struct assay_search *
assay_search_find(const struct assay_supply *s,
                  const struct assay_collateral_need *need, bool refreshes)
{
    struct assay_search *f = s->searches;

    while (f != NULL && (f->ended || f->purpose == ASSAY_PURPOSE_STAPLE ||
                         (f->purpose == ASSAY_PURPOSE_REFRESH && !refreshes) ||
                         !assay_supply_same_need(&f->lookup.to->need, need))) {
        f = f->next;
    }
    return f;
}

void
assay_search_abandon(struct assay_search *f)
{
    unlink_search(f);
    f->supply = NULL;
    if (!f->ended) {
        atomic_store(&f->lookup.cancel, true);
        (void)uv_cancel((uv_req_t *)&f->work);
    }
}

/* --- what a search ended with ------------------------------------------- */

/* What is not authentic on one quote may say more of the quote than of the
 * collateral: the others look for themselves, together. */
static void
end_search(struct assay_search *f)
{
    struct assay_lookup *l = &f->lookup;
    struct assay_supplied *result = l->err.code == ASSAY_OK ? l->to : NULL;
    struct assay_supply_call *c;

    if (result != NULL && l->authentic) {
        assay_supply_keep(f->supply, result, l->now_s);
    }
    while (f->supply != NULL &&
           (c = assay_supply_waiting(f->supply, f)) != NULL) {
        if (result == NULL || l->authentic || c == f->first) {
            assay_supply_tell(c, result, &l->err);
        } else {
            assay_supply_rejoin(c);
        }
    }
}

static void
end_staple(struct assay_search *f)
{
    struct assay_supply_call *c = assay_supply_waiting(f->supply, f);

    if (f->lookup.err.code == ASSAY_OK) {
        if (c != NULL) {
            assay_supply_tell(c, f->lookup.to, &f->lookup.err);
        }
        return;
    }
    f->supply->staples_refused++;
    if (c != NULL) {
        assay_supply_rejoin(c);
    }
}

static void
end_refresh(struct assay_search *f)
{
    struct assay_lookup *l = &f->lookup;
    struct assay_supply *s = f->supply;
    struct assay_supply_kept *k = assay_supply_find(s, &l->to->need);
    bool newer = l->err.code == ASSAY_OK && l->authentic &&
                 l->to->obtained.origin != ASSAY_ORIGIN_STALE &&
                 assay_is_fresh(l->to->collateral, &s->o.fresh, l->now_s) &&
                 assay_collateral_issued(l->to->collateral) > l->issued_after_s;

    if (newer &&
        assay_has_reached(l->to->collateral,
                          assay_supply_seen(s, &l->to->need, l->now_s))) {
        assay_supply_keep(s, l->to, l->now_s);
    } else if (k != NULL) {
        k->failures++;
        k->due_s =
            assay_refresh_retry(k->failures, l->now_s, assay_supply_chance());
    }
}

static void
after_work(uv_work_t *w, int status)
{
    static void (*const end[])(struct assay_search *) = {
        [ASSAY_PURPOSE_SEARCH] = end_search,
        [ASSAY_PURPOSE_STAPLE] = end_staple,
        [ASSAY_PURPOSE_REFRESH] = end_refresh,
    };
    struct assay_search *f = w->data;
    const struct assay_supply_options o = f->lookup.o;

    f->ended = true;
    if (f->supply != NULL) { /* still wanted */
        if (status != 0) {
            assay_fail(&f->lookup.err, ASSAY_IO, ASSAY_NO_OFFSET,
                       "collateral: %s", uv_strerror(status));
        }
        if (f->lookup.note[0] != '\0') {
            (void)snprintf(f->supply->note, sizeof(f->supply->note), "%s",
                           f->lookup.note);
        }
        end[f->purpose](f);
    }
    if (f->supply != NULL) {
        unlink_search(f);
    }
    assay_search_free(f);
    if (o.ended != NULL) {
        o.ended(o.owner);
    }
}
