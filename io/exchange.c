/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * exchange.c - one HTTP/1.1 request and its response over an open attested
 * connection.
 */
#include "io/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/moment.h"

#define HOLD_BACK   (512u * 1024u) /* bytes on their way out */
#define PIECE       (64u * 1024u)
#define INTERIM_MAX 16u /* heads with 1xx */

struct assay_exchange {
    struct assay_attested *a;
    struct assay_exchange_options o;
    struct assay_exchange_events events;
    void *user;
    size_t sent; /* of the request */
    bool begun;
    bool ended; /* done or failed was told */
    bool have_head;
    bool reusable;
    unsigned interim;
    size_t scanned;
    struct assay_http1_body body;
};

static void
fail(struct assay_exchange *x, const struct assay_error *err)
{
    if (!x->ended) {
        x->ended = true;
        x->events.failed(x->user, err);
    }
}

/* --- out ---------------------------------------------------------------- */

/* Begins the message. Evidence that is too old is asked for anew first: the
 * connection's `open` then comes back here. */
static bool
begin(struct assay_exchange *x)
{
    struct assay_client *c = assay_attested_session(x->a);
    struct assay_error err;

    if (x->begun) {
        return true;
    }
    if (assay_client_begin(c, assay_now(), &err) == ASSAY_STALE) {
        if (assay_attested_reattest(x->a, &err) != ASSAY_OK) {
            fail(x, &err);
        }
        return false;
    }
    if (err.code != ASSAY_OK) {
        fail(x, &err);
        return false;
    }
    x->begun = true;
    return true;
}

static void
send_on(struct assay_exchange *x)
{
    struct assay_client *c = assay_attested_session(x->a);
    struct assay_error err;

    if (x->ended || x->sent == x->o.request.len || !begin(x)) {
        return;
    }
    while (x->sent < x->o.request.len &&
           assay_attested_queued(x->a) < HOLD_BACK) {
        size_t left = x->o.request.len - x->sent;
        struct assay_slice piece = {x->o.request.ptr + x->sent,
                                    left < PIECE ? left : PIECE};

        if (assay_client_write(c, piece, &err) != ASSAY_OK) {
            fail(x, &err);
            return;
        }
        x->sent += piece.len;
        assay_attested_flush(x->a);
    }
    if (x->sent == x->o.request.len) {
        assay_client_end(c);
    }
}

struct assay_exchange *
assay_exchange_start(struct assay_attested *a,
                     const struct assay_exchange_options *options,
                     const struct assay_exchange_events *events, void *user)
{
    struct assay_exchange *x = calloc(1, sizeof(*x));

    if (x != NULL) {
        x->a = a;
        x->o = *options;
        x->events = *events;
        x->user = user;
        send_on(x);
    }
    return x;
}

void
assay_exchange_free(struct assay_exchange *x)
{
    free(x);
}

void
assay_exchange_on_open(struct assay_exchange *x)
{
    send_on(x);
}

void
assay_exchange_on_drained(struct assay_exchange *x)
{
    send_on(x);
}

/* --- in ----------------------------------------------------------------- */

static void
read_head(struct assay_exchange *x, struct assay_slice in, size_t *used,
          struct assay_error *err)
{
    struct assay_http1_head head;

    if (assay_http1_response(in, x->o.method, &x->scanned, &head, used, err) !=
            ASSAY_OK ||
        *used == 0) {
        return;
    }
    x->scanned = 0;
    if (head.status == 101) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "response: the server switches protocols unasked");
    } else if (head.status < 200) {
        x->interim++;
        if (x->interim > INTERIM_MAX) {
            assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                       "response: more than %u interim ones", INTERIM_MAX);
        }
    } else {
        x->have_head = true;
        x->reusable =
            head.keep_alive && head.framing != ASSAY_HTTP1_UNTIL_CLOSE;
        assay_http1_body_init(&x->body, &head, x->o.body_max);
        x->events.head(x->user, &head);
    }
}

static void
finish(struct assay_exchange *x)
{
    /* An answer before the request was out: the connection is of no more use,
     * since nobody knows what the server read of it. */
    bool whole = x->sent == x->o.request.len;

    x->ended = true;
    x->events.done(x->user, x->reusable && whole);
}

static void
read_on(struct assay_exchange *x, struct assay_error *err)
{
    struct assay_client *c = assay_attested_session(x->a);
    struct assay_slice in = assay_client_read(c);

    while (!x->ended && in.len > 0 && err->code == ASSAY_OK) {
        struct assay_slice data = {NULL, 0};
        size_t used = 0;

        if (!x->have_head) {
            read_head(x, in, &used, err);
        } else if (assay_http1_body_feed(&x->body, in, &used, &data, err) ==
                       ASSAY_OK &&
                   data.len > 0) {
            x->events.data(x->user, data);
        }
        if (err->code == ASSAY_OK && x->have_head && x->body.done) {
            assay_client_taken(c, used);
            finish(x);
            return;
        }
        if (used == 0) {
            return;
        }
        assay_client_taken(c, used);
        in = assay_client_read(c);
    }
}

void
assay_exchange_on_data(struct assay_exchange *x)
{
    struct assay_error err;

    assay_error_clear(&err);
    if (!x->ended && !x->begun) {
        assay_fail(&err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "response: it came before the request");
    }
    read_on(x, &err);
    if (err.code != ASSAY_OK) {
        if (err.code != ASSAY_NO_MEMORY && err.code != ASSAY_TOO_LARGE) {
            err.code = ASSAY_REPLY;
        }
        fail(x, &err);
    }
}

void
assay_exchange_on_closed(struct assay_exchange *x)
{
    struct assay_client *c = assay_attested_session(x->a);
    struct assay_error err;

    assay_error_clear(&err);
    if (x->ended) {
        return;
    }
    if (!x->have_head) {
        assay_fail(&err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                   "response: the server closed the connection without one");
    } else if (assay_client_truncated(c)) {
        assay_fail(&err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                   "response: the connection was cut in the middle of the "
                   "body");
    } else if (assay_http1_body_eof(&x->body, &err) != ASSAY_OK) {
        err.code = ASSAY_NETWORK;
    }
    if (err.code != ASSAY_OK) {
        fail(x, &err);
        return;
    }
    x->reusable = false;
    finish(x);
}
