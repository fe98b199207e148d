/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit_request.c - what a client asks for, who it is, and whether it gets it.
 */
#include <stdio.h>

#include "daemon/forwarded_for.h"
#include "visit_state.h"

/* The client behind a proxy is who is counted, logged and told to the target.
 */
static enum denial
name_client(struct visit *v, const struct assay_http1_head *head)
{
    struct visits *all = v->all;
    char client[ASSAY_SOCKET_NAME_BYTES];
    struct cidr_ip ip;

    if (!v->hs->speaks_for) {
        return ADMITTED;
    }
    forwarded_client(all->trust_forwarded, head, v->peer, client);
    snprintf(v->peer, sizeof(v->peer), "%s", client);
    return cidr_ip_of(client, &ip)
               ? places_name(all->places, &ip, (int64_t)(uv_hrtime() / 1000),
                             &v->place)
               : ADMITTED;
}

static void
judge(struct visit *v, const struct assay_http1_head *head)
{
    struct visits *all = v->all;
    struct admission *a = &v->hs->admission;
    enum denial denial;

    v->held = all->hold(all->user);
    admission_judge(all->rules, head, a);
    if (a->has_target) {
        target_text(&a->target, v->target);
    }
    denial = a->denial;
    if (denial == ADMITTED) {
        denial = places_enter(all->places, &a->target, &v->place);
    }
    if (denial != ADMITTED) {
        visit_deny(v, denial, a->why);
        return;
    }
    visit_dial(v);
}

static void
take(struct visit *v, const struct assay_http1_head *head)
{
    struct visits *all = v->all;
    enum denial denial = all->draining ? DENIED_DRAINING : name_client(v, head);

    v->hs->is_head = assay_slice_is(head->method, "HEAD");
    if (denial != ADMITTED) {
        visit_deny(v, denial, NULL);
    } else if (all->relay != NULL && all->relay->is_asked(head)) {
        visit_ask(v, head);
    } else {
        judge(v, head);
    }
}

static enum denial
denial_of_status(unsigned status)
{
    return status == 431 || status == 414 ? DENIED_LONG : DENIED_REQUEST;
}

void
visit_read(struct visit *v, struct assay_slice data)
{
    struct assay_http1_head head ASSAY_HTTP1_UNSET;
    struct handshake *hs = v->hs;
    struct assay_error err;
    struct assay_slice in;

    assay_error_clear(&err);
    assay_buf_add(&hs->head, data);
    in = assay_buf_slice(&hs->head);
    if (hs->head.failed) {
        visit_deny(v, DENIED_LONG, NULL);
    } else if (assay_http1_request(in, &hs->scanned, &head, &hs->used, &err) !=
               ASSAY_OK) {
        visit_deny(v, denial_of_status(assay_http1_refusal(in, &err)), NULL);
    } else if (hs->used > 0) {
        assay_stream_read(hs->client, false);
        uv_timer_stop(&hs->timer);
        take(v, &head);
    }
}
