/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * search.c - one search for collateral: what is at hand, then the sources, then
 * the better of the two.
 */
#include "search/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "search/stapled.h"
#include "search/trial.h"

/* Collateral, parsed and as text. */
struct piece {
    struct assay_collateral *collateral; /* NULL: there is none */
    struct assay_buf bundle;
};

struct assay_search {
    struct assay_search_input in;
    struct piece at_hand; /* cached, or held */
    bool damaged;         /* what is at hand is forged */
    bool settled;         /* `result` is what it ends with */
    bool taken;
    struct assay_gather *gather; /* NULL: the sources are not asked */
    struct assay_error why;      /* nothing comes from them; or ASSAY_OK */
    struct assay_obtained result;
    char note[ASSAY_SEARCH_NOTE_BYTES];
};

void
assay_obtained_free(struct assay_obtained *o)
{
    assay_collateral_free(o->collateral);
    assay_buf_free(&o->bundle);
    memset(o, 0, sizeof(*o));
}

static void
drop(struct piece *p)
{
    assay_collateral_free(p->collateral);
    assay_buf_free(&p->bundle);
    memset(p, 0, sizeof(*p));
}

static void
note(struct assay_search *s, const char *what, const char *why)
{
    size_t used = strlen(s->note);

    (void)snprintf(s->note + used, sizeof(s->note) - used, "%s%s: %s",
                   used > 0 ? "; " : "", what, why);
}

static void
try_on(const struct assay_search *s, const struct assay_collateral *c,
       struct assay_trial *t)
{
    assay_trial_run(s->in.verifier, s->in.root, s->in.quote, c,
                    s->in.request.now_s, t);
}

/* --- what is at hand ---------------------------------------------------- */

static void
take_staple(struct assay_search *s)
{
    struct assay_error err;

    if (assay_stapled_read(&s->in, &s->result.collateral, &err) == ASSAY_OK) {
        s->result.origin = ASSAY_ORIGIN_STAPLED;
        s->settled = true;
        return;
    }
    note(s, "stapled collateral was not used", err.msg);
    if (s->in.request.source_count == 0) {
        s->why = err; /* it was all there is */
    }
}

/* *p is empty unless ASSAY_OK. */
static enum assay_code
read_piece(const struct assay_search *s, struct assay_slice text,
           struct piece *p, struct assay_error *err)
{
    if (assay_collateral_parse(s->in.ctx, text, &p->collateral, err) ==
            ASSAY_OK &&
        assay_serves(p->collateral, s->in.request.need, err) == ASSAY_OK) {
        assay_buf_init(&p->bundle, ASSAY_BUNDLE_MAX_BYTES);
        assay_buf_add(&p->bundle, text);
        (void)!assay_buf_check(&p->bundle, "bundle", err);
    }
    if (err->code != ASSAY_OK) {
        drop(p);
    }
    return err->code;
}

static void
take_at_hand(struct assay_search *s)
{
    struct assay_error err;

    if (s->in.cached.len > 0 &&
        read_piece(s, s->in.cached, &s->at_hand, &err) != ASSAY_OK) {
        if (s->in.cached_name != NULL) {
            assay_error_prefix(&err, "%s", s->in.cached_name);
        }
        note(s, "the cache is no use", err.msg);
    }
    if (s->at_hand.collateral == NULL && s->in.held.len > 0) {
        (void)!read_piece(s, s->in.held, &s->at_hand, &err);
    }
}

static bool
is_good(const struct assay_search *s)
{
    const struct assay_gather_request *r = &s->in.request;
    const struct assay_collateral *c = s->at_hand.collateral;

    return c != NULL && assay_is_fresh(c, &r->fresh, r->now_s) &&
           assay_has_reached(c, r->seen) &&
           (!s->in.refresh || assay_is_newer(c, s->in.newer_than));
}

/* Nobody has better: does what is at hand do all the same? */
static bool
is_better_than_nothing(const struct assay_search *s, enum assay_origin *origin)
{
    const struct assay_gather_request *r = &s->in.request;
    const struct assay_collateral *c = s->at_hand.collateral;

    if (c == NULL || s->in.refresh) {
        return false;
    }
    *origin = assay_is_in_date(c, r->now_s) ? ASSAY_ORIGIN_CACHED
                                            : ASSAY_ORIGIN_STALE;
    return *origin == ASSAY_ORIGIN_CACHED
               ? assay_is_fresh(c, &r->fresh, r->now_s)
               : assay_is_within_grace(c, r->now_s, s->in.grace_s);
}

/* A source that serves what has run out is no better than a silent one, if
 * there is something later at hand that does. */
static bool
is_overtaken(const struct assay_search *s,
             const struct assay_collateral *fetched)
{
    const struct assay_collateral *c = s->at_hand.collateral;
    enum assay_origin ignored;

    return !assay_is_in_date(fetched, s->in.request.now_s) &&
           is_better_than_nothing(s, &ignored) &&
           assay_collateral_expires(c) > assay_collateral_expires(fetched);
}

/* --- what it ends with -------------------------------------------------- */

static void
settle(struct assay_search *s, struct piece *p, enum assay_origin origin,
       const struct assay_trial *t)
{
    const struct assay_gather_request *r = &s->in.request;
    bool fetched = origin == ASSAY_ORIGIN_FETCHED;

    s->result = (struct assay_obtained){
        .collateral = p->collateral,
        .bundle = p->bundle,
        .origin = origin,
        .authentic = t->authentic,
        .damaged = s->damaged && fetched,
        .keep = fetched && t->authentic &&
                assay_is_in_date(p->collateral, r->now_s) &&
                assay_has_reached(p->collateral, r->seen),
        .learn = t->sound,
    };
    s->settled = true;
    memset(p, 0, sizeof(*p)); /* handed over */
}

static void
settle_fetched(struct assay_search *s, struct piece *fetched)
{
    struct assay_trial t;

    try_on(s, fetched->collateral, &t);
    settle(s, fetched, ASSAY_ORIGIN_FETCHED, &t);
}

/* What was cached is passed by where it is forged and there is another. */
static void
settle_at_hand(struct assay_search *s, enum assay_origin origin,
               struct piece *fetched)
{
    struct assay_trial t;

    try_on(s, s->at_hand.collateral, &t);
    s->damaged = t.forged && origin == ASSAY_ORIGIN_CACHED;
    if (s->damaged && fetched->collateral != NULL) {
        settle_fetched(s, fetched);
    } else {
        settle(s, &s->at_hand, origin, &t);
    }
}

static void
settle_answers(struct assay_search *s)
{
    struct piece fetched = {.collateral = NULL};
    enum assay_origin origin = ASSAY_ORIGIN_CACHED;

    assay_buf_init(&fetched.bundle, ASSAY_BUNDLE_MAX_BYTES);
    if (s->why.code == ASSAY_OK) {
        (void)!assay_gather_take(s->gather, &fetched.bundle,
                                 &fetched.collateral, &s->why);
    }
    if (fetched.collateral != NULL && !is_overtaken(s, fetched.collateral)) {
        settle_fetched(s, &fetched);
    } else if (is_better_than_nothing(s, &origin) || s->damaged) {
        settle_at_hand(s, origin, &fetched);
    }
    drop(&fetched);
}

/* --- the interface ------------------------------------------------------ */

static void
begin(struct assay_search *s)
{
    struct assay_trial t;

    if (s->in.stapled.len > 0) {
        take_staple(s);
    }
    if (s->settled || s->why.code != ASSAY_OK) {
        return;
    }
    take_at_hand(s);
    if (is_good(s)) {
        try_on(s, s->at_hand.collateral, &t);
        s->damaged = t.forged;
        if (!t.forged) {
            settle(s, &s->at_hand, ASSAY_ORIGIN_CACHED, &t);
            return;
        }
    }
    (void)!assay_gather_new(s->in.ctx, &s->in.request, &s->gather, &s->why);
}

enum assay_code
assay_search_new(const struct assay_search_input *in, struct assay_search **out,
                 struct assay_error *err)
{
    struct assay_search *s = calloc(1, sizeof(*s));

    *out = NULL;
    assay_error_clear(err);
    if (s == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "collateral");
    }
    s->in = *in;
    assay_error_clear(&s->why);
    begin(s);
    s->in.stapled = s->in.cached = s->in.held = ASSAY_EMPTY;
    s->in.cached_name = NULL;
    *out = s;
    return ASSAY_OK;
}

void
assay_search_free(struct assay_search *s)
{
    if (s != NULL) {
        drop(&s->at_hand);
        assay_gather_free(s->gather);
        assay_obtained_free(&s->result);
        free(s);
    }
}

struct assay_gather *
assay_search_asks(struct assay_search *s)
{
    return s->gather;
}

void
assay_search_give_up(struct assay_search *s, const struct assay_error *why)
{
    if (!s->settled) {
        s->why = *why;
    }
}

enum assay_code
assay_search_take(struct assay_search *s, struct assay_obtained *out,
                  struct assay_error *err)
{
    memset(out, 0, sizeof(*out));
    assay_error_clear(err);
    if (s->taken) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "collateral: was taken before");
    }
    s->taken = true;
    if (!s->settled) {
        settle_answers(s);
    }
    if (!s->settled) {
        *err = s->why;
        return err->code;
    }
    *out = s->result;
    memset(&s->result, 0, sizeof(s->result)); /* handed to the caller */
    return ASSAY_OK;
}

const char *
assay_search_note(const struct assay_search *s)
{
    return s->note;
}
