/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * clients.h - clients that must attest: their evidence, judged at one loop by
 * the policy of one site.
 */
#pragma once

#include <stdatomic.h>

#include "daemon/log.h"
#include "metrics.h"
#include "site.h"

struct clients; /* opaque; whoever holds it counts, all of one thread */

struct clients_of {
    uv_loop_t *loop;
    const struct assay_ctx *ctx;
    struct site *site; /* held */
    const struct log *log;
    struct metrics *metrics;
    atomic_uint *appraisals; /* that wait for collateral, of all loops */
    unsigned max_appraisals;
};

/* NULL: nothing is required of clients, or no memory, which
 * clients_require() tells apart. */
struct clients *clients_new(const struct clients_of *of);
struct clients *clients_hold(struct clients *c); /* c; NULL is fine */
void clients_drop(struct clients *c);            /* NULL is fine */

/* For a session that begins: does what the site asks for. ASSAY_NO_MEMORY:
 * that is not to be had, and nobody must be served without it. */
ASSAY_MUST_CHECK enum assay_code clients_require(const struct site *site,
                                                 const struct clients *c,
                                                 struct assay_server *session,
                                                 struct assay_error *err);

struct judgement; /* opaque: evidence that waits for collateral */

/* For a session in the state NEED_COLLATERAL. `answered` is called once, from
 * the loop, after the session was answered; the judgement is over then. NULL:
 * the session is answered already, and `answered` is not called. */
struct judgement *clients_judge(struct clients *c, struct assay_server *session,
                                const char *peer, void (*answered)(void *user),
                                void *user);
/* It took too long: the session is answered, and the judgement over, without a
 * call. */
void clients_give_up(struct judgement *j);
void clients_cancel(struct judgement *j); /* NULL is fine */
