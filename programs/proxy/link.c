/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * link.c - one attested connection of an upstream: whom its events concern.
 */
#include "link.h"

#include <stdlib.h>

#include "call_state.h"
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

struct assay_client *
link_session(const struct link *l)
{
    return assay_attested_session(l->attested);
}
