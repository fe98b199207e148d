/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * upstream_judge.c - one provider, for one loop: what became of attestations,
 * and how long nobody tries again.
 */
#include <stdio.h>

#include "base/text.h"
#include "proof.h"
#include "upstream_state.h"

/* The first pause, doubled up to the longest. */
#define REFUSED_MS     1000u
#define REFUSED_MAX_MS 30000u
#define OUTAGE_MS      250u
#define OUTAGE_MAX_MS  5000u
/* A server that is not proven does not send us away for longer. */
#define RETRY_MAX_MS 30000u

static void
count(_Atomic uint64_t *gauge)
{
    atomic_fetch_add_explicit(gauge, 1, memory_order_relaxed);
}

/* --- trusted ------------------------------------------------------------ */

static void
set_proof(struct proof *p, const struct assay_client *session)
{
    const struct assay_session_facts facts = assay_client_facts(session);
    const struct assay_verdict *v = assay_client_verdict(session);
    const struct assay_verdict_workload *w = assay_verdict_workload(v);
    const uint8_t *nonce = facts.nonce;

    *p = (struct proof){.attested_ms = facts.attested_ms};
    (void)snprintf(p->tcb, sizeof(p->tcb), "%s",
                   assay_tcb_status_name(assay_verdict_tcb_status(v)));
    assay_hex_to(p->evidence,
                 (struct assay_slice){nonce, PROOF_EVIDENCE_BYTES / 2});
    if (w->measurement.len > 0 &&
        2 * w->measurement.len < sizeof(p->measurement)) {
        assay_hex_to(p->measurement, w->measurement);
    }
    p->partial = proof_is_partial(v);
}

static void
tell(const struct link *l, const struct assay_error *why, bool peer)
{
    const struct upstream *u = l->up;

    if (u->o.judged != NULL) {
        u->o.judged(u->o.user, u->provider, l->attested,
                    why->code == ASSAY_OK ? &l->proof : NULL, why, peer);
    }
}

static void
log_recovery(const struct upstream *u)
{
    log_event(u->o.log, LOG_INFO, "upstream attested again",
              (struct log_field[]){
                  {"provider", assay_slice_of(u->provider->name)},
                  {"after", assay_slice_of(u->failure.code)},
              },
              2);
}

void
upstream_link_open(struct link *l)
{
    const struct assay_error none = {.offset = ASSAY_NO_OFFSET};
    struct upstream *u = l->up;
    int64_t now_ms = upstream_now();

    set_proof(&l->proof, link_session(l));
    u->proven_ms = l->proof.attested_ms;
    count(&u->gauges.attested);
    tell(l, &none, false);
    if (u->failure.kind != FAILURE_NONE) {
        log_recovery(u);
        u->failure = (struct failure){.kind = FAILURE_NONE};
        u->held_until_ms = 0;
        u->held_ms = 0;
    }
    if (!l->was_open) {
        l->was_open = true;
        l->born_ms = now_ms;
        l->used_ms = now_ms;
    }
    l->said_ms = now_ms;
    link_set_state(l, LINK_IDLE);
    upstream_serve(u);
    upstream_tend_soon(u);
}

/* --- not trusted, or not known ------------------------------------------ */

bool
upstream_is_held(const struct upstream *u, int64_t now_ms)
{
    return u->failure.kind != FAILURE_NONE && now_ms < u->held_until_ms;
}

void
upstream_told(const struct upstream *u, int64_t now_ms, struct failure *out)
{
    int64_t left_ms = u->held_until_ms - now_ms;

    *out = u->failure;
    if (out->kind != FAILURE_REFUSED) {
        out->retry_after_s = left_ms > 0 ? (unsigned)(left_ms + 999) / 1000 : 1;
    }
}

/* Several attempts of one round fail together: that counts once. */
static void
hold_back(struct upstream *u, const struct failure *why, unsigned round)
{
    bool refused = why->kind == FAILURE_REFUSED;
    uint32_t first_ms = refused ? REFUSED_MS : OUTAGE_MS;
    uint32_t max_ms = refused ? REFUSED_MAX_MS : OUTAGE_MAX_MS;
    uint32_t asked_ms = why->retry_after_s < RETRY_MAX_MS / 1000
                            ? why->retry_after_s * 1000
                            : RETRY_MAX_MS;

    if (u->failure.kind != why->kind || u->held_ms == 0) {
        u->held_ms = first_ms;
    } else if (round == u->round) {
        u->held_ms = u->held_ms < max_ms / 2 ? 2 * u->held_ms : max_ms;
    }
    u->held_until_ms =
        upstream_now() + (asked_ms > u->held_ms ? asked_ms : u->held_ms);
    u->round += round == u->round;
}

static void
log_failed(struct upstream *u, const struct failure *f)
{
    bool refused = f->kind == FAILURE_REFUSED;
    uint64_t due =
        seldom_due(refused ? &u->refusals : &u->outages, uv_now(u->o.loop));

    log_event(u->o.log, due > 0 ? LOG_WARNING : LOG_DEBUG,
              refused ? "upstream refused" : "upstream not available",
              (struct log_field[]){
                  {"provider", assay_slice_of(u->provider->name)},
                  {"code", assay_slice_of(f->code)},
                  {"message", assay_slice_of(f->message)},
              },
              3);
}

static void
close_all(struct list *links)
{
    struct link *l;

    while ((l = list_first(links)) != NULL) {
        link_free(l);
    }
}

void
upstream_silence(struct upstream *u, const struct failure *why)
{
    struct list_item *next;

    for (struct list_item *i = u->links[LINK_BUSY].first; i != NULL; i = next) {
        struct call *c = ((struct link *)i->what)->call;

        next = i->after;
        if (call_may_say_more(c)) {
            call_fail(c, why); /* and its link is closed */
        }
    }
}

/* Nothing that was proven before counts any more, though it may have been true
 * then. What was asked on other connections ends with its response. */
static void
cut(struct upstream *u, const struct failure *why)
{
    close_all(&u->links[LINK_IDLE]);
    close_all(&u->links[LINK_ATTESTING]);
    upstream_silence(u, why);
    for (struct list_item *i = u->links[LINK_BUSY].first; i != NULL;
         i = i->after) {
        ((struct link *)i->what)->last = true;
    }
}

void
upstream_fail(struct upstream *u, const struct failure *why, unsigned round)
{
    bool refused = why->kind == FAILURE_REFUSED;
    struct failure told;

    hold_back(u, why, round);
    u->failure = *why;
    count(refused ? &u->gauges.refused : &u->gauges.failed);
    log_failed(u, why);
    if (refused) {
        cut(u, why);
    }
    /* Those who wait may still get one that comes back, or is under way. */
    if (refused ||
        u->links[LINK_BUSY].count + u->links[LINK_ATTESTING].count == 0) {
        upstream_told(u, upstream_now(), &told);
        upstream_fail_waiting(u, &told);
    }
    upstream_tend_soon(u);
}

void
upstream_link_failed(struct link *l, const struct assay_error *why, bool peer)
{
    struct upstream *u = l->up;
    const struct assay_client *session = link_session(l);
    unsigned round = l->round;
    struct failure f;

    tell(l, why, peer);
    failure_of_session(&f, why, peer, assay_attested_phase(l->attested),
                       session != NULL ? assay_client_verdict(session) : NULL,
                       session != NULL ? assay_client_retry_after_s(session)
                                       : 0);
    link_free(l);
    upstream_fail(u, &f, round);
}
