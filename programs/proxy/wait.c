/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * wait.c - what a visit waits for, and how long.
 *
 * Time limits are for silence, not for slowness: whoever makes progress gets
 * the whole time again. Heads are the exception.
 */
#include "visit_state.h"

#define LINGER_MS 2000u
#define LOOK_MS   1000u /* between two looks whether a client is still there */

/* What a request that was read waits for; *mark as below. */
static enum wait
request_waits_for(const struct visit *v, uint64_t *mark)
{
    struct forward *f = v->request->forward;

    if (forward_is_raw(f)) {
        *mark += v->taken + forward_progress(f);
        return WAIT_RAW;
    }
    switch (forward_waits_for(f)) {
    case FORWARD_FOR_CLIENT:
        *mark += v->taken; /* one that takes its answer is not silent */
        return WAIT_BODY;
    case FORWARD_FOR_RESPONSE:
        *mark = forward_progress(f);
        return WAIT_RESPONSE;
    case FORWARD_FOR_STREAM:
        *mark = forward_progress(f);
        return WAIT_STREAM;
    case FORWARD_FOR_LINK:
        break;
    }
    return WAIT_FOREVER;
}

/* What is waited for; *mark changes whenever it has made progress. */
static enum wait
waits_for(const struct visit *v, uint64_t *mark)
{
    size_t queued = assay_stream_queued(v->stream);

    *mark = v->written - queued;
    if (queued >= FORWARD_QUEUE_MAX_BYTES || (v->over && queued > 0)) {
        return WAIT_CLIENT;
    }
    if (v->over) {
        return WAIT_LINGER;
    }
    if (v->request != NULL && v->request->read) {
        return request_waits_for(v, mark);
    }
    *mark = 0; /* all of a head has one time limit */
    return v->request != NULL ? WAIT_HEAD : WAIT_REQUEST;
}

static uint32_t
limit_of(const struct visit_limits *l, enum wait w)
{
    switch (w) {
    case WAIT_HEAD:
        return l->head_ms;
    case WAIT_REQUEST:
        return l->idle_ms;
    case WAIT_BODY:
    case WAIT_CLIENT:
        return l->body_ms;
    case WAIT_RESPONSE:
        return l->response_ms;
    case WAIT_STREAM:
        return l->stream_ms;
    case WAIT_RAW:
        return l->raw_ms;
    case WAIT_LINGER:
        return LINGER_MS;
    case WAIT_FOREVER:
        break;
    }
    return 0;
}

/* Nothing would tell that it is gone: nothing is read from it, for the server
 * does not take what it has sent, and nothing is being written to it. */
static bool
is_unheard(const struct visit *v)
{
    return v->deaf && !v->over && assay_stream_queued(v->stream) == 0;
}

static void on_timer(uv_timer_t *timer);

/* Deadlines move with every request, timers cost: one that wakes too early
 * stays as it is, and is set again when it does. */
static void
set_timer(struct visit *v)
{
    uint64_t now = uv_now(v->all->loop);
    uint64_t left = v->deadline_ms > now ? v->deadline_ms - now : 0;

    if (is_unheard(v)) {
        left = left < LOOK_MS ? left : LOOK_MS;
    } else if (v->wait == WAIT_FOREVER) {
        return;
    }
    if (!uv_is_active((uv_handle_t *)&v->timer) ||
        uv_timer_get_due_in(&v->timer) > left) {
        uv_timer_start(&v->timer, on_timer, left, 0);
    }
}

static void
give_up(struct visit *v)
{
    switch (v->wait) {
    case WAIT_BODY:
    case WAIT_RESPONSE:
    case WAIT_STREAM:
        forward_timeout(v->request->forward);
        break;
    case WAIT_HEAD:
        visit_refuse_slow(v);
        break;
    case WAIT_REQUEST:
        v->over = true;
        break;
    case WAIT_RAW:
    case WAIT_CLIENT:
    case WAIT_LINGER:
    case WAIT_FOREVER:
        visit_close(v);
        return;
    }
    visit_turn(v);
}

static void
on_timer(uv_timer_t *timer)
{
    struct visit *v = timer->data;
    uint64_t mark;

    if (is_unheard(v) && assay_stream_is_reset(v->stream)) {
        visit_close(v);
    } else if (v->wait == WAIT_FOREVER ||
               uv_now(v->all->loop) < v->deadline_ms) {
        set_timer(v);
    } else if (waits_for(v, &mark) == v->wait && mark == v->mark) {
        give_up(v);
    } else {
        /* What was written has gone on without an event of ours. */
        visit_turn(v);
    }
}

void
visit_wait(struct visit *v)
{
    uint64_t mark;
    enum wait w = waits_for(v, &mark);

    if (w != v->wait || mark != v->mark) {
        v->wait = w;
        v->mark = mark;
        v->deadline_ms = w == WAIT_FOREVER ? UINT64_MAX
                                           : uv_now(v->all->loop) +
                                                 limit_of(&v->all->limits, w);
    }
    set_timer(v);
}
