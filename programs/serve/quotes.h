/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quotes.h - quotes for sessions that asked: so many at a time, each within
 * its time.
 */
#pragma once

#include <stdatomic.h>

#include "assay/session.h"
#include "io/quoter.h"
#include "log.h"
#include "metrics.h"

struct quotes {
    struct assay_quoter *quoter;
    const struct log *log;
    struct metrics *metrics;
    uv_loop_t *loop;
    atomic_uint *active; /* of all loops */
    unsigned max;
};

struct quote_call; /* opaque: one that is being made */

/* For a session in the state QUOTE. `answered` is called once, from the loop,
 * after the session was given its quote or a refusal; the call is over then.
 * NULL: it was refused at once (too many, no memory), and `answered` is not
 * called. */
struct quote_call *quotes_ask(struct quotes *q, struct assay_server *session,
                              void (*answered)(void *user), void *user);
void quotes_cancel(struct quote_call *c); /* NULL is fine */
