/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit_relay.c - a request that is not for a tunnel, and its answer.
 */
#include "visit_state.h"

static void
on_reply_slow(uv_timer_t *timer)
{
    visit_close(timer->data); /* the report says that it was answered */
}

void
visit_relayed(struct visit *v, unsigned status, const char *how,
              struct assay_slice bytes)
{
    struct handshake *hs = v->hs;

    hs->asked = NULL;
    if (bytes.len == 0) {
        visit_deny(v, DENIED_INTERNAL, NULL);
        return;
    }
    v->stage = STAGE_REPLY;
    v->report.denial = RELAYED;
    v->report.relayed = status;
    v->report.how = how;
    assay_stream_write(hs->client, bytes);
    if (assay_stream_queued(hs->client) == 0) {
        visit_linger(v);
    } else {
        uv_timer_start(&hs->timer, on_reply_slow, v->all->head_ms, 0);
    }
}

/* It is read on, to notice that it goes. */
void
visit_ask(struct visit *v, const struct assay_http1_head *head)
{
    const struct visit_relay *relay = v->all->relay;
    void *asked;

    v->stage = STAGE_RELAY;
    assay_stream_read(v->hs->client, true);
    asked = relay->ask(relay->user, head, v);
    if (v->stage == STAGE_RELAY) {
        v->hs->asked = asked;
        if (asked == NULL) {
            visit_deny(v, DENIED_INTERNAL, NULL);
        }
    }
}
