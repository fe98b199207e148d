/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit_connect.c - the target is connected to, the client answered, and both
 * become a tunnel's.
 */
#include <stdio.h>

#include "io/proxy_header.h"
#include "visit_state.h"
#include "ws/handshake.h"

#define ACCEPT_MAX_BYTES 4096u

/* --- the tunnel ---------------------------------------------------------- */

static void
on_tunnel_ended(void *user, const struct tunnel_report *report)
{
    struct visit *v = user;

    v->report.tunnel = *report;
    visit_end(v);
}

/* Before the 101: behind it nobody could be told that there is none left. */
static bool
take_descriptors(struct handshake *hs)
{
    hs->client_fd = assay_stream_share(hs->client);
    hs->target_fd = assay_stream_share(hs->target);
    return hs->client_fd >= 0 && hs->target_fd >= 0;
}

/* Both connections become the tunnel's, which may be over, and the visit with
 * it, when it is open. */
void
visit_begin_tunnel(struct visit *v)
{
    struct handshake *hs = v->hs;
    struct assay_buf head = hs->head;
    size_t used = hs->used;
    int client = hs->client_fd;
    int target = hs->target_fd;

    hs->client_fd = -1;
    hs->target_fd = -1;
    assay_buf_init(&hs->head, 0);
    v->stage = STAGE_TUNNEL;
    v->report.denial = ADMITTED;
    visit_pass_on(v);
    if (!tunnel_open(v->all->tunnels, client, target, head.ptr + used,
                     head.len - used, on_tunnel_ended, v)) {
        v->report.denial = DENIED_INTERNAL;
        visit_end(v);
    }
    assay_buf_free(&head);
}

/* --- answering ----------------------------------------------------------- */

static bool
put_answer(const struct visit *v, struct assay_buf *to)
{
    const struct handshake *hs = v->hs;
    struct assay_http1_head head;
    struct assay_error err;
    size_t scanned = 0;
    size_t used;

    assay_error_clear(&err);
    if (assay_http1_request(assay_buf_slice(&hs->head), &scanned, &head, &used,
                            &err) == ASSAY_OK &&
        assay_ws_put_accept(v->all->ctx, &head, hs->admission.protocol, to,
                            &err) == ASSAY_OK) {
        assay_http1_put_end(to);
    }
    return err.code == ASSAY_OK && !to->failed;
}

static void
on_answer_slow(uv_timer_t *timer)
{
    struct visit *v = timer->data;

    v->report.denial = DENIED_GONE; /* as good as */
    visit_close(v);
}

static void
answer(struct visit *v)
{
    struct handshake *hs = v->hs;
    struct assay_buf to;

    assay_buf_init(&to, ACCEPT_MAX_BYTES);
    if (!put_answer(v, &to)) {
        assay_buf_free(&to);
        visit_deny(v, DENIED_INTERNAL, NULL);
        return;
    }
    v->stage = STAGE_ANSWER;
    assay_stream_write(hs->client, assay_buf_slice(&to));
    assay_buf_free(&to);
    if (assay_stream_queued(hs->client) == 0) {
        visit_begin_tunnel(v);
    } else {
        uv_timer_start(&hs->timer, on_answer_slow, v->all->head_ms, 0);
    }
}

/* --- whom the connection is for ------------------------------------------ */

/* The own end of the client's connection; where that is none of IP, or of the
 * other family than a client that a proxy has named: any address. */
static void
name_own_end(const struct visit *v, char out[ASSAY_SOCKET_NAME_BYTES])
{
    const char *any = v->peer[0] == '[' ? "[::]:0" : "0.0.0.0:0";
    struct cidr_ip ip;

    assay_stream_local(v->hs->client, out, ASSAY_SOCKET_NAME_BYTES);
    if (!cidr_ip_of(out, &ip) || (out[0] == '[') != (v->peer[0] == '[')) {
        snprintf(out, ASSAY_SOCKET_NAME_BYTES, "%s", any);
    }
}

/* False: not even that is taken. */
static bool
introduce(struct visit *v)
{
    char own[ASSAY_SOCKET_NAME_BYTES];
    struct assay_buf header;
    bool good;

    name_own_end(v, own);
    assay_buf_init(&header, ASSAY_PROXY_V2_MAX_BYTES);
    assay_proxy_header_write(&header, 2, v->peer, own);
    good = !header.failed;
    assay_stream_write(v->hs->target, assay_buf_slice(&header));
    assay_buf_free(&header);
    return good && assay_stream_queued(v->hs->target) == 0;
}

/* --- connecting ---------------------------------------------------------- */

static bool
may_connect(void *user, const struct sockaddr *address)
{
    struct visit *v = user;
    struct handshake *hs = v->hs;
    char name[ASSAY_SOCKET_NAME_BYTES];
    struct cidr_ip ip;
    const char *what;

    assay_socket_name(address, name, sizeof(name));
    if (!cidr_ip_of(name, &ip)) {
        hs->guarded = "no IP address";
        return false;
    }
    what = guard_refuses(v->all->guard, hs->admission.by, &ip,
                         hs->admission.target.port);
    hs->guarded = what != NULL ? what : hs->guarded;
    return what == NULL;
}

static enum denial
denial_of(const struct visit *v, enum assay_code code)
{
    switch (code) {
    case ASSAY_NOT_FOUND:
        return v->hs->guarded != NULL ? DENIED_ADDRESS : DENIED_UNKNOWN_NAME;
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

    v->hs->dial = NULL;
    if (stream == NULL) {
        visit_deny(v, denial_of(v, err->code), v->hs->guarded);
        return;
    }
    v->hs->target = stream;
    snprintf(v->address, sizeof(v->address), "%s", assay_stream_peer(stream));
    if (!take_descriptors(v->hs)) {
        visit_deny(v, DENIED_INTERNAL, NULL);
        return;
    }
    if (v->all->target_proxy && !introduce(v)) {
        visit_deny(v, DENIED_NOT_CONNECTED, NULL);
        return;
    }
    answer(v);
}

void
visit_dial(struct visit *v)
{
    struct handshake *hs = v->hs;
    const struct target *target = &hs->admission.target;
    struct assay_dial_options options = {
        .timeout_ms = v->all->connect_ms,
        .may_connect = may_connect,
    };

    snprintf(options.to.host, sizeof(options.to.host), "%s", target->host);
    snprintf(options.to.port, sizeof(options.to.port), "%u", target->port);
    hs->dial = assay_dial_start(v->all->loop, &options, on_dialed, v);
    if (hs->dial == NULL) {
        visit_deny(v, DENIED_INTERNAL, NULL);
        return;
    }
    v->stage = STAGE_DIAL;
}
