/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * crew.h - the threads of a daemon, each with a loop, doors and clients of its
 * own. What they share is the number of clients, and orders from the main
 * thread. What a client is, the program says.
 */
#pragma once

#include <stdatomic.h>

#include "daemon/doors.h"
#include "daemon/trim.h"
#include "io/listen.h"

#define CREW_DOORS_MAX 2u /* of each worker */

enum order {
    ORDER_LOOK = 1,  /* the number of clients, or its limit, has changed */
    ORDER_SITE = 2,  /* `next` is to be used from now on */
    ORDER_DRAIN = 4, /* accept nobody, finish what is under way, end */
    ORDER_CUT = 8,   /* end at once */
};

struct crew;

/* The first member of what a program has for each of its threads. */
struct worker {
    struct crew *crew;
    uv_thread_t thread;
    bool running;        /* to be joined; the main thread's */
    atomic_bool gone;    /* its thread is about to return */
    atomic_uint answers; /* how often it has looked at its orders */
    unsigned seen;       /* of them; the main thread's */
    atomic_uint orders;
    _Atomic(void *) next; /* a site, held */
    uv_async_t wake;
    /* the worker's own from here */
    uv_loop_t loop;
    struct door {
        struct worker *worker;
        struct assay_listener *listener;
        void (*accepted)(struct worker *w, struct assay_stream *stream);
    } doors[CREW_DOORS_MAX];
    unsigned door_count;
    bool draining;
    struct trim trim;
    unsigned counted; /* clients of its, in the crew's number */
};

/* What the program does, on the worker's thread. A site is what a reload
 * replaces as a whole: settings, and what was read for them. */
struct crew_trade {
    void *(*hold)(void *site); /* site */
    void (*drop)(void *site);  /* NULL is fine */
    /* Uses this site from now on; its hold is the worker's. */
    void (*use)(struct worker *w, void *site);
    /* Clients end when they can ... */
    void (*drain)(struct worker *w);
    /* ... or now; also once more before `close`. */
    void (*cut)(struct worker *w);
    /* The thread's last word; NULL: none. */
    void (*leave)(struct worker *w);
    /* On the main thread, when no worker runs any more: what the worker has is
     * freed. Its loop runs once more afterwards, for handles that close. */
    void (*close)(struct worker *w);
};

struct crew {
    /* filled in by the owner */
    const struct crew_trade *trade;
    atomic_uint max_clients; /* each worker may go above it by one */
    uv_async_t *ended;       /* told when a worker is gone */
    /* kept by crew.c */
    atomic_uint clients;
    atomic_bool full; /* somebody does not accept for that reason */
    unsigned count;
    struct worker *workers[DOORS_MAX];
};

/* One more, all zero but what the program has set of its own; it outlives
 * crew_end(), and is not running yet. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code crew_add(struct crew *c, struct worker *w,
                                          struct assay_error *err);
/* A door of the last one, which is taken over, also on failure. Errors of
 * assay_listen_on(). */
ASSAY_MUST_CHECK enum assay_code
worker_listen(struct worker *w, int fd,
              void (*accepted)(struct worker *w, struct assay_stream *stream),
              struct assay_error *err);
/* It has so many clients now. */
void worker_count(struct worker *w, unsigned clients);

/* Starts all of them. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code crew_start(struct crew *c,
                                            struct assay_error *err);
/* New clients use this site, and there may be so many of them. */
void crew_use(struct crew *c, void *site, unsigned max_clients);
void crew_order(struct crew *c, enum order order);
/* Has each worker looked at its orders since this was last asked? Asks them to,
 * for the next time. */
bool crew_is_alive(struct crew *c);
/* Takes back those that are gone; true: all are. */
bool crew_is_gone(struct crew *c);
/* Ends all of them at once, and frees what they hold. False: a thread of
 * libuv's hangs over something of theirs (a look-up of a name cannot be
 * cancelled), and nothing may be freed any more. */
ASSAY_MUST_CHECK bool crew_end(struct crew *c);
