/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit.c - one client, from its connection to its end.
 */
#include "visit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/socket_name.h"
#include "ws/handshake.h"

#define DENIAL_MAX_BYTES 4096u
#define LINGER_MS        1000u /* for a client to read why it is denied */

enum stage {
    STAGE_HEAD,   /* its request comes */
    STAGE_DIAL,   /* its target is being connected to */
    STAGE_ANSWER, /* 101 is on its way */
    STAGE_DENIED, /* and then it is closed */
    STAGE_TUNNEL,
};

struct visit {
    struct visits *all;
    struct visit *next;
    struct visit **link;
    enum stage stage;
    struct assay_stream *client; /* NULL once there is a tunnel */
    struct assay_stream *target;
    struct assay_dial *dial;
    uv_timer_t timer;
    struct assay_buf head; /* what has come: the request, and what is behind */
    size_t scanned;
    size_t used; /* octets of the request */
    struct admission admission;
    struct assay_address to; /* what dial.h is given */
    struct place place;
    void *held;          /* what its admission points to */
    const char *guarded; /* an address was, and is not connected to */
    char peer[ASSAY_SOCKET_NAME_BYTES];
    char address[ASSAY_SOCKET_NAME_BYTES];
    struct visit_report report;
    uint64_t began_ms;
};

/* --- the end ------------------------------------------------------------- */

static void
on_timer_closed(uv_handle_t *timer)
{
    free(timer->data);
}

/* Nothing of the visit but its report is left. */
static void
end(struct visit *v)
{
    struct visits *all = v->all;
    char target[TARGET_TEXT_BYTES] = "";

    if (v->admission.has_target) {
        target_text(&v->admission.target, target);
    }
    v->report.peer = v->peer;
    v->report.target = target;
    v->report.address = v->address;
    v->report.ms = uv_now(all->loop) - v->began_ms;
    all->count--;
    places_leave(all->places, &v->place);
    if (v->held != NULL) {
        all->drop(all->user, v->held);
    }
    all->ended(all->user, &v->report);
    uv_close((uv_handle_t *)&v->timer, on_timer_closed);
}

/* It is not among those that wait any more. */
static void
unlink_visit(struct visit *v)
{
    *v->link = v->next;
    if (v->next != NULL) {
        v->next->link = v->link;
    }
}

static void
close_all(struct visit *v)
{
    unlink_visit(v);
    assay_dial_cancel(v->dial);
    assay_stream_close(v->client);
    assay_stream_close(v->target);
    assay_buf_free(&v->head);
    end(v);
}

/* --- denying ------------------------------------------------------------- */

static void
on_linger_over(uv_timer_t *timer)
{
    close_all(timer->data);
}

/* A client that is still sending would lose the answer with a reset: so its end
 * is waited for, for a moment. */
static void
deny(struct visit *v, enum denial denial, const char *why)
{
    struct assay_buf answer;

    assay_dial_cancel(v->dial);
    v->dial = NULL;
    v->stage = STAGE_DENIED;
    v->report.denial = denial;
    v->report.why = why;
    assay_buf_init(&answer, DENIAL_MAX_BYTES);
    denial_put(denial, NULL, &answer);
    assay_stream_write(v->client, assay_buf_slice(&answer));
    assay_stream_shutdown(v->client);
    assay_stream_read(v->client, true);
    assay_buf_free(&answer);
    uv_timer_start(&v->timer, on_linger_over, LINGER_MS, 0);
}

/* --- the tunnel ---------------------------------------------------------- */

static void
on_tunnel_ended(void *user, const struct tunnel_report *report)
{
    struct visit *v = user;

    v->report.tunnel = *report;
    end(v);
}

/* Both connections become the tunnel's. */
static void
begin_tunnel(struct visit *v)
{
    int client = assay_stream_release(v->client);
    int target = assay_stream_release(v->target);
    struct assay_buf head = v->head;

    v->client = NULL;
    v->target = NULL;
    v->stage = STAGE_TUNNEL;
    v->report.denial = ADMITTED;
    unlink_visit(v);
    uv_timer_stop(&v->timer);
    assay_buf_init(&v->head, 0);
    if (client < 0 || target < 0 ||
        !tunnel_open(v->all->tunnels, client, target, head.ptr + v->used,
                     head.len - v->used, on_tunnel_ended, v)) {
        v->report.denial = DENIED_INTERNAL;
        end(v);
    }
    assay_buf_free(&head);
}

/* --- answering ----------------------------------------------------------- */

static bool
put_answer(const struct visit *v, struct assay_buf *to)
{
    struct assay_http1_head head;
    struct assay_error err;
    size_t scanned = 0;
    size_t used;

    assay_error_clear(&err);
    if (assay_http1_request(assay_buf_slice(&v->head), &scanned, &head, &used,
                            &err) == ASSAY_OK &&
        assay_ws_put_accept(v->all->ctx, &head, v->admission.protocol, to,
                            &err) == ASSAY_OK) {
        assay_http1_put_end(to);
    }
    return err.code == ASSAY_OK && !to->failed;
}

static void
answer(struct visit *v)
{
    struct assay_buf to;

    assay_buf_init(&to, DENIAL_MAX_BYTES);
    if (!put_answer(v, &to)) {
        assay_buf_free(&to);
        deny(v, DENIED_INTERNAL, NULL);
        return;
    }
    v->stage = STAGE_ANSWER;
    assay_stream_write(v->client, assay_buf_slice(&to));
    assay_buf_free(&to);
    if (v->stage == STAGE_ANSWER && assay_stream_queued(v->client) == 0) {
        begin_tunnel(v);
    }
}

/* --- connecting ---------------------------------------------------------- */

static bool
may_connect(void *user, const struct sockaddr *address)
{
    struct visit *v = user;
    char name[ASSAY_SOCKET_NAME_BYTES];
    struct cidr_ip ip;
    const char *what;

    assay_socket_name(address, name, sizeof(name));
    if (!cidr_ip_of(name, &ip)) {
        v->guarded = "no IP address";
        return false;
    }
    what = guard_refuses(v->all->guard, v->admission.by, &ip,
                         v->admission.target.port);
    v->guarded = what != NULL ? what : v->guarded;
    return what == NULL;
}

static enum denial
denial_of(const struct visit *v, enum assay_code code)
{
    switch (code) {
    case ASSAY_NOT_FOUND:
        return v->guarded != NULL ? DENIED_ADDRESS : DENIED_UNKNOWN_NAME;
    case ASSAY_TIMEOUT:
        return DENIED_CONNECT_TIMEOUT;
    case ASSAY_NO_MEMORY:
        return DENIED_INTERNAL;
    default:
        return DENIED_NOT_CONNECTED;
    }
}

static void
on_dialed(void *user, struct assay_stream *stream,
          const struct assay_error *err)
{
    struct visit *v = user;

    v->dial = NULL;
    if (stream == NULL) {
        deny(v, denial_of(v, err->code), v->guarded);
        return;
    }
    v->target = stream;
    snprintf(v->address, sizeof(v->address), "%s", assay_stream_peer(stream));
    answer(v);
}

static void
dial(struct visit *v)
{
    const struct assay_dial_options options = {
        .to = v->to,
        .timeout_ms = v->all->connect_ms,
        .may_connect = may_connect,
    };

    v->dial = assay_dial_start(v->all->loop, &options, on_dialed, v);
    if (v->dial == NULL) {
        deny(v, DENIED_INTERNAL, NULL);
        return;
    }
    v->stage = STAGE_DIAL;
}

/* --- the request --------------------------------------------------------- */

static void
judge(struct visit *v, const struct assay_http1_head *head)
{
    struct visits *all = v->all;
    struct admission *a = &v->admission;
    enum denial denial;

    v->held = all->hold(all->user);
    admission_judge(all->rules, head, a);
    denial = all->draining ? DENIED_DRAINING : a->denial;
    if (denial == ADMITTED) {
        denial = places_enter(all->places, &a->target, &v->place);
    }
    if (denial != ADMITTED) {
        deny(v, denial, a->why);
        return;
    }
    snprintf(v->to.host, sizeof(v->to.host), "%s", a->target.host);
    snprintf(v->to.port, sizeof(v->to.port), "%u", a->target.port);
    dial(v);
}

static enum denial
denial_of_status(unsigned status)
{
    return status == 431 || status == 414 ? DENIED_LONG : DENIED_REQUEST;
}

static void
on_data(void *user, struct assay_slice data)
{
    struct assay_http1_head head ASSAY_HTTP1_UNSET;
    struct visit *v = user;
    struct assay_error err;

    if (v->stage != STAGE_HEAD) {
        return; /* what a denied client still says */
    }
    assay_error_clear(&err);
    assay_buf_add(&v->head, data);
    if (v->head.failed) {
        deny(v, DENIED_LONG, NULL);
    } else if (assay_http1_request(assay_buf_slice(&v->head), &v->scanned,
                                   &head, &v->used, &err) != ASSAY_OK) {
        deny(v,
             denial_of_status(
                 assay_http1_refusal(assay_buf_slice(&v->head), &err)),
             NULL);
    } else if (v->used > 0) {
        assay_stream_read(v->client, false);
        uv_timer_stop(&v->timer);
        judge(v, &head);
    }
}

static void
on_eof(void *user)
{
    close_all(user);
}

static void
on_failed(void *user, const struct assay_error *err)
{
    (void)err;
    close_all(user);
}

static void
on_drained(void *user)
{
    struct visit *v = user;

    if (v->stage == STAGE_ANSWER) {
        begin_tunnel(v);
    }
}

static void
on_slow(uv_timer_t *timer)
{
    deny(timer->data, DENIED_SLOW, NULL);
}

/* --- life ---------------------------------------------------------------- */

/* Before anything of it is read. */
static void
knock(struct visit *v)
{
    struct cidr_ip ip;
    bool has_ip = cidr_ip_of(v->peer, &ip);
    enum denial denial = places_knock(v->all->places, has_ip ? &ip : NULL,
                                      (int64_t)(uv_hrtime() / 1000), &v->place);

    if (denial != ADMITTED) {
        deny(v, denial, NULL);
        return;
    }
    assay_stream_read(v->client, true);
    uv_timer_start(&v->timer, on_slow, v->all->head_ms, 0);
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
    struct visit *v = calloc(1, sizeof(*v));

    if (v == NULL) {
        assay_stream_close(client);
        return;
    }
    v->all = all;
    v->client = client;
    v->began_ms = uv_now(all->loop);
    v->report.denial = DENIED_REQUEST;
    snprintf(v->peer, sizeof(v->peer), "%s", assay_stream_peer(client));
    assay_buf_init(&v->head, VISIT_HEAD_MAX_BYTES);
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
    knock(v);
}

void
visits_drain(struct visits *all)
{
    all->draining = true;
    for (struct visit *v = all->first; v != NULL; v = v->next) {
        if (v->stage == STAGE_HEAD || v->stage == STAGE_DIAL) {
            deny(v, DENIED_DRAINING, NULL);
        }
    }
    tunnels_drain(all->tunnels);
}

void
visits_cut(struct visits *all)
{
    while (all->first != NULL) {
        close_all(all->first);
    }
    tunnels_cut(all->tunnels);
}
