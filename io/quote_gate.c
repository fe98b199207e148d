/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quote_gate.c - see quote_gate.h.
 *
 * One lock for all of it: it is held for microseconds, a few times for each
 * quote. A turn that comes free is given to the next one at once, and that
 * one's loop is woken; so no turn is ever idle while somebody waits, whichever
 * thread that is on.
 */
#include "io/quote_gate.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "io/who.h"

struct assay_quote_gate {
    uv_mutex_t lock;
    struct assay_who who;
    struct assay_turns turns;
    struct assay_rate rate;
};

struct assay_gate_end {
    struct assay_quote_gate *gate;
    uv_async_t wake;
    void (*called)(struct assay_gate_ticket *t);
    struct assay_gate_ticket *first; /* that are called; in order */
    struct assay_gate_ticket *last;
};

_Static_assert(ASSAY_TURN_WHO_BYTES == ASSAY_WHO_DIGEST_BYTES &&
                   ASSAY_RATE_DIGEST_BYTES == ASSAY_WHO_DIGEST_BYTES,
               "one digest for both");

/* --- the gate ----------------------------------------------------------- */

enum assay_code
assay_quote_gate_new(const struct assay_quote_limits *limits,
                     const struct assay_ctx *ctx, struct assay_quote_gate **out,
                     struct assay_error *err)
{
    struct assay_quote_gate *g = calloc(1, sizeof(*g));

    *out = NULL;
    assay_error_clear(err);
    if (g == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "quotes");
    }
    if (!assay_who_init(&g->who, ctx) || uv_mutex_init(&g->lock) != 0) {
        free(g);
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                          "quotes: the system gave no randomness or no lock");
    }
    g->turns.at_once = limits->at_once;
    g->turns.places = limits->waiting;
    g->turns.shared = limits->one_peer;
    assay_rate_init(&g->rate, limits->per_s, limits->burst);
    *out = g;
    return ASSAY_OK;
}

void
assay_quote_gate_free(struct assay_quote_gate *g)
{
    if (g != NULL) {
        uv_mutex_destroy(&g->lock);
        free(g);
    }
}

struct assay_gate_counts
assay_quote_gate_counts(struct assay_quote_gate *g)
{
    struct assay_gate_counts c;

    uv_mutex_lock(&g->lock);
    c = (struct assay_gate_counts){g->turns.has.count, g->turns.waits.count};
    uv_mutex_unlock(&g->lock);
    return c;
}

/* --- who asks ----------------------------------------------------------- */

size_t
assay_quote_gate_key(const char *peer, uint8_t out[ASSAY_GATE_KEY_BYTES])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char host[INET6_ADDRSTRLEN] = "";
    uint8_t v6[16];
    bool bracket;
    size_t len;

    if (peer == NULL) {
        out[0] = 1;
        return 1;
    }
    bracket = peer[0] == '[';
    peer += bracket ? 1 : 0;
    len = strcspn(peer, bracket ? "]%" : ":");
    if (len < sizeof(host)) {
        memcpy(host, peer, len);
        host[len] = '\0';
    }
    out[0] = 4;
    if (inet_pton(AF_INET, host, out + 1) == 1) {
        return 5;
    }
    if (inet_pton(AF_INET6, host, v6) == 1) {
        if (memcmp(v6, mapped, sizeof(mapped)) == 0) {
            memcpy(out + 1, v6 + 12, 4);
            return 5;
        }
        out[0] = 6;
        memcpy(out + 1, v6, 8);
        return 9;
    }
    out[0] = 0;
    return 1;
}

/* False: it could not be computed, and nobody is let in. */
static bool
identify(const struct assay_quote_gate *g, const char *peer,
         struct assay_turn *turn)
{
    uint8_t key[ASSAY_GATE_KEY_BYTES];
    size_t len = assay_quote_gate_key(peer, key);

    return assay_who_digest(&g->who, (struct assay_slice){key, len}, turn->who);
}

/* --- a loop's end ------------------------------------------------------- */

static struct assay_gate_ticket *
pop_called(struct assay_gate_end *e)
{
    struct assay_gate_ticket *t;

    uv_mutex_lock(&e->gate->lock);
    t = e->first;
    if (t != NULL) {
        e->first = t->next;
        e->last = e->first != NULL ? e->last : NULL;
        t->called = false;
    }
    uv_mutex_unlock(&e->gate->lock);
    return t;
}

static void
on_wake(uv_async_t *wake)
{
    struct assay_gate_end *e = wake->data;
    struct assay_gate_ticket *t;

    while ((t = pop_called(e)) != NULL) {
        e->called(t);
    }
}

enum assay_code
assay_gate_end_new(struct assay_quote_gate *g, uv_loop_t *loop,
                   void (*called)(struct assay_gate_ticket *t),
                   struct assay_gate_end **out, struct assay_error *err)
{
    struct assay_gate_end *e = calloc(1, sizeof(*e));

    *out = NULL;
    assay_error_clear(err);
    if (e == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "quotes");
    }
    if (uv_async_init(loop, &e->wake, on_wake) != 0) {
        free(e);
        return assay_fail(err, ASSAY_IO, ASSAY_NO_OFFSET,
                          "quotes: no descriptor is left");
    }
    e->wake.data = e;
    e->gate = g;
    e->called = called;
    *out = e;
    return ASSAY_OK;
}

static void
on_closed(uv_handle_t *wake)
{
    free(wake->data);
}

void
assay_gate_end_close(struct assay_gate_end *e)
{
    if (e != NULL) {
        uv_close((uv_handle_t *)&e->wake, on_closed);
    }
}

/* --- tickets ------------------------------------------------------------ */

static uint32_t
seconds_of(int64_t us)
{
    int64_t s = (us + 999999) / 1000000;

    return s < ASSAY_TURNS_WAIT_MAX_S ? (uint32_t)s : ASSAY_TURNS_WAIT_MAX_S;
}

/* Only who gets in is charged. */
enum assay_gate_answer
assay_gate_ask(struct assay_gate_end *e, struct assay_gate_ticket *t,
               const char *peer, uint32_t *retry_s)
{
    struct assay_quote_gate *g = e->gate;
    enum assay_gate_answer answer = ASSAY_GATE_BUSY;
    int64_t late_us;

    t->end = e;
    t->called = false;
    t->turn.state = ASSAY_TURN_NONE;
    *retry_s = 1;
    if (!identify(g, peer, &t->turn)) {
        return ASSAY_GATE_BUSY;
    }
    uv_mutex_lock(&g->lock);
    if (!assay_turns_room(&g->turns, &t->turn)) {
        *retry_s = assay_turns_retry_s(&g->turns);
    } else if ((late_us = assay_rate_take(&g->rate, t->turn.who,
                                          (int64_t)(uv_hrtime() / 1000))) > 0) {
        *retry_s = seconds_of(late_us);
        answer = ASSAY_GATE_RATE;
    } else {
        answer = assay_turns_join(&g->turns, &t->turn) == ASSAY_TURN_HAS
                     ? ASSAY_GATE_GO
                     : ASSAY_GATE_WAIT;
    }
    uv_mutex_unlock(&g->lock);
    return answer;
}

/* Under the lock, as a ticket that waits cannot leave meanwhile. */
static void
call(struct assay_gate_ticket *t)
{
    struct assay_gate_end *e = t->end;

    t->called = true;
    t->next = NULL;
    if (e->last != NULL) {
        e->last->next = t;
    } else {
        e->first = t;
    }
    e->last = t;
    (void)uv_async_send(&e->wake);
}

static void
uncall(struct assay_gate_ticket *t)
{
    struct assay_gate_end *e = t->end;
    struct assay_gate_ticket *before = NULL;

    for (struct assay_gate_ticket *i = e->first; i != t; i = i->next) {
        before = i;
    }
    if (before != NULL) {
        before->next = t->next;
    } else {
        e->first = t->next;
    }
    e->last = e->last == t ? before : e->last;
    t->called = false;
}

void
assay_gate_leave(struct assay_gate_ticket *t, uint64_t took_us)
{
    struct assay_quote_gate *g = t->end->gate;
    struct assay_turn *next;

    uv_mutex_lock(&g->lock);
    if (t->called) {
        uncall(t);
    }
    if (took_us > 0) {
        assay_turns_took(&g->turns, took_us);
    }
    next = assay_turns_leave(&g->turns, &t->turn);
    if (next != NULL) {
        call((struct assay_gate_ticket *)((char *)next -
                                          offsetof(struct assay_gate_ticket,
                                                   turn)));
    }
    uv_mutex_unlock(&g->lock);
}

uint32_t
assay_gate_retry_s(struct assay_gate_end *e)
{
    uint32_t s;

    uv_mutex_lock(&e->gate->lock);
    s = assay_turns_retry_s(&e->gate->turns);
    uv_mutex_unlock(&e->gate->lock);
    return s;
}
