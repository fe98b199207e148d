/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * worker.h - a thread with a loop, a door and clients of its own. What workers
 * share is their crew: the number of clients, and orders from the main thread.
 */
#pragma once

#include <stdatomic.h>

#include "connection.h"
#include "daemon/trim.h"
#include "io/listen.h"
#include "site.h"

enum order {
    ORDER_LOOK = 1,  /* the number of clients, or its limit, has changed */
    ORDER_SITE = 2,  /* `next` is to be used from now on */
    ORDER_DRAIN = 4, /* accept nobody, finish what is under way, end */
    ORDER_CUT = 8,   /* end at once */
};

struct crew;

struct worker {
    struct crew *crew;
    uv_thread_t thread;
    bool running;        /* to be joined; the main thread's */
    atomic_bool gone;    /* its thread is about to return */
    atomic_uint answers; /* how often it has looked at its orders */
    unsigned seen;       /* of them; the main thread's */
    atomic_uint orders;
    _Atomic(struct site *) next;
    uv_async_t wake;
    /* the worker's own from here */
    uv_loop_t loop;
    struct site *site;
    struct assay_listener *listener; /* NULL while draining */
    struct connections connections;
    struct trim trim;
    unsigned counted;       /* clients of its, in the crew's number */
    struct metrics metrics; /* others may read it */
};

struct crew {
    const struct assay_ctx *ctx;
    const struct log *log;
    struct access_log *access;
    atomic_uint clients;
    atomic_uint max_clients; /* each worker may go above it by one */
    atomic_bool full;        /* somebody does not accept for that reason */
    struct assay_quote_gate *gate; /* the owner's, like what is above */
    struct shelf *shelf;
    atomic_uint appraisals; /* of clients that wait for collateral */
    unsigned max_appraisals;
    uv_async_t *ended; /* told when a worker is gone */
    unsigned count;
    struct worker workers[DOORS_MAX];
};

/* Makes a worker, with a hold on the site; the door is taken over, also on
 * failure. It does not run yet. ASSAY_NO_MEMORY, or what the quoter says. */
ASSAY_MUST_CHECK enum assay_code crew_add(struct crew *c, struct site *site,
                                          int door, struct assay_error *err);
/* Starts all of them. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code crew_start(struct crew *c,
                                            struct assay_error *err);
/* New connections use this site, and its limits hold. */
void crew_use(struct crew *c, struct site *site);
void crew_order(struct crew *c, enum order order);
/* Has each worker looked at its orders since this was last asked? Asks them to,
 * for the next time. */
bool crew_is_alive(struct crew *c);
/* Takes back those that are gone; true: all are. */
bool crew_is_gone(struct crew *c);
/* Ends all of them at once, and frees what they hold. */
void crew_end(struct crew *c);
