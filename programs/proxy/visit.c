/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit.c - clients.
 *
 * Every event ends in visit_turn(): it moves what can be moved until nothing
 * moves any more, then says what is waited for, and for how long.
 */
#include "visit.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "visit_state.h"

/* One reading waits at the most, beside what came with a head. */
#define IN_MAX_BYTES (4u * ASSAY_STREAM_READ_BYTES)

/* --- memory --------------------------------------------------------------- */

/* What was held and is not needed any more. */
static void
give_back(struct visit *v, size_t needed)
{
    if (needed < v->held) {
        (void)budget_hold(v->all->translating, 0, &v->held, needed);
    }
}

static size_t
weight_of(const struct visit *v)
{
    const struct visit_request *q = v->request;

    return forward_weight_queued(v->stream) +
           (q != NULL && q->read ? forward_weight(q->forward) : 0);
}

/* --- the end -------------------------------------------------------------- */

static void
on_timer_closed(uv_handle_t *timer)
{
    free(timer->data);
}

/* Other protocols end as they like. */
static enum visit_end
end_of(const struct visit_request *q)
{
    return q != NULL && q->read && forward_is_raw(q->forward) ? VISIT_SWITCHED
                                                              : VISIT_ABORTED;
}

void
visit_close(struct visit *v)
{
    struct visits *all = v->all;

    *v->link = v->next;
    if (v->next != NULL) {
        v->next->link = v->link;
    }
    all->count--;
    visit_end_request(v, end_of(v->request));
    assay_stream_close(v->stream);
    assay_queue_free(&v->in);
    give_back(v, 0);
    uv_close((uv_handle_t *)&v->timer, on_timer_closed);
    all->counted(all->user);
}

/* --- turning -------------------------------------------------------------- */

/* Behind the last octet: the client is given a moment to read it, for closing
 * at once would throw away what it has not fetched. False: it is gone. */
static bool
wind_up(struct visit *v)
{
    if (v->eof && assay_stream_queued(v->stream) == 0) {
        visit_close(v);
        return false;
    }
    if (!v->ended) {
        v->ended = true;
        assay_stream_shutdown(v->stream);
    }
    assay_queue_free(&v->in);
    return true;
}

/* Idle clients hold no buffer, and are let go of where nothing follows. */
static void
rest(struct visit *v)
{
    if (v->request == NULL && assay_queue_len(&v->in) == 0) {
        assay_queue_free(&v->in);
        v->over = v->over || v->all->draining || v->eof;
    }
}

static bool
wants_more(const struct visit *v)
{
    return v->over || v->request == NULL || !v->request->read ||
           assay_queue_len(&v->in) < ASSAY_STREAM_READ_BYTES;
}

void
visit_turn(struct visit *v)
{
    while (visit_move_request(v)) {
    }
    rest(v);
    give_back(v, v->held > 0 ? weight_of(v) : 0);
    if (v->over && !wind_up(v)) {
        return;
    }
    v->deaf = v->eof || !wants_more(v);
    assay_stream_read(v->stream, !v->deaf);
    visit_wait(v);
}

/* --- events --------------------------------------------------------------- */

static void
on_data(void *user, struct assay_slice data)
{
    struct visit *v = user;

    v->taken += data.len;
    if (!v->over) {
        assay_buf_add(assay_queue_writer(&v->in), data);
    }
    if (v->in.buf.failed) {
        visit_close(v);
        return;
    }
    visit_turn(v);
}

/* Behind a switch of protocols each side ends for itself. Else whoever does not
 * wait for its answer has gone: what is done for it ends too. */
static void
on_eof(void *user)
{
    struct visit *v = user;
    struct visit_request *q = v->request;

    v->eof = true;
    if (!v->over && q != NULL && !(q->read && forward_is_raw(q->forward))) {
        visit_close(v);
    } else {
        visit_turn(v);
    }
}

static void
on_drained(void *user)
{
    visit_turn(user);
}

static void
on_failed(void *user, const struct assay_error *err)
{
    struct visit *v = user;

    log_failure(v->all->log, LOG_DEBUG, "connection failed", err);
    visit_close(v);
}

/* --- life ----------------------------------------------------------------- */

void
visit_open(struct visits *all, struct assay_stream *client)
{
    static const struct assay_stream_events events = {
        on_data, on_eof, on_drained, on_failed, .drained_if_waited = true};
    struct visit *v = calloc(1, sizeof(*v));

    if (v == NULL) {
        assay_stream_close(client);
        return;
    }
    v->all = all;
    v->stream = client;
    assay_queue_init(&v->in, IN_MAX_BYTES);
    uv_timer_init(all->loop, &v->timer);
    v->timer.data = v;
    v->next = all->first;
    v->link = &all->first;
    if (v->next != NULL) {
        v->next->link = &v->next;
    }
    all->first = v;
    all->count++;
    assay_stream_tell(client, &events, v);
    visit_turn(v);
    all->counted(all->user);
}

void
visits_drain(struct visits *all)
{
    all->draining = true;
    for (struct visit *v = all->first, *next; v != NULL; v = next) {
        next = v->next;
        visit_turn(v);
    }
}

void
visits_cut(struct visits *all)
{
    while (all->first != NULL) {
        visit_close(all->first);
    }
}
