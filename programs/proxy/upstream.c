/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * upstream.c - one provider, for one loop: its life, and its turns.
 */
#include <stdlib.h>

#include "io/moment.h"
#include "upstream_state.h"

/* A TCB recovery is noticed though what is held is in date: collateral is no
 * older than evidence may be, within these. */
#define COLLATERAL_SOONEST_S 60
#define COLLATERAL_LATEST_S  3600

int64_t
upstream_now(void)
{
    return assay_now().mono_ms;
}

/* --- turns -------------------------------------------------------------- */

/* Calls first: a request on its way is worth more than a connection for later.
 * One that asks to be looked at again is, with the next turn. */
static void
on_turn(uv_idle_t *turn)
{
    struct upstream *u = turn->data;

    for (unsigned n = u->soon.count; n > 0 && u->soon.count > 0; n--) {
        struct call *c = list_first(&u->soon);

        list_leave(&c->soon);
        call_look(c);
    }
    if (u->tend) {
        u->tend = false;
        upstream_tend(u);
    }
    if (u->soon.count == 0 && !u->tend) {
        uv_idle_stop(turn);
    }
}

static void
on_timer(uv_timer_t *timer)
{
    struct upstream *u = timer->data;

    u->wake_ms = INT64_MAX;
    upstream_tend(u);
}

void
upstream_soon(struct upstream *u, struct call *c)
{
    if (c->soon.in == NULL) {
        list_put_last(&u->soon, &c->soon);
        uv_idle_start(&u->turn, on_turn);
    }
}

void
upstream_tend_soon(struct upstream *u)
{
    u->tend = true;
    uv_idle_start(&u->turn, on_turn);
}

void
upstream_wake(struct upstream *u, int64_t at_ms)
{
    int64_t in_ms;

    if (at_ms < u->wake_ms) {
        in_ms = at_ms - upstream_now();
        u->wake_ms = at_ms;
        uv_timer_start(&u->timer, on_timer, in_ms > 0 ? (uint64_t)in_ms : 0, 0);
    }
}

/* --- life --------------------------------------------------------------- */

static void
set_session(struct upstream *u)
{
    const struct provider *p = u->provider;

    u->session = (struct assay_client_options){
        .ctx = u->o.ctx,
        .verifier = u->o.verifier,
        .root = p->root,
        .policy = p->policy,
        .roots = p->roots,
        .server_name = p->server_name,
        .wire = p->wire,
        .keep_evidence = u->o.keep_evidence,
    };
    u->dial = p->dial;
    u->dial.timeout_ms = u->o.connect_ms;
}

static int64_t
collateral_every_s(const struct assay_policy *p)
{
    int64_t s = assay_policy_reattestation_interval(p);

    if (s == 0 || s > COLLATERAL_LATEST_S) {
        return COLLATERAL_LATEST_S;
    }
    return s < COLLATERAL_SOONEST_S ? COLLATERAL_SOONEST_S : s;
}

/* Each source has its share of the time, so that one that hangs does not keep
 * the next from being asked. */
static struct assay_supply *
new_supply(const struct upstream *u)
{
    const struct provider *p = u->provider;
    struct assay_supply_options s = {
        .ctx = u->o.ctx,
        .verifier = u->o.verifier,
        .root = p->root,
        .sources = p->sources,
        .source_count = p->source_count,
        .fetch = p->fetch,
        .use_cache = p->use_cache,
        .grace_s = assay_policy_collateral_grace(p->policy),
        .fresh = assay_policy_freshness(p->policy),
        .seen = u->o.seen,
        .refresh = true,
        .refresh_every_s = collateral_every_s(p->policy),
        .begun = u->o.begun,
        .ended = u->o.ended,
        .owner = u->o.owner,
    };

    s.fetch.timeout_ms = u->o.attest_ms / ((uint32_t)p->source_count + 1) + 1;
    return assay_supply_new(u->o.loop, &s);
}

struct upstream *
upstream_new(const struct provider *provider,
             const struct upstream_options *options)
{
    struct upstream *u = calloc(1, sizeof(*u));

    if (u == NULL) {
        return NULL;
    }
    u->provider = provider;
    u->o = *options;
    u->wake_ms = INT64_MAX;
    set_session(u);
    u->supply = new_supply(u);
    if (u->supply == NULL) {
        free(u);
        return NULL;
    }
    uv_idle_init(u->o.loop, &u->turn); /* neither fails */
    uv_timer_init(u->o.loop, &u->timer);
    u->handles = 2;
    u->turn.data = u;
    u->timer.data = u;
    upstream_tend_soon(u);
    return u;
}

static void
free_links(struct list *links)
{
    struct link *l;

    while ((l = list_first(links)) != NULL) {
        link_free(l);
    }
}

void
upstream_drain(struct upstream *u)
{
    struct failure why;

    u->draining = true;
    free_links(&u->links[LINK_ATTESTING]);
    free_links(&u->links[LINK_IDLE]);
    failure_set(&why, FAILURE_OUTAGE, "settings_changed",
                "%s: its settings were read anew meanwhile", u->provider->name);
    why.retry_after_s = 1;
    upstream_fail_waiting(u, &why);
    upstream_show(u);
}

static void
on_closed(uv_handle_t *handle)
{
    struct upstream *u = handle->data;

    u->handles--;
    if (u->handles == 0) {
        free(u);
    }
}

void
upstream_free(struct upstream *u)
{
    if (u == NULL) {
        return;
    }
    u->draining = true; /* its memory lasts until its handles are closed */
    for (size_t i = 0; i < LINK_STATES; i++) {
        free_links(&u->links[i]);
    }
    assay_supply_free(u->supply);
    uv_close((uv_handle_t *)&u->turn, on_closed);
    uv_close((uv_handle_t *)&u->timer, on_closed);
}

/* --- asking ------------------------------------------------------------- */

static void
set(_Atomic uint64_t *gauge, uint64_t value)
{
    atomic_store_explicit(gauge, value, memory_order_relaxed);
}

void
upstream_show(struct upstream *u)
{
    set(&u->gauges.idle, u->links[LINK_IDLE].count);
    set(&u->gauges.busy, u->links[LINK_BUSY].count);
    set(&u->gauges.attesting, u->links[LINK_ATTESTING].count);
    set(&u->gauges.waiting, u->waiting.count);
}

const struct upstream_gauges *
upstream_gauges(const struct upstream *u)
{
    return &u->gauges;
}

const struct provider *
upstream_provider(const struct upstream *u)
{
    return u->provider;
}

bool
upstream_is_idle(const struct upstream *u)
{
    return u->links[LINK_BUSY].count == 0 && u->waiting.count == 0;
}
