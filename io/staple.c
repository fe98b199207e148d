/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * staple.c - the collateral of the own platform. The supply refreshes what it
 * holds; what is here is the first search, until one succeeds.
 */
#include "io/staple.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "collateral/usable.h"
#include "io/moment.h"
#include "io/refresh.h"
#include "io/supply_state.h"

#define TICK_MS 30000u

struct assay_staple {
    struct assay_supply *supply;
    uv_timer_t *timer;
    struct assay_quote *quote; /* NULL: none was seen yet */
    struct assay_collateral_need need;
    struct assay_supply_call *call; /* the search that is under way */
    struct assay_supplied *current; /* what was handed out last */
    int64_t asked_s;
    int64_t retry_s; /* not before */
    unsigned failures;
    char note[320];
};

static bool
has(struct assay_staple *s, int64_t now_s)
{
    struct assay_supplied *have = assay_supply_have(s->supply, &s->need, now_s);

    assay_supplied_release(have);
    return have != NULL;
}

static void
fail(struct assay_staple *s, const char *why, int64_t now_s)
{
    (void)snprintf(s->note, sizeof(s->note), "%s", why);
    s->failures++;
    s->retry_s = assay_refresh_retry(s->failures, now_s, assay_supply_chance());
}

/* The supply keeps what is authentic; what is not helps nobody. */
static void
on_done(void *user, struct assay_supplied *supplied,
        const struct assay_error *err)
{
    struct assay_staple *s = user;

    s->call = NULL;
    if (supplied == NULL) {
        fail(s, err->msg, s->asked_s);
    } else if (!has(s, s->asked_s)) {
        fail(s, "what the sources have is not authentic, or has run out",
             s->asked_s);
    } else {
        s->failures = 0;
        s->note[0] = '\0';
    }
    assay_supplied_release(supplied);
}

static void
search(struct assay_staple *s, int64_t now_s)
{
    if (s->quote == NULL || s->call != NULL || now_s < s->retry_s ||
        has(s, now_s)) {
        return;
    }
    s->asked_s = now_s;
    s->call = assay_supply_get(s->supply, s->quote, &s->need, ASSAY_EMPTY,
                               now_s, on_done, s);
    if (s->call == NULL) {
        fail(s, "out of memory", now_s);
    }
}

void
assay_staple_tick(struct assay_staple *s, int64_t now_s)
{
    assay_supply_tick(s->supply, now_s);
    search(s, now_s);
}

static void
on_timer(uv_timer_t *timer)
{
    search(timer->data, assay_now().wall_s); /* the supply has its own */
}

static void
free_timer(uv_handle_t *timer)
{
    free(timer);
}

struct assay_staple *
assay_staple_new(uv_loop_t *loop, const struct assay_supply_options *options)
{
    struct assay_supply_options o = *options;
    struct assay_staple *s = calloc(1, sizeof(*s));

    o.refresh = true;
    o.refresh_every_s = ASSAY_STAPLE_EVERY_S;
    o.grace_s = 0;
    o.fixed = NULL;
    if (s == NULL) {
        return NULL;
    }
    s->supply = assay_supply_new(loop, &o);
    s->timer = malloc(sizeof(*s->timer));
    if (s->supply == NULL || s->timer == NULL) {
        assay_supply_free(s->supply);
        free(s->timer);
        free(s);
        return NULL;
    }
    (void)uv_timer_init(loop, s->timer); /* never fails */
    s->timer->data = s;
    (void)uv_timer_start(s->timer, on_timer, TICK_MS, TICK_MS);
    uv_unref((uv_handle_t *)s->timer);
    return s;
}

void
assay_staple_free(struct assay_staple *s)
{
    if (s != NULL) {
        uv_close((uv_handle_t *)s->timer, free_timer);
        assay_supplied_release(s->current);
        assay_supply_cancel(s->call);
        assay_supply_free(s->supply);
        assay_quote_free(s->quote);
        free(s);
    }
}

void
assay_staple_learn(struct assay_staple *s, const struct assay_quote *quote,
                   int64_t now_s)
{
    struct assay_collateral_need need;
    struct assay_quote *copy = NULL;
    struct assay_error err;

    if (assay_collateral_need(quote, ASSAY_EMPTY, &need, &err) != ASSAY_OK) {
        (void)snprintf(s->note, sizeof(s->note), "%s", err.msg);
        return;
    }
    if ((s->quote == NULL || !assay_same_need(&s->need, &need)) &&
        assay_quote_parse(assay_quote_view(quote)->raw, &copy, &err) ==
            ASSAY_OK) {
        assay_supply_cancel(s->call);
        s->call = NULL;
        assay_quote_free(s->quote);
        s->quote = copy;
        s->need = need;
        s->failures = 0;
        s->retry_s = 0;
    }
    search(s, now_s);
}

struct assay_slice
assay_staple_bundle(struct assay_staple *s, int64_t now_s)
{
    assay_supplied_release(s->current);
    s->current =
        s->quote != NULL ? assay_supply_have(s->supply, &s->need, now_s) : NULL;
    return s->current != NULL ? assay_supplied_bundle(s->current) : ASSAY_EMPTY;
}

const char *
assay_staple_note(const struct assay_staple *s)
{
    return s->note[0] != '\0' ? s->note : assay_supply_note(s->supply);
}
