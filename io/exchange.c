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
    uv_timer_t timer;
    size_t sent;    /* of the request */
    size_t waiting; /* bytes on their way out when the timer was set */
    bool begun;
    bool renewed; /* evidence that was too old was asked for anew */
    bool ended;   /* done or failed was told */
    bool have_head;
    bool reusable;
    unsigned interim;
    size_t scanned;
    struct assay_http1_body body;
};

/* --- ending ------------------------------------------------------------- */

static void
end(struct assay_exchange *x)
{
    x->ended = true;
    (void)uv_timer_stop(&x->timer);
}

static void
fail(struct assay_exchange *x, const struct assay_error *err)
{
    if (!x->ended) {
        end(x);
        x->events.failed(x->user, err);
    }
}

static void
free_memory(uv_handle_t *timer)
{
    free(timer->data);
}

void
assay_exchange_free(struct assay_exchange *x)
{
    if (x != NULL) {
        x->ended = true;
        uv_close((uv_handle_t *)&x->timer, free_memory);
    }
}

/* --- silence ------------------------------------------------------------ */

static void watch(struct assay_exchange *x);

static void
on_silence(uv_timer_t *timer)
{
    struct assay_exchange *x = timer->data;
    bool sending = x->sent < x->o.request.len || x->waiting > 0;
    struct assay_error err;

    if (assay_attested_queued(x->a) < x->waiting) { /* slow, but it moves */
        watch(x);
        return;
    }
    assay_error_clear(&err);
    assay_fail(&err, ASSAY_TIMEOUT, ASSAY_NO_OFFSET,
               "response: %s within %.1f s",
               x->have_head ? "no more of its body"
               : sending    ? "the server took no more of the request"
                            : "no head",
               (double)x->o.silence_ms / 1000.0);
    fail(x, &err);
}

static void
watch(struct assay_exchange *x)
{
    x->waiting = assay_attested_queued(x->a);
    (void)uv_timer_start(&x->timer, on_silence, x->o.silence_ms, 0);
}

/* --- out ---------------------------------------------------------------- */

/* Begins the message. Evidence that is too old is asked for anew first: the
 * connection's `open` then comes back here. Once: a server that takes longer
 * than the interval would be asked for ever. */
static bool
begin(struct assay_exchange *x)
{
    struct assay_client *c = assay_attested_session(x->a);
    struct assay_error err;

    if (x->begun) {
        return true;
    }
    if (assay_client_begin(c, assay_now(), &err) == ASSAY_STALE &&
        !x->renewed) {
        x->renewed = true;
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
    watch(x);
}

struct assay_exchange *
assay_exchange_new(uv_loop_t *loop, struct assay_attested *a,
                   const struct assay_exchange_options *options,
                   const struct assay_exchange_events *events, void *user)
{
    struct assay_exchange *x = calloc(1, sizeof(*x));

    if (x == NULL) {
        return NULL;
    }
    x->a = a;
    x->o = *options;
    if (x->o.silence_ms == 0) {
        x->o.silence_ms = ASSAY_EXCHANGE_SILENCE_MS;
    }
    x->events = *events;
    x->user = user;
    uv_timer_init(loop, &x->timer); /* never fails */
    x->timer.data = x;
    return x;
}

void
assay_exchange_on_open(struct assay_exchange *x)
{
    send_on(x);
}

void
assay_exchange_on_drained(struct assay_exchange *x)
{
    if (x->ended) {
        return;
    }
    if (x->sent < x->o.request.len) {
        send_on(x);
    } else if (x->waiting > 0) { /* from here on the head is waited for */
        watch(x);
    }
}

/* --- in ----------------------------------------------------------------- */

/* Whatever is wrong with its form, it is the response that is. */
static void
as_response(struct assay_error *err)
{
    if (err->code != ASSAY_OK && err->code != ASSAY_NO_MEMORY &&
        err->code != ASSAY_TOO_LARGE) {
        err->code = ASSAY_REPLY;
    }
    if (err->code != ASSAY_OK) {
        assay_error_prefix(err, "response");
    }
}

static void
take_head(struct assay_exchange *x, const struct assay_http1_head *head,
          struct assay_error *err)
{
    x->scanned = 0;
    if (head->status == 101) {
        assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "response: the server switches protocols unasked");
    } else if (head->status < 200) {
        x->interim++;
        if (x->interim > INTERIM_MAX) {
            assay_fail(err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                       "response: more than %u interim ones", INTERIM_MAX);
        }
    } else {
        x->have_head = true;
        x->reusable =
            head->keep_alive && head->framing != ASSAY_HTTP1_UNTIL_CLOSE;
        assay_http1_body_init(&x->body, head, x->o.body_max);
        x->events.head(x->user, head, err);
    }
}

/* One step: a head, or a piece of the body. *used is 0 if more is needed. */
static void
read_step(struct assay_exchange *x, struct assay_slice in, size_t *used,
          struct assay_error *err)
{
    struct assay_slice data = ASSAY_EMPTY;
    struct assay_http1_head head;

    *used = 0;
    if (x->have_head) {
        (void)!assay_http1_body_feed(&x->body, in, used, &data, err);
        as_response(err);
        if (data.len > 0 && err->code == ASSAY_OK) {
            x->events.data(x->user, data, err);
        }
        return;
    }
    (void)!assay_http1_response(in, x->o.method, &x->scanned, &head, used, err);
    as_response(err);
    if (*used > 0 && err->code == ASSAY_OK) {
        take_head(x, &head, err);
    }
}

/* What may follow on the connection is the answer to the next request: an
 * answer that came before the request was out, or more than an answer, leaves
 * both sides at odds about where they are. */
static void
finish(struct assay_exchange *x)
{
    bool at_one = x->sent == x->o.request.len &&
                  assay_client_read(assay_attested_session(x->a)).len == 0;

    end(x);
    x->events.done(x->user, x->reusable && at_one);
}

static bool
is_complete(const struct assay_exchange *x)
{
    return x->have_head && x->body.done;
}

void
assay_exchange_on_data(struct assay_exchange *x)
{
    struct assay_client *c = assay_attested_session(x->a);
    struct assay_error err;
    size_t used = 1;

    if (x->ended) {
        return;
    }
    assay_error_clear(&err);
    if (!x->begun) {
        assay_fail(&err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "response: it came before the request");
    }
    while (err.code == ASSAY_OK && used > 0 && !is_complete(x) &&
           assay_client_read(c).len > 0) {
        read_step(x, assay_client_read(c), &used, &err);
        assay_client_taken(c, used);
    }
    if (err.code != ASSAY_OK) {
        fail(x, &err);
    } else if (is_complete(x)) {
        finish(x);
    } else if (x->have_head) { /* a head that trickles in does not count */
        watch(x);
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
    } else if (assay_client_truncated(c) ||
               assay_http1_body_eof(&x->body, &err) != ASSAY_OK) {
        assay_error_clear(&err);
        assay_fail(&err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                   "response: the connection was cut in the middle of the "
                   "body");
    }
    if (err.code != ASSAY_OK) {
        fail(x, &err);
        return;
    }
    x->reusable = false;
    finish(x);
}
