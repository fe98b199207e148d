/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * raw_client.h - a server session, and a TLS client that says whatever a test
 * wants it to say.
 */
#pragma once

#include "atls/tls.h"
#include "harness/pair.h"

struct raw_client {
    struct assay_tls *tls;
    struct assay_server *server;
    struct assay_buf heard; /* what the server said */
};

/* Moves everything both ways until nothing moves. */
static inline void
raw_client_run(struct raw_client *r)
{
    struct assay_queue plain;
    struct assay_error err;
    bool moved = true;

    assay_queue_init(&plain, 1u << 20);
    while (moved) {
        struct assay_slice up = assay_queue_slice(assay_tls_output(r->tls));
        struct assay_slice down = assay_server_output(r->server);
        size_t used = 0;

        moved = down.len > 0;
        assay_error_clear(&err);
        (void)!assay_tls_feed(r->tls, down, &used, &plain, 1u << 18, &err);
        assay_server_sent(r->server, used);
        assay_buf_add(&r->heard, assay_queue_slice(&plain));
        assay_queue_take(&plain, assay_queue_len(&plain));
        if (up.len > 0) {
            (void)!assay_server_feed(r->server, up, &used, &err);
            assay_queue_take(assay_tls_output(r->tls), used);
            moved = moved || used > 0;
        }
    }
    assay_queue_free(&plain);
}

/* of_clients: what the server requires, or NULL. */
static inline void
raw_client_make(struct raw_client *r, const struct pair_platform *p,
                const struct assay_policy *of_clients)
{
    const struct assay_requirement of = {p->verifier, p->root, of_clients};
    const struct assay_tls_client_setup setup = {
        .ctx = p->ctx,
        .roots = p->roots,
        .check_certificate = true,
        .server_name = PAIR_NAME,
        .now_s = MINT_NOW_S,
    };
    struct assay_error err;

    assay_error_clear(&err);
    assay_buf_init(&r->heard, 1u << 26);
    pair_need(assay_tls_client_new(&setup, &r->tls, &err) == ASSAY_OK, &err);
    pair_need(assay_server_new(p->ctx, p->identity, &r->server, &err) ==
                  ASSAY_OK,
              &err);
    pair_need(of_clients == NULL ||
                  assay_server_require(r->server, &of, &err) == ASSAY_OK,
              &err);
    raw_client_run(r);
}

static inline void
raw_client_free(struct raw_client *r)
{
    assay_tls_free(r->tls);
    assay_server_free(r->server);
    assay_buf_free(&r->heard);
}

static inline void
raw_client_say(struct raw_client *r, const char *plain)
{
    struct assay_error err;

    assay_error_clear(&err);
    pair_need(assay_tls_write(r->tls, assay_slice_of(plain), &err) == ASSAY_OK,
              &err);
    raw_client_run(r);
}
