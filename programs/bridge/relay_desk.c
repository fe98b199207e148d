/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_desk.c - where visits ask the collateral relay.
 */
#include "relay_desk.h"

static void
give(struct visit *v, const struct relay_answer *answer)
{
    visit_relayed(v, answer->status, relay_how_name(answer->how),
                  assay_buf_slice(&answer->bytes));
}

static void
on_done(void *user, const struct relay_answer *answer)
{
    give(user, answer);
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
relay_desk_open(struct relay_desk *d, struct relay_loop *loop)
{
    *d = (struct relay_desk){
        .loop = loop,
        .relay = {.is_asked = relay_is_asked,
                  .ask = ask,
                  .cancel = cancel,
                  .user = d},
    };
}
