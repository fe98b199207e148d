/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * upstream_pool.c - one provider, for one loop: which connections there are,
 * who has them, and who waits.
 */
#include "base/bytes.h"
#include "io/moment.h"
#include "upstream_age.h"
#include "upstream_state.h"

/* A connection that nobody has used, closed so soon after it was made: the
 * server does not want it to wait. */
#define SOON_MS     10000
#define CALM_MS     1000u
#define CALM_MAX_MS 30000u
#define LOOK_MS     100

/* --- giving out --------------------------------------------------------- */

/* Begins a message on it, which is refused where its evidence is due. */
static bool
may_be_used(struct link *l, struct assay_now now)
{
    struct assay_error err;

    return !age_is_over(l, now.mono_ms) &&
           assay_client_begin(link_session(l), now, &err) == ASSAY_OK;
}

/* The one that was used last; what the loop has not yet heard of the others is
 * asked here. */
static struct link *
take(struct upstream *u)
{
    struct assay_now now = assay_now();
    struct list_item *next;

    for (struct list_item *i = u->links[LINK_IDLE].first; i != NULL; i = next) {
        struct link *l = i->what;

        next = i->after;
        if (!assay_attested_is_quiet(l->attested)) {
            link_free(l);
            upstream_tend_soon(u);
        } else if (may_be_used(l, now)) {
            return l;
        }
    }
    return NULL;
}

/* Whether it is proven for as long as the call needs it: not with every
 * request, where that is soon. */
static void
look_in_time(struct upstream *u)
{
    int64_t at_ms = upstream_stale_ms(u, NEARLY_STALE_PERCENT);
    int64_t now_ms;

    if (at_ms < u->wake_ms) {
        now_ms = upstream_now();
        upstream_wake(u, at_ms > now_ms ? at_ms : now_ms + LOOK_MS);
    }
}

static void
use(struct upstream *u, struct call *c, struct link *l)
{
    list_leave(&c->waiting);
    link_set_state(l, LINK_BUSY);
    l->call = c;
    l->requests++;
    atomic_fetch_add_explicit(&l->up->gauges.requests, 1, memory_order_relaxed);
    u->calm_ms = 0;
    u->calm_until_ms = 0;
    if (u->links[LINK_IDLE].count < u->o.warm) {
        upstream_tend_soon(u);
    }
    look_in_time(u);
    call_use(c, l);
    upstream_show(u);
}

void
upstream_serve(struct upstream *u)
{
    struct link *l;

    while (u->waiting.count > 0 && (l = take(u)) != NULL) {
        use(u, list_first(&u->waiting), l);
    }
    upstream_show(u);
}

/* --- asking ------------------------------------------------------------- */

static void
wait(struct upstream *u, struct call *c)
{
    c->late_ms = upstream_now() + u->o.wait_ms;
    list_put_last(&u->waiting, &c->waiting);
    upstream_wake(u, c->late_ms);
    upstream_tend_soon(u);
    upstream_show(u);
}

/* While nobody tries, there is nothing to wait for; but an outage may concern
 * new connections only, and those that are in use come back. */
static bool
is_in_vain(const struct upstream *u)
{
    return upstream_is_held(u, upstream_now()) &&
           u->links[LINK_ATTESTING].count == 0 &&
           (u->failure.kind == FAILURE_REFUSED ||
            u->links[LINK_BUSY].count == 0);
}

void
upstream_ask(struct upstream *u, struct call *c)
{
    struct link *l = NULL;
    struct failure why;

    if (u->draining) {
        failure_set(&why, FAILURE_OUTAGE, "settings_changed",
                    "%s: its settings were read anew meanwhile",
                    u->provider->name);
        why.retry_after_s = 1;
        call_fail(c, &why);
        return;
    }
    if (u->waiting.count == 0) {
        l = take(u);
    }
    if (l != NULL) {
        use(u, c, l);
    } else if (is_in_vain(u)) {
        upstream_told(u, upstream_now(), &why);
        call_fail(c, &why);
    } else {
        wait(u, c);
    }
}

void
upstream_fail_waiting(struct upstream *u, const struct failure *why)
{
    struct call *c;

    while ((c = list_first(&u->waiting)) != NULL) {
        call_fail(c, why); /* which leaves */
    }
    upstream_show(u);
}

/* --- giving back -------------------------------------------------------- */

static bool
has_had_enough(const struct link *l)
{
    return l->max_requests != 0 && l->requests >= l->max_requests;
}

void
upstream_give(struct link *l)
{
    struct upstream *u = l->up;
    int64_t now_ms = upstream_now();

    l->call = NULL;
    l->said_ms = now_ms;
    l->used_ms = now_ms;
    assay_client_end(link_session(l));
    if (u->draining || l->last || has_had_enough(l) || age_is_over(l, now_ms) ||
        !assay_attested_is_quiet(l->attested)) {
        upstream_drop(l);
        return;
    }
    link_set_state(l, LINK_IDLE);
    upstream_wake(u, age_next(l, now_ms));
    upstream_serve(u);
}

void
upstream_drop(struct link *l)
{
    struct upstream *u = l->up;

    link_free(l);
    upstream_tend_soon(u);
    upstream_show(u);
}

void
upstream_link_gone(struct link *l)
{
    struct upstream *u = l->up;
    int64_t now_ms = upstream_now();

    if (l->requests == 0 && now_ms - l->born_ms < SOON_MS) {
        u->calm_until_ms = now_ms + u->calm_ms;
        u->calm_ms = u->calm_ms == 0                ? CALM_MS
                     : u->calm_ms < CALM_MAX_MS / 2 ? 2 * u->calm_ms
                                                    : CALM_MAX_MS;
    }
    upstream_drop(l);
}
