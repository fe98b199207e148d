/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * joined.c - see joined.h.
 */
#include "bench/joined.h"

#include <malloc.h>

#include "atls/tls.h"
#include "bench/measure.h"
#include "http1/http1.h"
#include "io/moment.h"

#define PLAIN_MAX (1u << 20)
#define OPEN_ENDS 500 /* connections open at once, to see what one takes */

/* --- TLS alone ---------------------------------------------------------- */

struct tls_end {
    struct assay_tls *tls;
    struct assay_queue plain; /* received */
};

struct tls_pair {
    struct tls_end client;
    struct tls_end server;
};

static bool
tls_move(struct tls_end *from, struct tls_end *to)
{
    struct assay_queue *out = assay_tls_output(from->tls);
    struct assay_error err;
    size_t used = 0;

    if (assay_queue_len(out) == 0) {
        return false;
    }
    assay_error_clear(&err);
    bench_must(assay_tls_feed(to->tls, assay_queue_slice(out), &used,
                              &to->plain, PLAIN_MAX / 2, &err),
               "TLS", &err);
    assay_queue_take(out, used);
    return true;
}

static void
tls_settle(struct tls_pair *p)
{
    bool moved = true;

    while (moved) {
        moved = tls_move(&p->client, &p->server);
        moved = tls_move(&p->server, &p->client) || moved;
    }
}

static void
tls_open(struct tls_pair *p, const struct bench_site *s)
{
    const struct assay_tls_client_setup setup = {
        .ctx = s->p.ctx,
        .roots = s->p.roots,
        .check_certificate = true,
        .server_name = PAIR_NAME,
        .now_s = s->now_s,
    };
    struct assay_error err;

    assay_error_clear(&err);
    assay_queue_init(&p->client.plain, PLAIN_MAX);
    assay_queue_init(&p->server.plain, PLAIN_MAX);
    bench_must(assay_tls_client_new(&setup, &p->client.tls, &err), "TLS client",
               &err);
    bench_must(
        assay_tls_server_new(s->p.ctx, s->p.identity, &p->server.tls, &err),
        "TLS server", &err);
    tls_settle(p);
    if (!assay_tls_ready(p->client.tls) || !assay_tls_ready(p->server.tls)) {
        bench_die("TLS: the handshake came to no end");
    }
}

static void
tls_end_free(struct tls_end *e)
{
    assay_tls_free(e->tls);
    assay_queue_free(&e->plain);
}

double
bench_plain_run(void *site, size_t count)
{
    double start = bench_cpu_ns();

    for (size_t n = 0; n < count; n++) {
        struct tls_pair p;

        tls_open(&p, site);
        tls_end_free(&p.client);
        tls_end_free(&p.server);
    }
    return bench_cpu_ns() - start;
}

/* --- an exchange -------------------------------------------------------- */

/* Reads head and body of the message that has arrived. */
static void
take_message(struct tls_end *at, bool request)
{
    struct assay_http1_head head;
    struct assay_http1_body state;
    struct assay_slice data;
    struct assay_buf body;
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;

    assay_error_clear(&err);
    bench_must(request
                   ? assay_http1_request(assay_queue_slice(&at->plain),
                                         &scanned, &head, &used, &err)
                   : assay_http1_response(assay_queue_slice(&at->plain), "POST",
                                          &scanned, &head, &used, &err),
               "HTTP head", &err);
    assay_http1_body_init(&state, &head, PLAIN_MAX);
    assay_queue_take(&at->plain, used);
    assay_buf_init(&body, PLAIN_MAX);
    while (!state.done && assay_queue_len(&at->plain) > 0) {
        bench_must(assay_http1_body_feed(&state, assay_queue_slice(&at->plain),
                                         &used, &data, &err),
                   "HTTP body", &err);
        assay_buf_add(&body, data);
        assay_queue_take(&at->plain, used);
    }
    if (!state.done || body.len == 0) {
        bench_die("HTTP: a message is not whole");
    }
    assay_buf_free(&body);
}

static void
tls_say(struct tls_pair *p, struct tls_end *from, const struct assay_buf *what)
{
    struct assay_error err;

    assay_error_clear(&err);
    bench_must(assay_tls_write(from->tls, assay_buf_slice(what), &err),
               "TLS write", &err);
    tls_settle(p);
}

double
bench_exchange_run(void *site, size_t count)
{
    const struct bench_site *s = site;
    double start = bench_cpu_ns();

    for (size_t n = 0; n < count; n++) {
        struct tls_pair p;

        tls_open(&p, s);
        tls_say(&p, &p.client, &s->request);
        take_message(&p.server, true);
        tls_say(&p, &p.server, &s->reply);
        take_message(&p.client, false);
        tls_end_free(&p.client);
        tls_end_free(&p.server);
    }
    return bench_cpu_ns() - start;
}

/* --- attested ----------------------------------------------------------- */

struct attested_pair {
    struct assay_client *client;
    struct assay_server *server;
};

static void
to_server(struct attested_pair *p)
{
    struct assay_slice out = assay_client_output(p->client);
    struct assay_error err;
    size_t used = 0;

    bench_must(assay_server_feed(p->server, out, &used, &err), "server", &err);
    assay_client_sent(p->client, used);
}

static void
to_client(struct attested_pair *p)
{
    struct assay_slice out = assay_server_output(p->server);
    struct assay_error err;
    size_t used = 0;

    bench_must(assay_client_feed(p->client, out, &used, &err), "client", &err);
    assay_server_sent(p->server, used);
}

static void
make_ends(struct attested_pair *p, const struct bench_site *s,
          struct assay_verifier *verifier)
{
    struct assay_client_options o = pair_client_options(&s->p, s->policy);
    uint8_t nonce[ASSAY_NONCE_BYTES];
    struct assay_error err;

    o.verifier = verifier;
    assay_random_bytes(nonce, sizeof(nonce));
    bench_must(assay_client_new(&o, bench_site_now(s), nonce, &p->client, &err),
               "client", &err);
    bench_must(assay_server_new(s->p.ctx, s->p.identity, &p->server, &err),
               "server", &err);
}

static void
attested_open(struct attested_pair *p, const struct bench_site *s,
              struct assay_verifier *verifier,
              const struct assay_collateral *collateral)
{
    struct assay_now now = bench_site_now(s);
    struct assay_error err;

    make_ends(p, s, verifier);
    while (assay_client_state(p->client) != ASSAY_CLIENT_NEED_COLLATERAL) {
        to_server(p);
        if (assay_server_state(p->server) == ASSAY_SERVER_QUOTE) {
            bench_site_give_quote(s, p->server);
        }
        to_client(p);
    }
    assay_client_give_collateral(p->client, collateral);
    bench_must(assay_client_appraise(p->client, now, &err), "appraise", &err);
    if (assay_client_state(p->client) != ASSAY_CLIENT_OPEN) {
        bench_die("the session is not open");
    }
}

static void
attested_once(const struct bench_site *s, struct assay_verifier *verifier,
              const struct assay_collateral *collateral)
{
    struct attested_pair p;

    attested_open(&p, s, verifier, collateral);
    assay_client_free(p.client);
    assay_server_free(p.server);
}

double
bench_attested_run(void *site, size_t count)
{
    const struct bench_site *s = site;
    double start = bench_cpu_ns();

    for (size_t n = 0; n < count; n++) {
        attested_once(s, s->p.verifier, s->p.collateral);
    }
    return bench_cpu_ns() - start;
}

double
bench_attested_cold_run(void *site, size_t count)
{
    const struct bench_site *s = site;
    struct assay_collateral_parts parts = mint_world_collateral_parts(
        mint_machine_world(s->p.machine, MINT_MACHINE_TDX));
    double start = bench_cpu_ns();

    for (size_t n = 0; n < count; n++) {
        struct assay_collateral *c = NULL;
        struct assay_verifier *v = NULL;
        struct assay_error err;

        bench_must(
            assay_verifier_new(s->p.ctx, ASSAY_DEFAULT_PLATFORMS, &v, &err),
            "verifier", &err);
        bench_must(assay_collateral_from_parts(s->p.ctx, &parts, &c, &err),
                   "collateral", &err);
        attested_once(s, v, c);
        assay_collateral_free(c);
        assay_verifier_free(v);
    }
    return bench_cpu_ns() - start;
}

/* --- memory ------------------------------------------------------------- */

static double
in_use(void)
{
    struct mallinfo2 m = mallinfo2();

    return (double)(m.uordblks + m.hblkhd);
}

struct bench_joined_memory
bench_plain_memory(const struct bench_site *s)
{
    static struct tls_pair open[OPEN_ENDS];
    double all;
    double clients;
    double none;

    for (size_t i = 0; i < OPEN_ENDS; i++) {
        tls_open(&open[i], s);
    }
    all = in_use();
    for (size_t i = 0; i < OPEN_ENDS; i++) {
        tls_end_free(&open[i].server);
    }
    clients = in_use();
    for (size_t i = 0; i < OPEN_ENDS; i++) {
        tls_end_free(&open[i].client);
    }
    none = in_use();
    return (struct bench_joined_memory){(clients - none) / OPEN_ENDS,
                                        (all - clients) / OPEN_ENDS};
}

struct bench_joined_memory
bench_attested_memory(const struct bench_site *s)
{
    static struct attested_pair open[OPEN_ENDS];
    double all;
    double clients;
    double none;

    for (size_t i = 0; i < OPEN_ENDS; i++) {
        attested_open(&open[i], s, s->p.verifier, s->p.collateral);
    }
    all = in_use();
    for (size_t i = 0; i < OPEN_ENDS; i++) {
        assay_server_free(open[i].server);
    }
    clients = in_use();
    for (size_t i = 0; i < OPEN_ENDS; i++) {
        assay_client_free(open[i].client);
    }
    none = in_use();
    return (struct bench_joined_memory){(clients - none) / OPEN_ENDS,
                                        (all - clients) / OPEN_ENDS};
}
