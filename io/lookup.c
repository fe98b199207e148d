/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lookup.c - one search for collateral.
 */
#include "io/lookup.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "collateral/usable.h"

static void
clear(struct assay_lookup *l)
{
    assay_error_clear(&l->err);
    memset(&l->obtained, 0, sizeof(l->obtained));
    l->authentic = false;
    l->note[0] = '\0';
}

static void
try_on(const struct assay_lookup *l, struct assay_trial *t)
{
    assay_obtain_try(l->verifier, l->root, l->quote, l->obtained.collateral,
                     l->now_s, t);
}

/* A damaged cache is passed by once; if there is no better answer, the verdict
 * over the damaged one stands. */
static void
pass_by_cache(struct assay_lookup *l, struct assay_obtain_input *in,
              struct assay_trial *t)
{
    struct assay_obtained *o = &l->obtained;
    struct assay_obtained first = *o;
    struct assay_error ignored;

    in->pass_by_cache = true;
    if (assay_obtain_collateral(l->ctx, in, o, &ignored) == ASSAY_OK) {
        assay_obtained_free(&first);
        try_on(l, t);
    } else {
        *o = first;
    }
}

static void
note(struct assay_lookup *l, const char *text)
{
    if (text[0] != '\0') {
        (void)snprintf(l->note, sizeof(l->note), "%s", text);
    }
}

static void
remember(struct assay_lookup *l, const struct assay_obtain_input *in,
         const struct assay_trial *t)
{
    struct assay_obtained *o = &l->obtained;
    struct assay_error err;

    note(l, o->note);
    if (t->authentic) {
        o->note[0] = '\0';
        assay_obtain_keep(in, o);
        note(l, o->note);
    }
    if (t->sound &&
        assay_seen_learn(l->seen, l->root, o->collateral, &err) != ASSAY_OK) {
        note(l, err.msg);
    }
}

void
assay_lookup_run(struct assay_lookup *l)
{
    const struct assay_gather_request request = {
        .need = l->need,
        .sources = l->sources,
        .source_count = l->source_count,
    };
    struct assay_obtain_input in = {
        .request = &request,
        .ask = l->ask,
        .use_cache = l->use_cache,
        .now_s = l->now_s,
        .grace_s = l->grace_s,
        .fresh = l->fresh,
        .held = l->held,
        .refresh = l->refresh,
        .newer_than = l->newer_than,
    };
    struct assay_obtained *o = &l->obtained;
    struct assay_trial t;

    clear(l);
    assay_seen_reload(l->seen);
    in.seen = assay_seen_recall(l->seen, l->root, l->need, l->now_s);
    if (assay_obtain_collateral(l->ctx, &in, o, &l->err) != ASSAY_OK) {
        return;
    }
    try_on(l, &t);
    if (t.forged && o->origin == ASSAY_ORIGIN_CACHED) {
        pass_by_cache(l, &in, &t);
    }
    l->authentic = t.authentic;
    remember(l, &in, &t);
}

/* What a server brings is as old as it likes to make it. */
static struct assay_freshness
freshness_of_staples(const struct assay_freshness *fresh)
{
    struct assay_freshness f = *fresh;

    if (!f.has_max_age) {
        f.has_max_age = true;
        f.max_age_s = ASSAY_STAPLE_MAX_AGE_S;
    }
    return f;
}

static void
judge_staple(struct assay_lookup *l)
{
    const struct assay_collateral *c = l->obtained.collateral;
    struct assay_freshness fresh = freshness_of_staples(&l->fresh);
    struct assay_trial t;

    try_on(l, &t);
    if (!t.sound) {
        assay_fail(&l->err, ASSAY_INVALID, ASSAY_NO_OFFSET, "%s", t.summary);
    } else if (!assay_is_fresh(c, &fresh, l->now_s)) {
        assay_fail(&l->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "it is older than the policy allows");
    } else if (!assay_has_reached(
                   c, assay_seen_recall(l->seen, l->root, l->need, l->now_s))) {
        assay_fail(&l->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "its TCB evaluation was overtaken");
    }
}

void
assay_lookup_staple(struct assay_lookup *l)
{
    struct assay_obtained *o = &l->obtained;

    clear(l);
    o->origin = ASSAY_ORIGIN_STAPLED;
    if (assay_collateral_parse(l->ctx, l->stapled, &o->collateral, &l->err) ==
        ASSAY_OK) {
        judge_staple(l);
    }
    if (l->err.code != ASSAY_OK) {
        (void)snprintf(l->note, sizeof(l->note),
                       "stapled collateral was not used: %s", l->err.msg);
    }
}
