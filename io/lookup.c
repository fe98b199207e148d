/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lookup.c - a search for collateral is given what it asks for.
 */
#include "io/lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "io/cache.h"

static void
clear(struct assay_lookup *l)
{
    assay_error_clear(&l->err);
    memset(&l->obtained, 0, sizeof(l->obtained));
    memset(l->note, 0, sizeof(l->note));
}

static void
note(struct assay_lookup *l, enum assay_lookup_note which, const char *text)
{
    (void)snprintf(l->note[which], sizeof(l->note[which]), "%s", text);
}

/* What both kinds of search are given. */
static struct assay_search_input
input_of(const struct assay_lookup *l)
{
    return (struct assay_search_input){
        .ctx = l->ctx,
        .verifier = l->verifier,
        .root = l->root,
        .quote = l->quote,
        .request =
            {
                .need = l->need,
                .seen = assay_seen_recall(l->seen, l->root, l->need, l->now_s),
                .now_s = l->now_s,
                .fresh = l->fresh,
            },
    };
}

static void
ask(const struct assay_lookup *l, struct assay_search *s)
{
    struct assay_gather *g = assay_search_asks(s);
    struct assay_error why;

    assay_error_clear(&why);
    if (g != NULL && l->ask.answer(l->ask.user, g, &why) != ASSAY_OK) {
        assay_search_give_up(s, &why);
    }
}

static void
search(struct assay_lookup *l, const struct assay_search_input *in)
{
    struct assay_search *s = NULL;

    if (assay_search_new(in, &s, &l->err) == ASSAY_OK) {
        ask(l, s);
        (void)!assay_search_take(s, &l->obtained, &l->err);
        if (assay_search_note(s)[0] != '\0') {
            note(l, ASSAY_NOTE_SEARCH, assay_search_note(s));
        }
    }
    assay_search_free(s);
}

static void
load_cached(struct assay_lookup *l, const char *path, struct assay_buf *bundle)
{
    struct assay_error err;

    if (path != NULL && assay_cache_load(path, bundle, &err) != ASSAY_OK) {
        (void)snprintf(l->note[ASSAY_NOTE_SEARCH],
                       sizeof(l->note[ASSAY_NOTE_SEARCH]),
                       "the cache is no use: %s", err.msg);
    }
}

static void
remember(struct assay_lookup *l, const char *path)
{
    const struct assay_obtained *o = &l->obtained;
    struct assay_error err;

    if (o->keep && path != NULL &&
        assay_cache_store(path, assay_buf_slice(&o->bundle), &err) !=
            ASSAY_OK) {
        (void)snprintf(l->note[ASSAY_NOTE_KEEP],
                       sizeof(l->note[ASSAY_NOTE_KEEP]), "not kept: %s",
                       err.msg);
    }
    if (o->learn &&
        assay_seen_learn(l->seen, l->root, o->collateral, &err) != ASSAY_OK) {
        note(l, ASSAY_NOTE_LEARN, err.msg);
    }
}

void
assay_lookup_run(struct assay_lookup *l)
{
    struct assay_search_input in;
    struct assay_buf cached;
    char *path;

    clear(l);
    assay_seen_reload(l->seen);
    in = input_of(l);
    in.request.sources = l->sources;
    in.request.source_count = l->source_count;
    path = l->use_cache ? assay_cache_path(&in.request) : NULL;
    assay_buf_init(&cached, 0);
    load_cached(l, path, &cached);
    in.cached = assay_buf_slice(&cached);
    in.cached_name = path;
    in.held = l->held;
    in.grace_s = l->grace_s;
    in.refresh = l->refresh;
    in.newer_than = l->newer_than;
    search(l, &in);
    assay_buf_free(&cached);
    remember(l, path);
    free(path);
}

void
assay_lookup_staple(struct assay_lookup *l)
{
    struct assay_search_input in;

    clear(l);
    in = input_of(l);
    in.stapled = l->stapled;
    search(l, &in);
}

const char *
assay_lookup_last_note(const struct assay_lookup *l)
{
    size_t i = ASSAY_LOOKUP_NOTES - 1;

    while (i > 0 && l->note[i][0] == '\0') {
        i--;
    }
    return l->note[i];
}
