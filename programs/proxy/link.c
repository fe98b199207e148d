/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * link.c - one attested connection of an upstream: whom its events concern.
 */
#include "link.h"

#include <stdlib.h>

#include "call_state.h"
#include "keep_alive.h"
#include "upstream_state.h"

static void
on_open(void *user)
{
    upstream_link_open(user);
}

static void
on_failed(void *user, const struct assay_error *err, bool peer)
{
    struct link *l = user;

    switch (l->state) {
    case LINK_ATTESTING:
        upstream_link_failed(l, err, peer);
        break;
    case LINK_BUSY:
        call_on_broken(l->call, err);
        break;
    case LINK_IDLE:
    case LINK_STATES:
        upstream_link_gone(l);
        break;
    }
}

/* Nobody could tell to which request it belongs what an idle one says. */
static void
on_data(void *user)
{
    struct link *l = user;

    if (l->state == LINK_BUSY) {
        call_on_data(l->call);
    } else {
        upstream_link_gone(l);
    }
}

static void
on_read_done(void *user)
{
    struct link *l = user;

    if (l->state == LINK_BUSY) {
        call_on_end(l->call);
    }
}

static void
on_closed(void *user)
{
    struct link *l = user;

    if (l->state == LINK_BUSY) {
        call_on_end(l->call);
    } else {
        upstream_link_gone(l);
    }
}

static void
on_drained(void *user)
{
    struct link *l = user;

    if (l->state == LINK_BUSY) {
        call_on_drained(l->call);
    }
}

struct link *
link_new(struct upstream *u)
{
    static const struct assay_attested_events events = {
        .open = on_open,
        .failed = on_failed,
        .data = on_data,
        .read_done = on_read_done,
        .closed = on_closed,
        .drained = on_drained,
    };
    const struct assay_attested_options options = {
        .session = &u->session,
        .dial = &u->dial,
        .supply = u->supply,
        .phase_ms = u->o.attest_ms,
    };
    struct link *l = calloc(1, sizeof(*l));

    if (l == NULL) {
        return NULL;
    }
    l->up = u;
    l->item.what = l;
    l->round = u->round;
    l->max_requests = u->o.max_requests;
    l->keep_alive_ms = u->o.keep_alive_ms;
    l->attested = assay_attested_new(u->o.loop, &options, &events, l);
    if (l->attested == NULL) {
        free(l);
        return NULL;
    }
    link_set_state(l, LINK_ATTESTING);
    return l;
}

void
link_free(struct link *l)
{
    if (l == NULL) {
        return;
    }
    list_leave(&l->item);
    if (l->state == LINK_BUSY) {
        assay_attested_cut(l->attested); /* nobody waits for an answer */
    } else {
        assay_attested_close(l->attested);
    }
    free(l);
}

/* The first of the idle ones is the one that was used last. */
void
link_set_state(struct link *l, enum link_state state)
{
    l->state = state;
    list_put_first(&l->up->links[state], &l->item);
}

/* Of two limits, of which 0 is none, the first perhaps. */
static uint32_t
lower(uint32_t limit, uint32_t other)
{
    return limit == 0 || other < limit ? other : limit;
}

/* Some count down, and some say each time how many there are in all: those say
 * `close` with the last one. */
void
link_learn(struct link *l, const struct assay_http1_head *response)
{
    struct keep_alive said;

    keep_alive_read(response, &said);
    if ((said.has_timeout && said.wait_ms == 0) ||
        (said.has_max && said.more == 0)) {
        l->last = true;
        return;
    }
    if (said.has_timeout) {
        l->keep_alive_ms = lower(l->keep_alive_ms, said.wait_ms);
    }
    if (said.has_max && said.more <= UINT32_MAX - l->requests) {
        l->max_requests = lower(l->max_requests, l->requests + said.more);
    }
}

struct assay_client *
link_session(const struct link *l)
{
    return assay_attested_session(l->attested);
}
