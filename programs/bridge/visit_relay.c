/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit_relay.c - a request that is not for a tunnel, and its answer.
 */
#include "visit_state.h"

#define STEP_BYTES (16u * 1024u) /* in the time for a request */

/* One that takes less is as good as gone. */
static void
on_reply_slow(uv_timer_t *timer)
{
    struct visit *v = timer->data;
    struct handshake *hs = v->hs;
    size_t left = assay_stream_queued(hs->client);

    if (left + STEP_BYTES <= hs->left) {
        hs->left = left;
        uv_timer_start(timer, on_reply_slow, v->all->head_ms, 0);
        return;
    }
    v->report.denial = DENIED_GONE;
    visit_close(v);
}

void *
visit_relay_user(const struct visit *v)
{
    return v->hs->relay->user;
}

/* False: clients that are slow have as much of others. */
static bool
make_room(struct visit *v, size_t bytes)
{
    struct visits *all = v->all;

    if (bytes <= VISIT_REPLY_SMALL_BYTES) {
        return true;
    }
    if (bytes > VISIT_REPLIES_MAX_BYTES - all->reply_bytes) {
        return false;
    }
    all->reply_bytes += bytes;
    v->hs->counted = bytes;
    return true;
}

void
visit_relayed(struct visit *v, unsigned status, const char *how,
              struct assay_slice bytes)
{
    struct handshake *hs = v->hs;

    hs->asked = NULL;
    if (bytes.len == 0 || !make_room(v, bytes.len)) {
        visit_deny(v, DENIED_INTERNAL, NULL);
        return;
    }
    v->stage = STAGE_REPLY;
    v->report.denial = RELAYED;
    v->report.relayed = status;
    v->report.how = how;
    assay_stream_write(hs->client, bytes);
    hs->left = assay_stream_queued(hs->client);
    if (hs->left == 0) {
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
    v->hs->relay = relay;
    assay_stream_read(v->hs->client, true);
    asked = relay->ask(relay->user, head, v);
    if (v->stage == STAGE_RELAY) {
        v->hs->asked = asked;
        if (asked == NULL) {
            visit_deny(v, DENIED_INTERNAL, NULL);
        }
    }
}
