/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * main.c - assay-serve: the TEE's side of attested TLS, before an HTTP backend.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "announce.h"
#include "base/bytes.h"
#include "connection.h"
#include "io/listen.h"
#include "setup.h"

#define SOCKET_MODE 0600u /* of a Unix socket that is listened on */

struct program {
    struct options options;
    struct log log;
    uv_loop_t loop;
    struct assay_ctx *ctx;
    struct assay_tls_identity *identity;
    struct connections connections;
    struct assay_listener *listener; /* NULL while draining */
    uv_signal_t terminate;
    uv_signal_t interrupt;
    uv_timer_t drain;
};

/* --- events ------------------------------------------------------------- */

static void
on_accepted(void *user, struct assay_stream *stream)
{
    struct program *p = user;

    connection_open(&p->connections, stream);
}

static void
on_counted(void *user)
{
    struct program *p = user;

    if (p->listener != NULL) {
        assay_listener_pause(p->listener, p->connections.count >=
                                              p->options.max_connections);
    } else if (p->connections.count == 0) {
        uv_stop(&p->loop);
    }
}

static void
on_drain_over(uv_timer_t *timer)
{
    struct program *p = timer->data;

    log_event(&p->log, LOG_WARNING, "cut what was under way", NULL, 0);
    connections_cut(&p->connections);
    uv_stop(&p->loop);
}

/* The first one asks, the second one insists. */
static void
on_signal(uv_signal_t *handle, int number)
{
    struct program *p = handle->data;

    (void)number;
    if (p->listener == NULL) {
        connections_cut(&p->connections);
        uv_stop(&p->loop);
        return;
    }
    log_event(&p->log, LOG_INFO, "stopping", NULL, 0);
    assay_listener_close(p->listener);
    p->listener = NULL;
    uv_timer_start(&p->drain, on_drain_over, p->options.drain_ms, 0);
    connections_drain(&p->connections);
    on_counted(p);
}

/* --- setup -------------------------------------------------------------- */

static bool
fail(const struct program *p, const struct assay_error *err)
{
    log_failure(&p->log, LOG_ERROR, "cannot start", err);
    return false;
}

static void
init_loop(struct program *p)
{
    if (uv_loop_init(&p->loop) != 0) {
        fputs("assay-serve: out of memory or descriptors\n", stderr);
        exit(SERVE_FAILED);
    }
    uv_signal_init(&p->loop, &p->terminate);
    uv_signal_init(&p->loop, &p->interrupt);
    uv_timer_init(&p->loop, &p->drain);
    p->terminate.data = p;
    p->interrupt.data = p;
    p->drain.data = p;
}

static void
init_connections(struct program *p)
{
    const struct options *o = &p->options;
    struct connections *c = &p->connections;

    c->loop = &p->loop;
    c->log = &p->log;
    c->ctx = p->ctx;
    c->identity = p->identity;
    c->quotes.log = &p->log;
    c->quotes.max = o->max_quotes;
    c->backend = (struct backend){
        .loop = &p->loop,
        .address = &o->backend,
        .pool = {.loop = &p->loop,
                 .max = o->backend_pool,
                 .idle_ms = o->backend_idle_ms},
    };
    c->forward = (struct forward_options){
        .backend = &c->backend,
        .log = &p->log,
        .max_body = o->max_body,
        .upgrades = o->upgrades,
    };
    c->header_ms = o->header_ms;
    c->idle_ms = o->idle_ms;
    c->body_ms = o->body_ms;
    c->backend_ms = o->backend_ms;
    c->upgrade_idle_ms = o->upgrade_idle_ms;
    c->counted = on_counted;
    c->user = p;
}

/* All that can be had without letting anybody in. */
static bool
prepare(struct program *p)
{
    const struct options *o = &p->options;
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_ctx_new(&p->ctx, &err) != ASSAY_OK ||
        setup_identity(o, p->ctx, &p->identity, &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    init_connections(p);
    if (assay_quoter_new(&p->loop, o->quotes, o->quote_ms,
                         &p->connections.quotes.quoter, &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    return true;
}

static bool
open_doors(struct program *p)
{
    const struct options *o = &p->options;
    struct assay_quoter *quoter = p->connections.quotes.quoter;
    struct assay_error err;
    const char *address;

    assay_error_clear(&err);
    if (announce_certificate(&p->loop, quoter, p->identity, o->announce,
                             &p->log, &err) != ASSAY_OK ||
        assay_listen(&p->loop, &o->listen, SOCKET_MODE, on_accepted, p,
                     &p->listener, &err) != ASSAY_OK) {
        return fail(p, &err);
    }
    address = assay_listener_address(p->listener);
    uv_signal_start(&p->terminate, on_signal, SIGTERM);
    uv_signal_start(&p->interrupt, on_signal, SIGINT);
    if (setup_ready(o, address, p->identity, assay_quoter_name(quoter), &err) !=
        ASSAY_OK) {
        return fail(p, &err);
    }
    log_event(&p->log, LOG_INFO, "listening",
              (struct log_field[]){
                  {"address", assay_slice_of(address)},
                  {"quotes", assay_slice_of(assay_quoter_name(quoter))},
              },
              2);
    return true;
}

/* --- teardown ----------------------------------------------------------- */

static void
tear_down(struct program *p)
{
    assay_listener_close(p->listener);
    connections_cut(&p->connections);
    assay_quoter_free(p->connections.quotes.quoter);
    uv_close((uv_handle_t *)&p->terminate, NULL);
    uv_close((uv_handle_t *)&p->interrupt, NULL);
    uv_close((uv_handle_t *)&p->drain, NULL);
    uv_run(&p->loop, UV_RUN_DEFAULT); /* lets closed handles be freed */
    uv_loop_close(&p->loop);
    assay_tls_identity_free(p->identity);
    assay_ctx_free(p->ctx);
    options_free(&p->options);
}

int
main(int argc, char **argv)
{
    static struct program p;
    enum serve_exit code = SERVE_FAILED;

    if (!options_parse(&p.options, argc, argv, &code)) {
        return (int)code;
    }
    signal(SIGPIPE, SIG_IGN);
    p.log = (struct log){p.options.json_log, p.options.verbose};
    init_loop(&p);
    if (prepare(&p)) {
        if (p.options.check) {
            code = SERVE_DONE;
        } else if (open_doors(&p)) {
            uv_run(&p.loop, UV_RUN_DEFAULT);
            code = SERVE_DONE;
        }
    }
    tear_down(&p);
    return (int)code;
}
