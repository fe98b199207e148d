/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * raw_client.h - a server session, and a TLS client that says whatever a test
 * wants it to say.
 */
#pragma once

#include "atls/tls.h"
#include "harness/pair_test.h"

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

/* --- questions and answers ---------------------------------------------- */

#define RAW_CLIENT_NONCE                                                       \
    "ff00000000000000000000000000000000000000000000000000000000000000"

/* Asks for evidence with a nonce of 64 hex digits, and `more` members. */
static inline void
raw_client_ask(struct raw_client *r, const char *nonce, const char *more)
{
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "POST /tdx_quote HTTP/1.1\r\nHost: " PAIR_NAME "\r\n"
                   "Content-Length: %zu\r\n\r\n{\"nonce_hex\":\"%s\"%s}",
                   80 + strlen(more), nonce, more);
    raw_client_say(r, text);
}

/* The server's quote, of which this client makes nothing, with a nonce for the
 * client (or NULL). */
static inline enum assay_code
raw_client_give(struct raw_client *r, const uint8_t *nonce)
{
    const struct assay_quote_reply reply = {
        .quote = assay_slice_of("a quote"),
        .client_nonce = nonce,
        .mono_ms = 1000,
    };
    struct assay_error err;

    return assay_server_give_quote(r->server, &reply, &err);
}

static inline void
raw_client_check_state(const struct raw_client *r, enum assay_server_state want)
{
    enum assay_server_state got = assay_server_state(r->server);

    if (got != want) {
        fail_msg("%s instead of %s: %s", assay_server_state_name(got),
                 assay_server_state_name(want),
                 assay_server_error(r->server)->msg);
    }
}

/* All that was heard since the last look. */
static inline void
raw_client_check_heard(struct raw_client *r, const char *want)
{
    raw_client_run(r);
    if (!assay_slice_is(assay_buf_slice(&r->heard), want)) {
        fail_msg("heard \"%.*s\"", (int)r->heard.len,
                 (const char *)r->heard.ptr);
    }
    r->heard.len = 0;
}

static inline void
raw_client_check_answer(const char *row, struct raw_client *r,
                        const char *status, const char *has)
{
    raw_client_run(r);
    check_answer(row, assay_buf_slice(&r->heard), status, has);
    r->heard.len = 0;
}
