/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * loopback.c - see loopback.h.
 */
#include "bench/loopback.h"

#include <stdio.h>
#include <stdlib.h>

#include "atls/tls.h"
#include "bench/loopback_server.h"
#include "bench/measure.h"
#include "io/attested.h"
#include "io/moment.h"

#define SLICES       8
#define CONNECTS_MAX (1u << 16) /* of one kind that are timed */

/* One after another, until the time is up. */
struct client {
    const struct bench_site *site;
    struct bench_server server;
    struct assay_client_options session_options;
    struct assay_dial_options dial;
    uv_loop_t loop;
    struct assay_supply *supply;
    double end_ns;
    double began_ns; /* the connect under way */
    size_t done;     /* in this slice */
    double per_second;
    double *us; /* of each connect of this kind; grows through the slices */
    size_t timed;
    struct assay_attested *attested;
    struct assay_stream *stream; /* TLS alone */
    struct assay_tls *tls;
    struct assay_queue plain;
};

static void begin_connect(struct client *c);

static void
end_connect(struct client *c)
{
    double now = bench_now_ns();

    c->done++;
    if (c->timed < CONNECTS_MAX) {
        c->us[c->timed++] = (now - c->began_ns) / 1e3;
    }
    if (now < c->end_ns) {
        begin_connect(c);
    }
}

/* --- TLS alone ---------------------------------------------------------- */

static void
flush(struct client *c)
{
    struct assay_queue *out = assay_tls_output(c->tls);

    assay_stream_write(c->stream, assay_queue_slice(out));
    assay_queue_take(out, assay_queue_len(out));
}

static void
on_data(void *user, struct assay_slice data)
{
    struct client *c = user;
    struct assay_error err;
    size_t used = 0;

    assay_error_clear(&err);
    bench_must(assay_tls_feed(c->tls, data, &used, &c->plain,
                              ASSAY_TLS_RECORD_MAX_BYTES, &err),
               "TLS client", &err);
    flush(c);
    if (assay_tls_ready(c->tls)) {
        assay_stream_close(c->stream);
        assay_tls_free(c->tls);
        end_connect(c);
    }
}

static void
on_stream_failed(void *user, const struct assay_error *err)
{
    (void)user;
    bench_must(err->code, "stream", err);
}

static void
on_dialed(void *user, struct assay_stream *stream,
          const struct assay_error *why)
{
    static const struct assay_stream_events events = {
        .data = on_data,
        .failed = on_stream_failed,
    };
    struct client *c = user;
    const struct assay_tls_client_setup setup = {
        .ctx = c->site->p.ctx,
        .roots = c->site->p.roots,
        .check_certificate = true,
        .server_name = PAIR_NAME,
        .now_s = assay_now().wall_s,
    };
    struct assay_error err;

    bench_must(why->code, "dial", why);
    assay_error_clear(&err);
    bench_must(assay_tls_client_new(&setup, &c->tls, &err), "TLS client", &err);
    c->stream = stream;
    assay_stream_tell(stream, &events, c);
    flush(c);
    assay_stream_read(stream, true);
}

/* --- attested ----------------------------------------------------------- */

static void
on_open(void *user)
{
    struct client *c = user;

    assay_attested_close(c->attested);
    end_connect(c);
}

static void
on_attested_failed(void *user, const struct assay_error *err, bool peer)
{
    (void)user;
    (void)peer;
    bench_must(err->code, "attested session", err);
}

static void
begin_attested(struct client *c)
{
    static const struct assay_attested_events events = {
        .open = on_open,
        .failed = on_attested_failed,
    };
    const struct assay_attested_options o = {
        .session = &c->session_options,
        .dial = &c->dial,
        .supply = c->supply,
    };

    c->attested = assay_attested_new(&c->loop, &o, &events, c);
    if (c->attested == NULL) {
        bench_die("no memory for a session");
    }
}

static void
begin_connect(struct client *c)
{
    c->began_ns = bench_now_ns();
    if (c->server.attested) {
        begin_attested(c);
    } else if (assay_dial_start(&c->loop, &c->dial, on_dialed, c) == NULL) {
        bench_die("no memory for a connection");
    }
}

/* --- a slice ------------------------------------------------------------ */

static void
open_client(struct client *c)
{
    const struct bench_site *s = c->site;
    const struct assay_supply_options supply = {
        .ctx = s->p.ctx,
        .verifier = s->p.verifier,
        .root = s->p.root,
        .fixed = s->p.collateral,
    };

    c->session_options = pair_client_options(&s->p, s->policy);
    (void)snprintf(c->dial.to.host, sizeof(c->dial.to.host), "127.0.0.1");
    (void)snprintf(c->dial.to.port, sizeof(c->dial.to.port), "%u",
                   c->server.port & 0xffffu);
    assay_queue_init(&c->plain, 4 * (size_t)ASSAY_TLS_RECORD_MAX_BYTES);
    if (uv_loop_init(&c->loop) != 0) {
        bench_die("no loop");
    }
    c->supply = assay_supply_new(&c->loop, &supply);
    if (c->supply == NULL) {
        bench_die("no memory for collateral");
    }
}

static void *
run_client(void *arg)
{
    struct client *c = arg;
    double start;

    open_client(c);
    start = bench_now_ns();
    begin_connect(c);
    (void)uv_run(&c->loop, UV_RUN_DEFAULT);
    c->per_second = (double)c->done * 1e9 / (bench_now_ns() - start);
    assay_supply_free(c->supply);
    (void)uv_run(&c->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&c->loop) != 0) {
        bench_die("something is left on a loop");
    }
    assay_queue_free(&c->plain);
    return NULL;
}

/* Connects of all clients in a second. */
static double
run_slice(struct client *clients, size_t count, bool attested, double seconds)
{
    double end_ns = bench_now_ns() + seconds * 1e9;
    pthread_t thread[BENCH_LINKS_MAX];
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        struct client *c = &clients[i];

        bench_server_start(&c->server, c->site, attested);
        c->end_ns = end_ns;
        c->done = 0;
        if (pthread_create(&thread[i], NULL, run_client, c) != 0) {
            bench_die("a thread could not be started");
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (pthread_join(thread[i], NULL) != 0) {
            bench_die("a thread could not be joined");
        }
        bench_server_stop(&clients[i].server);
        sum += clients[i].per_second;
    }
    return sum;
}

static void
make_clients(struct client *clients, const struct bench_site *const *sites,
             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        clients[i] = (struct client){.site = sites[i]};
        clients[i].us = calloc(CONNECTS_MAX, sizeof(*clients[i].us));
        if (clients[i].us == NULL) {
            bench_die("no memory for a client");
        }
    }
}

/* Clients are alike: the first one's times stand for all. */
static void
sum_up(struct client *clients, size_t count, double rates[SLICES],
       struct bench_connects *out)
{
    struct client *c = &clients[0];

    out->per_second = bench_median(rates, SLICES);
    out->p50_us = bench_median(c->us, c->timed);
    out->p99_us = c->us[c->timed * 99 / 100]; /* sorted by the median */
    for (size_t i = 0; i < count; i++) {
        free(clients[i].us);
    }
}

void
bench_loopback(const struct bench_site *const *sites, size_t clients,
               double seconds, struct bench_connects *plain,
               struct bench_connects *attested)
{
    struct client plains[BENCH_LINKS_MAX];
    struct client attesteds[BENCH_LINKS_MAX];
    double rates[2][SLICES];

    make_clients(plains, sites, clients);
    make_clients(attesteds, sites, clients);
    for (size_t i = 0; i < SLICES; i++) {
        rates[0][i] = run_slice(plains, clients, false, seconds / SLICES);
        rates[1][i] = run_slice(attesteds, clients, true, seconds / SLICES);
    }
    sum_up(plains, clients, rates[0], plain);
    sum_up(attesteds, clients, rates[1], attested);
}
