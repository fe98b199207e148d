/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * worker.c - what each of the crew's threads does: sessions of its clients.
 */
#include "worker.h"

#include <unistd.h>

#include "base/error.h"

static void *
hold(void *site)
{
    return site_hold(site);
}

static void
drop(void *site)
{
    site_drop(site);
}

static void
on_counted(void *user)
{
    struct hand *h = user;

    worker_count(&h->worker, h->connections.count);
}

static void
on_accepted(struct worker *w, struct assay_stream *stream)
{
    connection_open(&((struct hand *)w)->connections, stream);
}

static void
use(struct worker *w, void *next)
{
    struct hand *h = (struct hand *)w;
    struct site *site = next;
    const struct options *o = &site->options;
    struct connections *c = &h->connections;
    struct site *before = h->site;

    h->site = site;
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
        .log = h->hall->log,
        .requests = &c->requests,
        .max_body = o->max_body,
        .upgrades = o->upgrades,
    };
    clients_drop(c->clients);
    c->clients = clients_new(
        &(struct clients_of){.loop = &w->loop,
                             .ctx = h->hall->ctx,
                             .site = site,
                             .log = h->hall->log,
                             .metrics = &h->metrics,
                             .appraisals = &h->hall->appraisals,
                             .max_appraisals = h->hall->max_appraisals});
    c->client_ms = o->client_ms;
    c->header_ms = o->header_ms;
    c->idle_ms = o->idle_ms;
    c->body_ms = o->body_ms;
    c->backend_ms = o->backend_ms;
    c->upgrade_idle_ms = o->upgrade_idle_ms;
    site_drop(before);
}

static void
renew(struct worker *w, void *site)
{
    use(w, site);
    connections_renew(&((struct hand *)w)->connections);
}

static void
drain(struct worker *w)
{
    connections_drain(&((struct hand *)w)->connections);
}

static void
cut(struct worker *w)
{
    connections_cut(&((struct hand *)w)->connections);
}

/* What is made for clients who have gone: nobody would end it here, and other
 * workers may wait for that turn. */
static void
leave(struct worker *w)
{
    quotes_close(&((struct hand *)w)->connections.quotes);
}

static void
close_hand(struct worker *w)
{
    struct connections *c = &((struct hand *)w)->connections;

    clients_drop(c->clients);
    quotes_close(&c->quotes);
    assay_quoter_free(c->quotes.quoter);
}

const struct crew_trade serve_trade = {
    .hold = hold,
    .drop = drop,
    .use = renew,
    .drain = drain,
    .cut = cut,
    .leave = leave,
    .close = close_hand,
};

/* --- life --------------------------------------------------------------- */

static void
init_connections(struct hand *h)
{
    struct connections *c = &h->connections;

    c->loop = &h->worker.loop;
    c->backend.loop = &h->worker.loop;
    c->pipe.loop = &h->worker.loop;
    c->log = h->hall->log;
    c->ctx = h->hall->ctx;
    c->requests = (struct requests){
        .log = h->hall->log,
        .access = h->hall->access,
        .json_access = h->hall->json_access,
        .metrics = &h->metrics,
    };
    c->quotes.log = h->hall->log;
    c->quotes.shelf = h->hall->shelf;
    c->quotes.loop = &h->worker.loop;
    c->quotes.metrics = &h->metrics;
    c->counted = on_counted;
    c->user = h;
}

enum assay_code
hall_add(struct hall *h, struct crew *c, struct site *site, int door,
         struct assay_error *err)
{
    const struct options *o = &site->options;
    struct hand *hand = &h->hands[h->count];
    struct quotes *quotes = &hand->connections.quotes;

    hand->hall = h;
    if (crew_add(c, &hand->worker, err) != ASSAY_OK) {
        close(door);
        return err->code;
    }
    h->count++;
    init_connections(hand);
    use(&hand->worker, site_hold(site));
    if (worker_listen(&hand->worker, door, on_accepted, err) == ASSAY_OK &&
        quotes_open(quotes, h->gate, err) == ASSAY_OK) {
        (void)!assay_quoter_new(&hand->worker.loop, o->quotes, o->quote_ms,
                                &quotes->quoter, err);
    }
    return err->code;
}

void
hall_close(struct hall *h)
{
    for (unsigned i = 0; i < h->count; i++) {
        site_drop(h->hands[i].site);
    }
    h->count = 0;
}
