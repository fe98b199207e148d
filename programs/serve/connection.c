/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * connection.c - clients.
 *
 * Every event ends in connection_turn(): it moves what can be moved until
 * nothing moves any more, then says what is waited for, and for how long.
 */
#include "client.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "site.h"

#define IN_MAX_BYTES (4u * ASSAY_STREAM_READ_BYTES)
/* Goes to the session at a time, about a record: what it answers itself is
 * sent, or holds the rest back, before there is more of it. */
#define FEED_MAX_BYTES (16u * 1024u)

/* --- ending ------------------------------------------------------------- */

static void
on_timer_closed(uv_handle_t *timer)
{
    free(timer->data);
}

static void
unlink_connection(struct connection *c)
{
    if (c->previous != NULL) {
        c->previous->next = c->next;
    } else {
        c->all->first = c->next;
    }
    if (c->next != NULL) {
        c->next->previous = c->previous;
    }
    c->all->count--;
}

void
connection_close(struct connection *c)
{
    struct connections *all = c->all;

    unlink_connection(c);
    if (!c->greeted) {
        metrics_add(all->requests.metrics, METRIC_HANDSHAKES_FAILED, 1);
    }
    quotes_cancel(c->quote);
    clients_cancel(c->judgement);
    forward_free(c->forward);
    assay_server_free(c->session);
    clients_drop(c->clients);
    assay_stream_close(c->stream);
    assay_queue_free(&c->in);
    site_drop(c->site);
    crowd_leave(&all->crowd, c->place);
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
    all->counted(all->user);
}

/* --- moving ------------------------------------------------------------- */

/* Octets on their way to the client. */
static size_t
backlog(const struct connection *c)
{
    return assay_server_output(c->session).len + assay_stream_queued(c->stream);
}

size_t
connection_room(const struct connection *c)
{
    size_t b = backlog(c);

    return b < QUEUE_MAX_BYTES ? QUEUE_MAX_BYTES - b : 0;
}

bool
connection_is_over(const struct connection *c)
{
    enum assay_server_state s = assay_server_state(c->session);

    return c->cut || s == ASSAY_SERVER_CLOSED || s == ASSAY_SERVER_FAILED;
}

static void
log_session_failure(const struct connection *c)
{
    log_failure(c->all->log, LOG_DEBUG, "session failed",
                assay_server_error(c->session));
}

static bool
feed(struct connection *c)
{
    bool old = assay_queue_len(&c->in) > 0;
    struct assay_slice in = old ? assay_queue_slice(&c->in) : c->fresh;
    struct assay_error err;
    size_t used = 0;

    in.len = in.len < FEED_MAX_BYTES ? in.len : FEED_MAX_BYTES;
    if (in.len == 0 || c->preface || connection_room(c) == 0 ||
        connection_is_over(c)) {
        return false;
    }
    assay_error_clear(&err);
    if (assay_server_feed(c->session, in, &used, &err) != ASSAY_OK) {
        log_session_failure(c);
    }
    if (old) {
        assay_queue_take(&c->in, used);
    } else {
        c->fresh.ptr += used;
        c->fresh.len -= used;
    }
    return used > 0;
}

/* What could not be fed is fed later; behind the end, never. False: there is
 * no memory for it. */
static bool
keep_input(struct connection *c)
{
    struct assay_buf *to = assay_queue_writer(&c->in);

    if (connection_is_over(c)) {
        assay_queue_free(&c->in);
    } else if (c->fresh.len > 0) {
        assay_buf_add(to, c->fresh);
    } else if (assay_queue_len(&c->in) == 0) {
        assay_queue_free(&c->in); /* idle connections hold no buffer */
    }
    c->fresh = ASSAY_EMPTY;
    return !to->failed;
}

static bool
flush(struct connection *c)
{
    struct assay_slice out = assay_server_output(c->session);

    if (out.len == 0) {
        return false;
    }
    assay_stream_write(c->stream, out);
    assay_server_sent(c->session, out.len);
    c->written += out.len;
    metrics_add(c->all->requests.metrics, METRIC_SENT_BYTES, out.len);
    return true;
}

/* --- turning ------------------------------------------------------------- */

/* Behind the last byte: the client is given a moment to read it, for closing
 * at once would throw away what it has not fetched; and the backend its time to
 * take what lingers. False: the client is gone. */
static bool
wind_up(struct connection *c)
{
    bool written = assay_stream_queued(c->stream) == 0;

    if (written && (c->cut || c->eof) && c->forward == NULL) {
        connection_close(c);
        return false;
    }
    if (!c->cut && !c->ended) {
        c->ended = true;
        assay_stream_shutdown(c->stream);
    }
    return true;
}

/* Has what came before been taken? One reading waits at the most. */
static bool
wants_more(const struct connection *c)
{
    return connection_is_over(c) || c->preface ||
           (assay_queue_len(&c->in) == 0 && connection_room(c) > 0 &&
            assay_server_request_body(c->session).len == 0);
}

void
connection_turn(struct connection *c)
{
    bool moved;

    do {
        moved = feed(c);
        own_tell(c);
        moved = serving_move(c) || moved;
        own_tell(c);
        moved = flush(c) || moved;
    } while (moved);
    if (!keep_input(c)) {
        connection_close(c);
        return;
    }
    if (connection_is_over(c) && !wind_up(c)) {
        return;
    }
    c->deaf = c->eof || !wants_more(c);
    assay_stream_read(c->stream, !c->deaf);
    wait_begin(c);
}

/* --- events ------------------------------------------------------------- */

static void
on_data(void *user, struct assay_slice data)
{
    struct connection *c = user;

    c->taken += data.len;
    metrics_add(c->all->requests.metrics, METRIC_RECEIVED_BYTES, data.len);
    if (c->preface && !connection_is_over(c)) {
        /* As much as one reading gives fits; a failure sticks. */
        assay_buf_add(assay_queue_writer(&c->in), data);
        welcome_behind_preface(c);
    } else {
        c->fresh = data;
    }
    connection_turn(c);
}

static void
on_eof(void *user)
{
    struct connection *c = user;

    c->eof = true;
    if (!connection_is_over(c)) {
        assay_server_eof(c->session);
    }
    connection_turn(c);
}

static void
on_drained(void *user)
{
    connection_turn(user);
}

static void
on_failed(void *user, const struct assay_error *err)
{
    struct connection *c = user;

    log_failure(c->all->log, LOG_DEBUG, "connection failed", err);
    if (assay_server_state(c->session) == ASSAY_SERVER_CLOSED &&
        c->forward != NULL) {
        c->eof = true; /* it said goodbye before: what lingers goes on */
        connection_turn(c);
    } else {
        connection_close(c);
    }
}

static bool
start_session(struct connection *c)
{
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_server_new(c->all->ctx, c->all->identity, &c->session, &err) ==
            ASSAY_OK &&
        clients_require(c->site, c->all->clients, c->session, &err) ==
            ASSAY_OK) {
        c->clients = clients_hold(c->all->clients);
        return true;
    }
    log_failure(c->all->log, LOG_ERROR, "session", &err);
    assay_server_free(c->session);
    return false;
}

void
connection_open(struct connections *all, struct assay_stream *stream)
{
    static const struct assay_stream_events events = {
        on_data, on_eof, on_drained, on_failed, .drained_if_waited = true};
    struct connection *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        assay_stream_close(stream);
        return;
    }
    c->all = all;
    c->site = site_hold(all->site);
    c->stream = stream;
    c->preface = c->site->options.proxy_protocol;
    assay_stream_local(stream, c->local, sizeof(c->local));
    assay_queue_init(&c->in, IN_MAX_BYTES);
    if (!start_session(c)) {
        assay_stream_close(stream);
        site_drop(c->site);
        free(c);
        return;
    }
    uv_timer_init(all->loop, &c->timer);
    c->timer.data = c;
    c->next = all->first;
    if (c->next != NULL) {
        c->next->previous = c;
    }
    all->first = c;
    all->count++;
    metrics_add(all->requests.metrics, METRIC_CONNECTIONS, 1);
    assay_server_limit_head(c->session, c->site->options.max_header);
    if (c->site->options.has_pipe) {
        assay_server_offer_pipe(c->session);
    }
    if (!c->preface) {
        welcome_client(c);
    }
    assay_stream_tell(stream, &events, c);
    connection_turn(c);
    all->counted(all->user);
}

void
connections_renew(struct connections *all)
{
    struct connection *next;

    for (struct connection *c = all->first; c != NULL; c = next) {
        next = c->next;
        connection_turn(c);
    }
}

void
connections_drain(struct connections *all)
{
    all->draining = true;
    connections_renew(all);
}

void
connections_cut(struct connections *all)
{
    while (all->first != NULL) {
        connection_close(all->first);
    }
    pool_clear(&all->backend.pool);
}
