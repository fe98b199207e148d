/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * supply_call.c - those who wait for collateral.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "io/supply_state.h"

static void
unlink_call(struct assay_supply_call *c)
{
    struct assay_supply_call **at = &c->supply->calls;

    while (*at != c) {
        at = &(*at)->next;
    }
    *at = c->next;
}

static void
call_free(struct assay_supply_call *c)
{
    assay_quote_free(c->quote);
    free(c);
}

struct assay_supply_call *
assay_supply_waiting(const struct assay_supply *s,
                     const struct assay_supply_search *f)
{
    struct assay_supply_call *c = s->calls;

    while (c != NULL && c->search != f) {
        c = c->next;
    }
    return c;
}

/* Joins the search for the same, or starts one. False: out of memory. */
static bool
join(struct assay_supply_call *c)
{
    struct assay_supply_search *f =
        assay_supply_search_find(c->supply, &c->need, false);

    if (f == NULL) {
        f = assay_supply_search_new(c->supply, ASSAY_PURPOSE_SEARCH, c->quote,
                                    &c->need, c->now_s);
        if (f == NULL || !assay_supply_search_start(f)) {
            return false;
        }
        f->first = c;
    }
    c->search = f;
    return true;
}

static bool
begin_staple(struct assay_supply_call *c, struct assay_slice stapled)
{
    struct assay_supply_search *f = assay_supply_search_new(
        c->supply, ASSAY_PURPOSE_STAPLE, c->quote, &c->need, c->now_s);

    if (f == NULL) {
        return false;
    }
    assay_buf_add(&f->stapled, stapled);
    if (f->stapled.failed) {
        assay_supply_search_free(f);
        return false;
    }
    f->lookup.stapled = assay_buf_slice(&f->stapled);
    if (!assay_supply_search_start(f)) {
        return false;
    }
    f->first = c;
    c->search = f;
    return true;
}

void
assay_supply_tell(struct assay_supply_call *c, struct assay_supplied *result,
                  const struct assay_error *err)
{
    assay_supply_done *done = c->done;
    void *user = c->user;

    unlink_call(c);
    call_free(c);
    if (result != NULL) {
        result->count++;
    }
    done(user, result, err);
}

void
assay_supply_rejoin(struct assay_supply_call *c)
{
    struct assay_error err;

    c->search = NULL;
    if (!join(c)) {
        assay_error_clear(&err);
        assay_fail(&err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "collateral: out of memory");
        assay_supply_tell(c, NULL, &err);
    }
}

/* --- asking ------------------------------------------------------------- */

static bool
is_worth_judging(const struct assay_supply *s, struct assay_slice stapled)
{
    return stapled.len > 0 && stapled.len <= ASSAY_BUNDLE_MAX_BYTES &&
           s->o.fixed == NULL;
}

struct assay_supply_call *
assay_supply_get(struct assay_supply *s, const struct assay_quote *quote,
                 const struct assay_collateral_need *need,
                 struct assay_slice stapled, int64_t now_s,
                 assay_supply_done *done, void *user)
{
    struct assay_supply_call *c = calloc(1, sizeof(*c));
    struct assay_error ignored;

    if (c == NULL) {
        return NULL;
    }
    c->supply = s;
    c->need = *need;
    c->now_s = now_s;
    c->done = done;
    c->user = user;
    if (assay_quote_parse(assay_quote_view(quote)->raw, &c->quote, &ignored) !=
            ASSAY_OK ||
        !(is_worth_judging(s, stapled) ? begin_staple(c, stapled) : join(c))) {
        call_free(c);
        return NULL;
    }
    c->next = s->calls;
    s->calls = c;
    return c;
}

/* The last one to leave a search ends it. */
void
assay_supply_cancel(struct assay_supply_call *c)
{
    struct assay_supply_search *f;

    if (c == NULL) {
        return;
    }
    f = c->search;
    unlink_call(c);
    if (f != NULL && f->first == c) {
        f->first = NULL;
    }
    if (f != NULL && !f->ended && assay_supply_waiting(c->supply, f) == NULL) {
        assay_supply_search_abandon(f);
    }
    call_free(c);
}
