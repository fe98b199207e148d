/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * supply.c - collateral for the sessions of one loop: what is held, and until
 * when.
 */
#include <stdlib.h>
#include <string.h>

#include "collateral/usable.h"
#include "io/moment.h"
#include "io/refresh.h"
#include "io/supply_state.h"

#define TICK_MS 60000u /* how often it is looked what is due */

/* --- what was handed out ------------------------------------------------ */

const struct assay_collateral *
assay_supplied_collateral(const struct assay_supplied *s)
{
    return s->collateral;
}

enum assay_origin
assay_supplied_origin(const struct assay_supplied *s)
{
    return s->obtained.origin;
}

struct assay_slice
assay_supplied_bundle(const struct assay_supplied *s)
{
    return assay_buf_slice(&s->obtained.bundle);
}

void
assay_supplied_release(struct assay_supplied *s)
{
    if (s != NULL && --s->count == 0) {
        assay_obtained_free(&s->obtained);
        assay_quote_free(s->quote);
        free(s);
    }
}

const char *
assay_supply_note(const struct assay_supply *s)
{
    return s->note;
}

size_t
assay_supply_staples_refused(const struct assay_supply *s)
{
    return s->staples_refused;
}

/* --- the memory --------------------------------------------------------- */

struct assay_supply_kept *
assay_supply_find(struct assay_supply *s,
                  const struct assay_collateral_need *need)
{
    for (unsigned i = 0; i < ASSAY_SUPPLY_KEPT; i++) {
        if (s->kept[i].what != NULL &&
            assay_same_need(&s->kept[i].what->need, need)) {
            return &s->kept[i];
        }
    }
    return NULL;
}

uint32_t
assay_supply_chance(void)
{
    uint32_t n;

    assay_random_bytes((uint8_t *)&n, sizeof(n));
    return n;
}

struct assay_evaluations
assay_supply_seen(struct assay_supply *s,
                  const struct assay_collateral_need *need, int64_t now_s)
{
    return assay_seen_recall(s->o.seen, s->o.root, need, now_s);
}

static struct assay_holding
holding_of(struct assay_supply *s, const struct assay_collateral_need *need,
           int64_t now_s)
{
    return (struct assay_holding){
        .fresh = s->o.fresh,
        .grace_s = s->o.grace_s,
        .seen = assay_supply_seen(s, need, now_s),
    };
}

void
assay_supply_keep(struct assay_supply *s, struct assay_supplied *new,
                  int64_t now_s)
{
    const struct assay_holding h = holding_of(s, &new->need, now_s);
    struct assay_supply_kept *k = assay_supply_find(s, &new->need);

    if (k == NULL) {
        k = &s->kept[s->next];
        s->next = (s->next + 1) % ASSAY_SUPPLY_KEPT;
    }
    assay_supplied_release(k->what);
    new->count++;
    *k = (struct assay_supply_kept){
        .what = new,
        .asked_s =
            assay_is_best(new->collateral, &h, now_s) ? INT64_MIN : now_s,
    };
    if (s->timer != NULL) {
        const struct assay_refresh_rule rule = assay_refresh_rule_of(
            new->collateral, &s->o.fresh, s->o.refresh_every_s);

        k->due_s = assay_refresh_due(&rule, now_s, assay_supply_chance());
    }
}

struct assay_supplied *
assay_supply_have(struct assay_supply *s,
                  const struct assay_collateral_need *need, int64_t now_s)
{
    struct assay_supply_kept *k = assay_supply_find(s, need);
    const struct assay_holding h = holding_of(s, need, now_s);

    if (k == NULL ||
        (s->o.fixed == NULL &&
         !assay_is_held(k->what->collateral, &h, k->asked_s, now_s))) {
        return NULL;
    }
    k->what->count++;
    return k->what;
}

/* --- refreshing --------------------------------------------------------- */

void
assay_supply_tick(struct assay_supply *s, int64_t now_s)
{
    for (unsigned i = 0; i < ASSAY_SUPPLY_KEPT && s->timer != NULL; i++) {
        struct assay_supply_kept *k = &s->kept[i];
        struct assay_supply_search *f;

        if (k->what == NULL || k->what->quote == NULL || now_s < k->due_s ||
            assay_supply_search_find(s, &k->what->need, true) != NULL) {
            continue;
        }
        f = assay_supply_search_new(s, ASSAY_PURPOSE_REFRESH, k->what->quote,
                                    &k->what->need, now_s);
        if (f != NULL) {
            f->lookup.refresh = true;
            f->lookup.newer_than = assay_issued_of(k->what->collateral);
            (void)assay_supply_search_start(f); /* else at the next tick */
        }
    }
}

static void
on_timer(uv_timer_t *timer)
{
    assay_supply_tick(timer->data, assay_now().wall_s);
}

static void
free_timer(uv_handle_t *timer)
{
    free(timer);
}

static bool
start_timer(struct assay_supply *s)
{
    s->timer = malloc(sizeof(*s->timer));
    if (s->timer == NULL) {
        return false;
    }
    (void)uv_timer_init(s->loop, s->timer); /* never fails */
    s->timer->data = s;
    (void)uv_timer_start(s->timer, on_timer, TICK_MS, TICK_MS);
    uv_unref((uv_handle_t *)s->timer); /* no reason to live on */
    return true;
}

/* --- the interface ------------------------------------------------------ */

struct assay_supply *
assay_supply_new(uv_loop_t *loop, const struct assay_supply_options *options)
{
    struct assay_supply *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }
    s->loop = loop;
    s->o = *options;
    for (size_t i = 0; i < options->source_count; i++) {
        s->source[i] = options->sources[i];
    }
    s->o.sources = s->source;
    if (options->refresh && options->fixed == NULL && !start_timer(s)) {
        free(s);
        return NULL;
    }
    return s;
}

void
assay_supply_free(struct assay_supply *s)
{
    if (s == NULL) {
        return;
    }
    while (s->calls != NULL) {
        assay_supply_cancel(s->calls);
    }
    while (s->searches != NULL) {
        assay_supply_search_abandon(s->searches);
    }
    for (unsigned i = 0; i < ASSAY_SUPPLY_KEPT; i++) {
        assay_supplied_release(s->kept[i].what);
    }
    if (s->timer != NULL) {
        uv_close((uv_handle_t *)s->timer, free_timer);
    }
    free(s);
}
