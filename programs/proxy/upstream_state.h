/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * upstream_state.h - one provider, for one loop, from inside. Used by
 * upstream*.c, link.c and call*.c only.
 */
#pragma once

#include "call_state.h"
#include "daemon/seldom.h"
#include "link.h"

/* Attestations at a time, so that a server's gate before its platform has room
 * for others; and while it fails. */
#define ATTEST_AT_ONCE 4u
#define PROBE_AT_ONCE  1u

struct upstream {
    const struct provider *provider;
    struct upstream_options o;
    struct assay_client_options session;
    struct assay_dial_options dial;
    struct assay_supply *supply;
    struct list links[LINK_STATES];
    struct list waiting; /* calls, the one that came first at the front */
    struct list soon;    /* calls that are looked at from the loop */
    uv_idle_t turn;      /* runs while there is something to do soon */
    uv_timer_t timer;
    unsigned handles; /* of those two, that are not closed yet */
    int64_t wake_ms;  /* when the timer goes off; INT64_MAX: never */
    bool tend;        /* with the next turn */
    bool draining;
    /* what went wrong last, and until when nobody tries */
    struct failure failure;
    int64_t held_until_ms;
    uint32_t held_ms;
    int64_t proven_ms; /* evidence of any connection was last trusted */
    unsigned round;    /* of failures */
    /* connections that nobody has used were closed: so many are not made for
     * nothing */
    int64_t calm_until_ms;
    uint32_t calm_ms;
    struct seldom refusals;
    struct seldom outages;
    struct upstream_gauges gauges;
};

/* mono_ms of struct assay_now: it goes on while the machine sleeps. */
int64_t upstream_now(void);
/* The call is looked at from the loop, once. */
void upstream_soon(struct upstream *u, struct call *c);
/* So is the pool. */
void upstream_tend_soon(struct upstream *u);
/* No later than then. */
void upstream_wake(struct upstream *u, int64_t at_ms);
void upstream_show(struct upstream *u); /* what the gauges say of it */
/* A stream behind a switch of protocols lasts, and cannot be asked for evidence
 * in its midst; nor can a connection amid a request. What counts for them is
 * that the provider has proven itself on any connection within the interval:
 * when so many percent of that are over. INT64_MAX: never. */
int64_t upstream_stale_ms(const struct upstream *u, int64_t percent);
#define STALE_PERCENT        100
#define NEARLY_STALE_PERCENT 80

/* --- upstream_pool.c: who has which link --------------------------------- */

/* For a call that has none: a link at once, or later, or its failure. */
void upstream_ask(struct upstream *u, struct call *c);
/* A call is done with it: for the next one, or to be closed. */
void upstream_give(struct link *l);
void upstream_drop(struct link *l);
/* An idle one is of no use any more. */
void upstream_link_gone(struct link *l);
/* Those that wait get what is idle. */
void upstream_serve(struct upstream *u);
/* The idle ones: renews, replaces, closes, and makes new ones. */
void upstream_tend(struct upstream *u);
void upstream_fail_waiting(struct upstream *u, const struct failure *why);

/* --- upstream_judge.c: what became of attestations ------------------------ */

void upstream_link_open(struct link *l);
void upstream_link_failed(struct link *l, const struct assay_error *why,
                          bool peer);
/* No attempt is made before that; why is not NULL. */
void upstream_fail(struct upstream *u, const struct failure *why,
                   unsigned round);
/* Is nothing to be tried now? */
bool upstream_is_held(const struct upstream *u, int64_t now_ms);
/* Nothing more is said to it, for this reason: neither the rest of a request,
 * nor on a stream behind a switch of protocols. What was asked may be answered.
 */
void upstream_silence(struct upstream *u, const struct failure *why);
/* What is told to who asks meanwhile. */
void upstream_told(const struct upstream *u, int64_t now_ms,
                   struct failure *out);
