/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_desk.c - where visits ask the collateral relay.
 */
#include "relay_desk.h"

/* What a source said is for the operator, once for all who waited for it. That
 * none of them has what was asked for is the client's affair. */
static void
note(struct relay_desk *d, const struct relay_answer *answer)
{
    bool asked = answer->how == RELAY_FETCHED || answer->how == RELAY_STALE;

    if (asked && answer->why.code != ASSAY_OK &&
        answer->why.code != ASSAY_NOT_FOUND) {
        seldom_failure(&d->failures, uv_now(d->clock), d->log,
                       "sources of collateral failed", &answer->why);
    }
}

static void
give(struct visit *v, const struct relay_answer *answer)
{
    visit_relayed(v, answer->status, relay_how_name(answer->how),
                  assay_buf_slice(&answer->bytes));
}

static void
on_done(void *user, const struct relay_answer *answer)
{
    struct visit *v = user;

    note(visit_relay_user(v), answer);
    give(v, answer);
}

static void *
ask(void *user, const struct assay_http1_head *head, struct visit *v)
{
    struct relay_desk *d = user;
    struct relay_answer answer;
    struct relay_call *call =
        relay_ask(d->loop, &d->settings, head, &answer, on_done, v);

    if (call == NULL) {
        give(v, &answer);
        relay_answer_free(&answer);
    }
    return call;
}

static void
cancel(void *asked)
{
    relay_cancel(asked);
}

void
relay_desk_open(struct relay_desk *d, struct relay_loop *loop, uv_loop_t *clock,
                const struct log *log)
{
    *d = (struct relay_desk){
        .loop = loop,
        .clock = clock,
        .log = log,
        .relay = {.is_asked = relay_is_asked,
                  .ask = ask,
                  .cancel = cancel,
                  .user = d},
    };
}
