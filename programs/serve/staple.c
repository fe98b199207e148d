/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * staple.c - the collateral of this platform.
 */
#include "staple.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "io/moment.h"
#include "io/staple.h"
#include "quotes.h"

#define SOON_MS   500u    /* to look again, while the first search lasts */
#define RETRY_MS  10000   /* to ask for a quote again, where none came */
#define LATER_MS  30000u  /* else */
#define LEARN_MS  3600000 /* a TD may have moved to another machine */
#define SOURCE_MS 60000   /* all sources together; nobody waits for them */

/* --- the shelf ---------------------------------------------------------- */

struct staple_text {
    atomic_uint holders;
    size_t len;
    uint8_t text[];
};

struct shelf {
    uv_mutex_t lock;
    struct staple_text *now; /* held, or NULL */
};

struct shelf *
shelf_new(void)
{
    struct shelf *s = calloc(1, sizeof(*s));

    if (s != NULL && uv_mutex_init(&s->lock) != 0) {
        free(s);
        return NULL;
    }
    return s;
}

void
shelf_free(struct shelf *s)
{
    if (s != NULL) {
        staple_release(s->now);
        uv_mutex_destroy(&s->lock);
        free(s);
    }
}

struct staple_text *
shelf_take(struct shelf *s)
{
    struct staple_text *t;

    if (s == NULL) {
        return NULL;
    }
    uv_mutex_lock(&s->lock);
    t = s->now;
    if (t != NULL) {
        atomic_fetch_add(&t->holders, 1);
    }
    uv_mutex_unlock(&s->lock);
    return t;
}

struct assay_slice
staple_slice(const struct staple_text *t)
{
    return t != NULL ? (struct assay_slice){t->text, t->len} : ASSAY_EMPTY;
}

void
staple_release(struct staple_text *t)
{
    if (t != NULL && atomic_fetch_sub(&t->holders, 1) == 1) {
        free(t);
    }
}

/* Replaces what lies there; empty, or no memory: nothing does. */
static void
put_on_shelf(struct shelf *s, struct assay_slice bundle)
{
    struct staple_text *new =
        bundle.len > 0 ? malloc(sizeof(*new) + bundle.len) : NULL;
    struct staple_text *old;

    if (new != NULL) {
        atomic_init(&new->holders, 1);
        new->len = bundle.len;
        assay_copy(new->text, bundle);
    }
    uv_mutex_lock(&s->lock);
    old = s->now;
    s->now = new;
    uv_mutex_unlock(&s->lock);
    staple_release(old);
}

/* Only the main thread replaces it. */
static bool
lies_there(const struct shelf *s, struct assay_slice bundle)
{
    return assay_slice_equal(staple_slice(s->now), bundle);
}

/* --- keeping it current ------------------------------------------------- */

struct stapler {
    struct stapler_options o;
    struct site *site; /* held; NULL: nothing is stapled */
    struct assay_staple *keeper;
    struct quote_order *order;
    struct assay_quote *quote; /* the last one; NULL: none yet */
    int64_t asked_ms;          /* when a quote was asked for last ... */
    bool answered;             /* ... and whether one came */
    int64_t began_ms;          /* when the keeper did */
    uv_timer_t *timer;
    char said[320]; /* the last thing that went wrong */
};

/* Each trouble once, not at each look. */
static void
say(struct stapler *s, const char *note)
{
    if (note[0] != '\0' && strcmp(note, s->said) != 0) {
        log_event(s->o.log, LOG_WARNING, "collateral to staple",
                  (struct log_field[]){{"note", assay_slice_of(note)}}, 1);
    }
    (void)snprintf(s->said, sizeof(s->said), "%s", note);
}

/* The first search may not have ended yet. */
static bool
is_early(const struct stapler *s)
{
    return assay_now().mono_ms - s->began_ms < SOURCE_MS;
}

static void
publish(struct stapler *s)
{
    struct assay_slice bundle =
        assay_staple_bundle(s->keeper, assay_now().wall_s);
    /* A reload has it searched for anew: the old one serves meanwhile. */
    bool wait = bundle.len == 0 && is_early(s);

    if (!wait && !lies_there(s->o.shelf, bundle)) {
        put_on_shelf(s->o.shelf, bundle);
        log_event(s->o.log, LOG_INFO,
                  bundle.len > 0 ? "collateral to staple is there"
                                 : "no collateral to staple any more",
                  NULL, 0);
    }
    if (s->answered) { /* else that is what was said */
        say(s, assay_staple_note(s->keeper));
    }
}

static void
on_quoted(void *user, const struct assay_quote_reply *reply,
          const struct assay_refusal *why)
{
    struct stapler *s = user;
    struct assay_quote *quote = NULL;
    struct assay_error err;

    s->order = NULL;
    if (reply == NULL) {
        say(s, why->message);
        return;
    }
    if (assay_quote_parse(reply->quote, &quote, &err) != ASSAY_OK) {
        say(s, err.msg);
        return;
    }
    s->answered = true;
    assay_quote_free(s->quote);
    s->quote = quote;
    if (s->keeper != NULL) {
        assay_staple_learn(s->keeper, s->quote, assay_now().wall_s);
    }
}

/* A quote that proves nothing to anybody: its report data is zeros. It takes a
 * turn like a client's, and comes again where there is none. */
static void
learn(struct stapler *s)
{
    static const uint8_t nothing[64];
    int64_t now_ms = assay_now().mono_ms;
    int64_t due_ms = s->answered ? LEARN_MS : RETRY_MS;
    struct assay_refusal why;

    if (s->order == NULL &&
        (s->asked_ms == 0 || now_ms - s->asked_ms >= due_ms)) {
        s->asked_ms = now_ms;
        s->answered = false;
        s->order = quotes_order(s->o.quotes, nothing, NULL, on_quoted, s, &why);
        if (s->order == NULL) {
            say(s, why.message);
        }
    }
}

static void
on_timer(uv_timer_t *timer)
{
    struct stapler *s = timer->data;

    learn(s);
    publish(s);
    (void)uv_timer_start(
        timer, on_timer,
        s->o.shelf->now == NULL && is_early(s) ? SOON_MS : LATER_MS, 0);
}

/* --- life --------------------------------------------------------------- */

struct stapler *
stapler_new(const struct stapler_options *options)
{
    struct stapler *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        return NULL;
    }
    s->o = *options;
    s->timer = malloc(sizeof(*s->timer));
    if (s->timer == NULL) {
        free(s);
        return NULL;
    }
    (void)uv_timer_init(s->o.loop, s->timer); /* never fails */
    s->timer->data = s;
    return s;
}

static void
stop(struct stapler *s)
{
    (void)uv_timer_stop(s->timer);
    assay_staple_free(s->keeper);
    s->keeper = NULL;
    site_drop(s->site);
    s->site = NULL;
}

static struct assay_staple *
new_keeper(const struct stapler *s, struct site *site)
{
    const struct assay_supply_options o =
        site_supply(site, s->o.ctx, SOURCE_MS);

    return assay_staple_new(s->o.loop, &o);
}

void
stapler_use(struct stapler *s, struct site *site)
{
    stop(s);
    if (!site->options.staple) {
        put_on_shelf(s->o.shelf, ASSAY_EMPTY);
        return;
    }
    s->keeper = new_keeper(s, site);
    if (s->keeper == NULL) {
        say(s, "out of memory");
        return;
    }
    s->site = site_hold(site);
    s->began_ms = assay_now().mono_ms;
    if (s->quote != NULL) {
        assay_staple_learn(s->keeper, s->quote, assay_now().wall_s);
    }
    (void)uv_timer_start(s->timer, on_timer, 0, 0);
}

static void
free_timer(uv_handle_t *timer)
{
    free(timer);
}

void
stapler_free(struct stapler *s)
{
    if (s != NULL) {
        stop(s);
        if (s->order != NULL) {
            quotes_withdraw(s->order);
        }
        uv_close((uv_handle_t *)s->timer, free_timer);
        assay_quote_free(s->quote);
        free(s);
    }
}
