/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit.c - one client, from its connection to its end: how it comes, and how
 * it goes.
 */
#include "visit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/forwarded_for.h"
#include "visit_state.h"

#define DENIAL_MAX_BYTES 4096u
#define LINGER_MS        1000u /* for a client to read why it is denied */

/* --- the end ------------------------------------------------------------- */

static void
on_timer_closed(uv_handle_t *timer)
{
    free(timer->data);
}

static void
close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* Neither what it waits for nor what it has for a tunnel is wanted any more. */
static void
stop_waiting(const struct visit *v)
{
    struct handshake *hs = v->hs;

    assay_dial_cancel(hs->dial);
    hs->dial = NULL;
    assay_stream_close(hs->target);
    hs->target = NULL;
    close_fd(&hs->client_fd);
    close_fd(&hs->target_fd);
    if (hs->asked != NULL) {
        hs->relay->cancel(hs->asked);
        hs->asked = NULL;
    }
}

static void
free_handshake(struct visit *v)
{
    struct handshake *hs = v->hs;

    stop_waiting(v);
    v->all->reply_bytes -= hs->counted;
    v->hs = NULL;
    assay_stream_close(hs->client);
    assay_buf_free(&hs->head);
    hs->timer.data = hs;
    uv_close((uv_handle_t *)&hs->timer, on_timer_closed);
}

void
visit_pass_on(struct visit *v)
{
    *v->link = v->next;
    if (v->next != NULL) {
        v->next->link = v->link;
    }
    free_handshake(v);
}

/* Nothing of the visit but its report is left. */
void
visit_end(struct visit *v)
{
    struct visits *all = v->all;

    v->report.peer = v->peer;
    v->report.target = v->target;
    v->report.address = v->address;
    v->report.ms = uv_now(all->loop) - v->came_ms;
    all->count--;
    places_leave(all->places, &v->place);
    if (v->held != NULL) {
        all->drop(all->user, v->held);
    }
    all->ended(all->user, &v->report);
    free(v);
}

void
visit_close(struct visit *v)
{
    visit_pass_on(v);
    visit_end(v);
}

/* --- denying ------------------------------------------------------------- */

static void
on_linger_over(uv_timer_t *timer)
{
    visit_close(timer->data);
}

void
visit_linger(struct visit *v)
{
    struct handshake *hs = v->hs;

    v->stage = STAGE_LINGER;
    assay_stream_shutdown(hs->client);
    assay_stream_read(hs->client, true);
    uv_timer_start(&hs->timer, on_linger_over, LINGER_MS, 0);
}

/* HEAD is answered by the head alone. */
static void
cut_body(struct assay_buf *answer)
{
    size_t end = assay_slice_find(assay_buf_slice(answer), "\r\n\r\n");

    answer->len = end != ASSAY_NO_OFFSET ? end + 4 : answer->len;
}

void
visit_deny(struct visit *v, enum denial denial, const char *why)
{
    struct handshake *hs = v->hs;
    struct assay_buf answer;

    stop_waiting(v);
    v->report.denial = denial;
    v->report.why = why;
    assay_buf_init(&answer, DENIAL_MAX_BYTES);
    denial_put(denial, NULL, &answer);
    if (hs->is_head) {
        cut_body(&answer);
    }
    assay_stream_write(hs->client, assay_buf_slice(&answer));
    assay_buf_free(&answer);
    visit_linger(v);
}

/* --- what happens -------------------------------------------------------- */

static void
on_data(void *user, struct assay_slice data)
{
    struct visit *v = user;

    if (v->stage == STAGE_HEAD) {
        visit_read(v, data);
    } else if (v->stage == STAGE_RELAY || v->stage == STAGE_REPLY) {
        assay_stream_read(v->hs->client, false); /* one request, and no body */
    } /* else what a denied client still says */
}

/* It did not wait for its answer. */
static void
leave(struct visit *v)
{
    if (v->stage != STAGE_LINGER) {
        v->report.denial = DENIED_GONE;
    }
    visit_close(v);
}

static void
on_eof(void *user)
{
    struct visit *v = user;

    if (v->stage != STAGE_REPLY) { /* it may read on */
        leave(v);
    }
}

static void
on_failed(void *user, const struct assay_error *err)
{
    (void)err;
    leave(user);
}

static void
on_drained(void *user)
{
    struct visit *v = user;

    if (v->stage == STAGE_ANSWER) {
        visit_begin_tunnel(v);
    } else if (v->stage == STAGE_REPLY) {
        visit_linger(v);
    }
}

/* --- life ---------------------------------------------------------------- */

static void
on_slow(uv_timer_t *timer)
{
    visit_deny(timer->data, DENIED_SLOW, NULL);
}

/* Before anything of it is read. Whoever speaks for others is not counted; they
 * are, once they are known. */
static void
knock(struct visit *v)
{
    struct visits *all = v->all;
    struct cidr_ip ip;
    bool counts;
    enum denial denial;

    v->hs->speaks_for = all->trust_forwarded != NULL &&
                        forwarded_trusts(all->trust_forwarded, v->peer);
    counts = !v->hs->speaks_for && cidr_ip_of(v->peer, &ip);
    denial = places_knock(all->places, counts ? &ip : NULL,
                          (int64_t)(uv_hrtime() / 1000), &v->place);
    if (denial != ADMITTED) {
        visit_deny(v, denial, NULL);
        return;
    }
    assay_stream_read(v->hs->client, true);
    uv_timer_start(&v->hs->timer, on_slow, all->head_ms, 0);
}

static struct visit *
make(struct visits *all, struct assay_stream *client)
{
    struct visit *v = calloc(1, sizeof(*v));
    struct handshake *hs = calloc(1, sizeof(*hs));

    if (v == NULL || hs == NULL) {
        free(v);
        free(hs);
        return NULL;
    }
    v->all = all;
    v->hs = hs;
    v->came_ms = uv_now(all->loop);
    snprintf(v->peer, sizeof(v->peer), "%s", assay_stream_peer(client));
    hs->client = client;
    hs->client_fd = -1;
    hs->target_fd = -1;
    assay_buf_init(&hs->head, VISIT_HEAD_MAX_BYTES);
    uv_timer_init(all->loop, &hs->timer);
    hs->timer.data = v;
    return v;
}

void
visit_open(struct visits *all, struct assay_stream *client)
{
    static const struct assay_stream_events events = {
        .data = on_data,
        .eof = on_eof,
        .failed = on_failed,
        .drained = on_drained,
        .drained_if_waited = true,
    };
    struct visit *v = make(all, client);

    if (v == NULL) {
        assay_stream_close(client);
        return;
    }
    v->next = all->first;
    v->link = &all->first;
    if (v->next != NULL) {
        v->next->link = &v->next;
    }
    all->first = v;
    all->count++;
    assay_stream_tell(client, &events, v);
    knock(v);
}

void
visits_drain(struct visits *all)
{
    all->draining = true;
    for (struct visit *v = all->first; v != NULL; v = v->next) {
        if (v->stage == STAGE_HEAD || v->stage == STAGE_DIAL ||
            v->stage == STAGE_RELAY) {
            visit_deny(v, DENIED_DRAINING, NULL);
        }
    }
    tunnels_drain(all->tunnels);
}

/* Those that have an answer keep what it was. */
void
visits_cut(struct visits *all)
{
    for (struct visit *v = all->first, *next; v != NULL; v = next) {
        next = v->next;
        if (v->stage != STAGE_LINGER && v->stage != STAGE_REPLY) {
            v->report.denial = DENIED_DRAINING;
        }
        visit_close(v);
    }
    tunnels_cut(all->tunnels);
}
