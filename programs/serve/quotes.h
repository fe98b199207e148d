/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quotes.h - quotes for those who ask at one loop, clients or the process
 * itself: let in by the gate of all loops, each within its time.
 */
#pragma once

#include "assay/session.h"
#include "daemon/log.h"
#include "daemon/seldom.h"
#include "io/quote_gate.h"
#include "io/quoter.h"
#include "metrics.h"
#include "staple.h"

struct quote_order; /* opaque: one that waits, or is being made */

struct quotes {
    struct assay_gate_end *end;
    struct assay_quoter *quoter;
    const struct log *log;
    struct metrics *metrics;
    uv_loop_t *loop;
    struct shelf *shelf; /* collateral for those who ask; NULL: none */
    uint32_t wait_ms;    /* for a turn */
    /* kept by quotes.c */
    struct quote_order *first;
    struct seldom refusals;
    struct seldom failures;
};

/* quoter, log, metrics, loop and wait_ms are set. ASSAY_NO_MEMORY, ASSAY_IO. */
ASSAY_MUST_CHECK enum assay_code quotes_open(struct quotes *q,
                                             struct assay_quote_gate *gate,
                                             struct assay_error *err);
/* Before its quoter is freed, when nobody waits any more: also ends what is
 * made for those who have gone, and gives their turns back to other loops. Does
 * nothing where nothing is open. */
void quotes_close(struct quotes *q);

/* A reply, or why there is none (the other is NULL); they are gone afterwards.
 * The order is over. */
typedef void quotes_done(void *user, const struct assay_quote_reply *reply,
                         const struct assay_refusal *why);
/* One call of `done`, from the loop. NULL: it was refused at once, *why says
 * how, and `done` is not called. peer: as assay_stream_peer() has it; NULL: the
 * process itself.
 *
 * report_data must not be a stranger's to choose: see ADR 10. */
struct quote_order *quotes_order(struct quotes *q,
                                 const uint8_t report_data[64],
                                 const char *peer, quotes_done *done,
                                 void *user, struct assay_refusal *why);
/* Nobody waits for it any more; no callback. One that the platform works on
 * keeps its turn until that ends, for the platform does not stop either. */
void quotes_withdraw(struct quote_order *o);
/* A reply could not be used: logs why. Strangers learn only that there is
 * none. */
struct assay_refusal quotes_unfit(struct quotes *q,
                                  const struct assay_error *why);

/* --- for sessions (quotes_session.c) ------------------------------------ */

struct quote_call; /* opaque */

/* For a session in the state QUOTE. `answered` is called once, from the loop,
 * after the session was given its quote or a refusal; the call is over then.
 * NULL: it was refused at once, and `answered` is not called. */
struct quote_call *quotes_ask(struct quotes *q, struct assay_server *session,
                              const char *peer, void (*answered)(void *user),
                              void *user);
void quotes_cancel(struct quote_call *c); /* NULL is fine */
