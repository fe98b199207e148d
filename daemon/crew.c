/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * crew.c - the threads of a daemon.
 */
#include "daemon/crew.h"

#include <limits.h>
#include <unistd.h>

#include "base/error.h"

#define HANG_MS 3000u /* nothing that ends by itself takes longer */

/* --- what is asked of others -------------------------------------------- */

static void
give_order(struct worker *w, enum order order)
{
    atomic_fetch_or(&w->orders, (unsigned)order);
    uv_async_send(&w->wake);
}

void
crew_order(struct crew *c, enum order order)
{
    for (unsigned i = 0; i < c->count; i++) {
        give_order(c->workers[i], order);
    }
}

/* --- how many there are ------------------------------------------------- */

static bool
is_full(struct crew *c)
{
    return atomic_load(&c->clients) >= atomic_load(&c->max_clients);
}

/* Accepts, or not. Who finds it full says so before looking again, and who
 * makes room looks for that: one of them sees the other. */
static void
look(struct worker *w)
{
    bool full = is_full(w->crew);

    if (full) {
        atomic_store(&w->crew->full, true);
        full = is_full(w->crew);
    }
    for (unsigned i = 0; i < w->door_count && !w->draining; i++) {
        assay_listener_pause(w->doors[i].listener, full);
    }
    if (!full && atomic_exchange(&w->crew->full, false)) {
        crew_order(w->crew, ORDER_LOOK);
    }
}

void
worker_count(struct worker *w, unsigned clients)
{
    if (clients > w->counted) {
        atomic_fetch_add(&w->crew->clients, clients - w->counted);
    } else {
        atomic_fetch_sub(&w->crew->clients, w->counted - clients);
    }
    w->counted = clients;
    trim_count(&w->trim, clients);
    look(w);
    if (w->draining && clients == 0) {
        uv_stop(&w->loop);
    }
}

static void
on_accepted(void *user, struct assay_stream *stream)
{
    struct door *d = user;

    d->accepted(d->worker, stream);
}

/* --- orders ------------------------------------------------------------- */

static void
close_doors(struct worker *w)
{
    for (unsigned i = 0; i < w->door_count; i++) {
        assay_listener_close(w->doors[i].listener);
        w->doors[i].listener = NULL;
    }
    w->door_count = 0;
}

static void
drain(struct worker *w)
{
    w->draining = true;
    close_doors(w);
    w->crew->trade->drain(w);
    worker_count(w, w->counted); /* perhaps there is nobody */
}

static void
on_wake(uv_async_t *wake)
{
    struct worker *w = wake->data;
    unsigned orders = atomic_exchange(&w->orders, 0);
    void *next = NULL;

    atomic_fetch_add(&w->answers, 1);
    if ((orders & ORDER_SITE) != 0) {
        next = atomic_exchange(&w->next, NULL);
    }
    if (next != NULL) {
        w->crew->trade->use(w, next);
    }
    if ((orders & (ORDER_LOOK | ORDER_SITE)) != 0) {
        look(w);
    }
    if ((orders & (ORDER_DRAIN | ORDER_CUT)) != 0 && !w->draining) {
        drain(w);
    }
    if ((orders & ORDER_CUT) != 0) {
        w->crew->trade->cut(w);
        uv_stop(&w->loop);
    }
}

/* --- life --------------------------------------------------------------- */

static void
close_all(struct worker *w)
{
    const struct crew_trade *trade = w->crew->trade;

    close_doors(w);
    trade->cut(w);
    trade->close(w);
    uv_close((uv_handle_t *)&w->wake, NULL);
    trim_close(&w->trim);
}

static void
on_too_long(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
    uv_stop(timer->loop);
}

/* Lets closed handles be freed; the last client's end may have stopped it
 * beforehand. False: something hangs. */
static bool
run_empty(uv_loop_t *loop)
{
    bool too_long = false;
    uv_timer_t limit;

    uv_timer_init(loop, &limit);
    limit.data = &too_long;
    uv_unref((uv_handle_t *)&limit);
    uv_timer_start(&limit, on_too_long, HANG_MS, 0);
    while (uv_run(loop, UV_RUN_DEFAULT) != 0 && !too_long) {
    }
    uv_ref((uv_handle_t *)&limit);
    uv_close((uv_handle_t *)&limit, NULL);
    return uv_run(loop, too_long ? UV_RUN_NOWAIT : UV_RUN_DEFAULT) == 0;
}

static bool
tear_down(struct worker *w)
{
    const struct crew_trade *trade = w->crew->trade;

    if (!run_empty(&w->loop)) {
        return false;
    }
    uv_loop_close(&w->loop);
    trade->drop(atomic_exchange(&w->next, NULL));
    return true;
}

static void
run(void *user)
{
    struct worker *w = user;

    uv_run(&w->loop, UV_RUN_DEFAULT);
    if (w->crew->trade->leave != NULL) {
        w->crew->trade->leave(w);
    }
    atomic_store(&w->gone, true);
    uv_async_send(w->crew->ended);
}

enum assay_code
crew_add(struct crew *c, struct worker *w, struct assay_error *err)
{
    assay_error_clear(err);
    w->crew = c;
    w->seen = UINT_MAX; /* alive until it fails to answer */
    if (c->count == DOORS_MAX || uv_loop_init(&w->loop) != 0) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "worker: out of memory or descriptors");
    }
    uv_async_init(&w->loop, &w->wake, on_wake);
    w->wake.data = w;
    trim_open(&w->trim, &w->loop);
    c->workers[c->count++] = w; /* crew_end() frees it from here on */
    return ASSAY_OK;
}

enum assay_code
worker_listen(struct worker *w, int fd,
              void (*accepted)(struct worker *w, struct assay_stream *stream),
              struct assay_error *err)
{
    struct door *d = &w->doors[w->door_count];

    *d = (struct door){.worker = w, .accepted = accepted};
    if (assay_listen_on(&w->loop, fd, on_accepted, d, &d->listener, err) ==
        ASSAY_OK) {
        w->door_count++;
    }
    return err->code;
}

enum assay_code
crew_start(struct crew *c, struct assay_error *err)
{
    assay_error_clear(err);
    for (unsigned i = 0; i < c->count; i++) {
        struct worker *w = c->workers[i];

        w->running = uv_thread_create(&w->thread, run, w) == 0;
        if (!w->running) {
            return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                              "worker: no thread can be had");
        }
    }
    return ASSAY_OK;
}

void
crew_use(struct crew *c, void *site, unsigned max_clients)
{
    atomic_store(&c->max_clients, max_clients);
    for (unsigned i = 0; i < c->count; i++) {
        struct worker *w = c->workers[i];

        c->trade->drop(atomic_exchange(&w->next, c->trade->hold(site)));
    }
    crew_order(c, ORDER_SITE);
}

bool
crew_is_alive(struct crew *c)
{
    bool all = true;

    for (unsigned i = 0; i < c->count; i++) {
        struct worker *w = c->workers[i];
        unsigned answers = atomic_load(&w->answers);

        all = all && (answers != w->seen || atomic_load(&w->gone));
        w->seen = answers;
    }
    crew_order(c, ORDER_LOOK);
    return all;
}

static void
take_back(struct worker *w)
{
    if (w->running) {
        uv_thread_join(&w->thread);
        w->running = false;
    }
}

bool
crew_is_gone(struct crew *c)
{
    bool all = true;

    for (unsigned i = 0; i < c->count; i++) {
        if (atomic_load(&c->workers[i]->gone)) {
            take_back(c->workers[i]);
        } else {
            all = false;
        }
    }
    return all;
}

bool
crew_end(struct crew *c)
{
    crew_order(c, ORDER_CUT);
    for (unsigned i = 0; i < c->count; i++) {
        take_back(c->workers[i]);
    }
    /* Nobody runs any more who could wake another, or has a client left. What a
     * loop still waits for, it waits for beside the others. */
    for (unsigned i = 0; i < c->count; i++) {
        close_all(c->workers[i]);
    }
    for (unsigned i = 0; i < c->count; i++) {
        if (!tear_down(c->workers[i])) {
            return false;
        }
    }
    c->count = 0;
    return true;
}
