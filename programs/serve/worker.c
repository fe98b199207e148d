/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * worker.c - a thread with a loop, a door and clients of its own.
 */
#include "worker.h"

#include <limits.h>
#include <unistd.h>

#include "base/error.h"

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
        give_order(&c->workers[i], order);
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
    if (w->listener != NULL) {
        assay_listener_pause(w->listener, full);
    }
    if (!full && atomic_exchange(&w->crew->full, false)) {
        crew_order(w->crew, ORDER_LOOK);
    }
}

static void
on_counted(void *user)
{
    struct worker *w = user;
    unsigned now = w->connections.count;

    if (now > w->counted) {
        atomic_fetch_add(&w->crew->clients, now - w->counted);
    } else {
        atomic_fetch_sub(&w->crew->clients, w->counted - now);
    }
    w->counted = now;
    trim_count(&w->trim, now);
    look(w);
    if (w->listener == NULL && now == 0) {
        uv_stop(&w->loop);
    }
}

static void
on_accepted(void *user, struct assay_stream *stream)
{
    struct worker *w = user;

    connection_open(&w->connections, stream);
}

/* --- orders ------------------------------------------------------------- */

static void
use(struct worker *w, struct site *site)
{
    const struct options *o = &site->options;
    struct connections *c = &w->connections;
    struct site *before = w->site;

    w->site = site;
    c->site = site;
    c->identity = site->identity;
    c->quotes.wait_ms = o->quote_wait_ms;
    backend_use(&c->backend, o->has_backend ? &o->backend : NULL,
                &(struct backend_options){.pool_max = o->backend_pool,
                                          .pool_idle_ms = o->backend_idle_ms,
                                          .proxy = o->backend_proxy});
    backend_use(&c->pipe, o->has_pipe ? &o->pipe : NULL,
                &(struct backend_options){.proxy = o->backend_proxy});
    c->forward = (struct forward_options){
        .backend = &c->backend,
        .pipe = &c->pipe,
        .log = w->crew->log,
        .requests = &c->requests,
        .max_body = o->max_body,
        .upgrades = o->upgrades,
    };
    clients_drop(c->clients);
    c->clients = clients_new(
        &(struct clients_of){.loop = &w->loop,
                             .ctx = w->crew->ctx,
                             .site = site,
                             .log = w->crew->log,
                             .metrics = &w->metrics,
                             .appraisals = &w->crew->appraisals,
                             .max_appraisals = w->crew->max_appraisals});
    c->client_ms = o->client_ms;
    c->header_ms = o->header_ms;
    c->idle_ms = o->idle_ms;
    c->body_ms = o->body_ms;
    c->backend_ms = o->backend_ms;
    c->upgrade_idle_ms = o->upgrade_idle_ms;
    site_drop(before);
}

static void
drain(struct worker *w)
{
    assay_listener_close(w->listener);
    w->listener = NULL;
    connections_drain(&w->connections);
    on_counted(w);
}

static void
on_wake(uv_async_t *wake)
{
    struct worker *w = wake->data;
    unsigned orders = atomic_exchange(&w->orders, 0);
    struct site *next = NULL;

    atomic_fetch_add(&w->answers, 1);
    if ((orders & ORDER_SITE) != 0) {
        next = atomic_exchange(&w->next, NULL);
    }
    if (next != NULL) {
        use(w, next);
        connections_renew(&w->connections);
    }
    if ((orders & (ORDER_LOOK | ORDER_SITE)) != 0) {
        look(w);
    }
    if ((orders & (ORDER_DRAIN | ORDER_CUT)) != 0 && w->listener != NULL) {
        drain(w);
    }
    if ((orders & ORDER_CUT) != 0) {
        connections_cut(&w->connections);
        uv_stop(&w->loop);
    }
}

/* --- life --------------------------------------------------------------- */

static void
tear_down(struct worker *w)
{
    assay_listener_close(w->listener);
    connections_cut(&w->connections); /* what waits for the backend */
    clients_drop(w->connections.clients);
    quotes_close(&w->connections.quotes);
    assay_quoter_free(w->connections.quotes.quoter);
    uv_close((uv_handle_t *)&w->wake, NULL);
    trim_close(&w->trim);
    uv_run(&w->loop, UV_RUN_DEFAULT); /* lets closed handles be freed */
    uv_loop_close(&w->loop);
    site_drop(w->site);
}

static void
run(void *user)
{
    struct worker *w = user;

    uv_run(&w->loop, UV_RUN_DEFAULT);
    /* What is made for clients who have gone: nobody would end it here, and
     * other workers may wait for that turn. */
    quotes_close(&w->connections.quotes);
    atomic_store(&w->gone, true);
    uv_async_send(w->crew->ended);
}

static void
init_connections(struct worker *w)
{
    struct connections *c = &w->connections;

    c->loop = &w->loop;
    c->backend.loop = &w->loop;
    c->pipe.loop = &w->loop;
    c->log = w->crew->log;
    c->ctx = w->crew->ctx;
    c->requests = (struct requests){
        .log = w->crew->log,
        .access = w->crew->access,
        .metrics = &w->metrics,
    };
    c->quotes.log = w->crew->log;
    c->quotes.shelf = w->crew->shelf;
    c->quotes.loop = &w->loop;
    c->quotes.metrics = &w->metrics;
    c->counted = on_counted;
    c->user = w;
}

enum assay_code
crew_add(struct crew *c, struct site *site, int door, struct assay_error *err)
{
    const struct options *o = &site->options;
    struct worker *w = &c->workers[c->count];

    assay_error_clear(err);
    w->crew = c;
    w->seen = UINT_MAX; /* alive until it fails to answer */
    if (uv_loop_init(&w->loop) != 0) {
        close(door);
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "worker: out of memory or descriptors");
    }
    uv_async_init(&w->loop, &w->wake, on_wake);
    w->wake.data = w;
    trim_open(&w->trim, &w->loop);
    init_connections(w);
    use(w, site_hold(site));
    c->count++; /* crew_end() frees it from here on */
    if (assay_listen_on(&w->loop, door, on_accepted, w, &w->listener, err) ==
            ASSAY_OK &&
        quotes_open(&w->connections.quotes, c->gate, err) == ASSAY_OK) {
        (void)!assay_quoter_new(&w->loop, o->quotes, o->quote_ms,
                                &w->connections.quotes.quoter, err);
    }
    return err->code;
}

enum assay_code
crew_start(struct crew *c, struct assay_error *err)
{
    assay_error_clear(err);
    for (unsigned i = 0; i < c->count; i++) {
        struct worker *w = &c->workers[i];

        w->running = uv_thread_create(&w->thread, run, w) == 0;
        if (!w->running) {
            return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                              "worker: no thread can be had");
        }
    }
    return ASSAY_OK;
}

void
crew_use(struct crew *c, struct site *site)
{
    atomic_store(&c->max_clients, site->options.max_connections);
    for (unsigned i = 0; i < c->count; i++) {
        struct worker *w = &c->workers[i];

        site_drop(atomic_exchange(&w->next, site_hold(site)));
    }
    crew_order(c, ORDER_SITE);
}

bool
crew_is_alive(struct crew *c)
{
    bool all = true;

    for (unsigned i = 0; i < c->count; i++) {
        unsigned answers = atomic_load(&c->workers[i].answers);

        all = all && (answers != c->workers[i].seen ||
                      atomic_load(&c->workers[i].gone));
        c->workers[i].seen = answers;
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
        if (atomic_load(&c->workers[i].gone)) {
            take_back(&c->workers[i]);
        } else {
            all = false;
        }
    }
    return all;
}

void
crew_end(struct crew *c)
{
    crew_order(c, ORDER_CUT);
    for (unsigned i = 0; i < c->count; i++) {
        take_back(&c->workers[i]);
    }
    /* Nobody runs any more who could wake another, or has a client left. */
    for (unsigned i = 0; i < c->count; i++) {
        tear_down(&c->workers[i]);
        site_drop(atomic_exchange(&c->workers[i].next, NULL));
    }
    c->count = 0;
}
