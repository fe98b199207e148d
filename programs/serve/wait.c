/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * wait.c - what a client's connection waits for, and how long.
 *
 * Time limits are for silence, not for slowness: whoever makes progress gets
 * the whole time again. Heads and handshakes are the exception.
 */
#include "client.h"

#define LINGER_MS 2000u
#define LOOK_MS   1000u /* between two looks whether a client is still there */

/* Since the session last said or finished something, has anything come? */
static bool
head_begun(struct connection *c)
{
    enum assay_server_state s = assay_server_state(c->session);

    if (s != c->idle_state || c->written != c->idle_written) {
        c->idle_state = s;
        c->idle_written = c->written;
        c->idle_taken = c->taken;
    }
    return c->taken > c->idle_taken;
}

/* What is waited for; *mark changes whenever it has made progress. */
static enum wait
waits_for(struct connection *c, uint64_t *mark)
{
    size_t queued = assay_stream_queued(c->stream);
    bool begun = head_begun(c);

    *mark = c->written - queued;
    if (connection_is_over(c) && c->forward != NULL) {
        *mark = forward_progress(c->forward);
        return WAIT_RAW; /* what lingers */
    }
    if (connection_is_over(c)) {
        return queued > 0 ? WAIT_CLIENT : WAIT_LINGER;
    }
    if (connection_room(c) == 0) {
        return WAIT_CLIENT;
    }
    switch (assay_server_state(c->session)) {
    case ASSAY_SERVER_HANDSHAKE:
        *mark = 0; /* all of it has one time limit */
        return WAIT_HANDSHAKE;
    case ASSAY_SERVER_IDLE:
        *mark = c->idle_written;
        return begun ? WAIT_HEAD : WAIT_REQUEST;
    case ASSAY_SERVER_REQUEST:
        if (c->forward != NULL && !forward_wants_client(c->forward)) {
            *mark = forward_progress(c->forward);
            return WAIT_BACKEND;
        }
        *mark += c->taken; /* one that takes its answer is not silent */
        return WAIT_BODY;
    case ASSAY_SERVER_RAW:
        *mark += c->taken;
        if (c->forward != NULL) {
            *mark += forward_progress(c->forward);
        }
        return WAIT_RAW;
    case ASSAY_SERVER_NEED_COLLATERAL:
    case ASSAY_SERVER_APPRAISE:
        *mark = 0;
        return WAIT_COLLATERAL;
    case ASSAY_SERVER_QUOTE:
    case ASSAY_SERVER_ADMIT:
    case ASSAY_SERVER_CLOSED:
    case ASSAY_SERVER_FAILED:
        break;
    }
    return WAIT_FOREVER;
}

static uint32_t
limit_of(const struct connections *all, enum wait w)
{
    switch (w) {
    case WAIT_HANDSHAKE:
    case WAIT_HEAD:
        return all->header_ms;
    case WAIT_REQUEST:
        return all->idle_ms;
    case WAIT_RAW:
        return all->upgrade_idle_ms;
    case WAIT_BODY:
    case WAIT_CLIENT:
        return all->body_ms;
    case WAIT_BACKEND:
        return all->backend_ms;
    case WAIT_COLLATERAL:
        return all->client_ms;
    case WAIT_LINGER:
        return LINGER_MS;
    case WAIT_FOREVER:
        break;
    }
    return 0;
}

/* Nothing would tell that it is gone: nothing is read from it, for the backend
 * does not take what it has sent, and nothing is being written to it. */
static bool
is_unheard(const struct connection *c)
{
    return c->deaf && assay_stream_queued(c->stream) == 0;
}

static void on_timer(uv_timer_t *timer);

/* Deadlines move with every request, timers cost: one that wakes too early
 * stays as it is, and is set again when it does. */
static void
set_timer(struct connection *c)
{
    uint64_t now = uv_now(c->all->loop);
    uint64_t left = c->deadline_ms > now ? c->deadline_ms - now : 0;

    left = left > LOOK_MS && is_unheard(c) ? LOOK_MS : left;
    if (!uv_is_active((uv_handle_t *)&c->timer) ||
        uv_timer_get_due_in(&c->timer) > left) {
        uv_timer_start(&c->timer, on_timer, left, 0);
    }
}

/* Not once its session is over: then it needs nothing any more, and what
 * lingers goes on without it. */
static bool
is_gone(const struct connection *c)
{
    return is_unheard(c) && !connection_is_over(c) &&
           assay_stream_is_reset(c->stream);
}

static void
on_timer(uv_timer_t *timer)
{
    struct connection *c = timer->data;
    uint64_t mark;
    enum wait w;

    if (c->wait == WAIT_FOREVER) {
        return;
    }
    if (is_gone(c)) {
        connection_close(c);
        return;
    }
    if (uv_now(c->all->loop) < c->deadline_ms) {
        set_timer(c);
        return;
    }
    w = waits_for(c, &mark);
    /* What was written may have gone on without an event of ours. */
    if (w == c->wait && mark == c->mark) {
        switch (w) {
        case WAIT_REQUEST:
        case WAIT_HEAD:
            assay_server_close(c->session);
            break;
        case WAIT_BODY:
        case WAIT_BACKEND:
            if (c->forward != NULL) {
                forward_timeout(c->forward);
            }
            break;
        case WAIT_COLLATERAL:
            clients_give_up(c->judgement);
            c->judgement = NULL;
            break;
        default:
            connection_close(c);
            return;
        }
    }
    c->wait = WAIT_FOREVER; /* whatever comes now gets the whole time */
    connection_turn(c);
}

void
wait_begin(struct connection *c)
{
    uint64_t mark;
    enum wait w = waits_for(c, &mark);

    if (w != c->wait || mark != c->mark) {
        c->wait = w;
        c->mark = mark;
        c->deadline_ms = uv_now(c->all->loop) + limit_of(c->all, w);
    }
    if (w != WAIT_FOREVER) {
        set_timer(c);
    }
}
