/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * turns.c - see turns.h.
 */
#include "io/turns.h"

#include <stddef.h>
#include <string.h>

#define US_PER_S   1000000u
#define SMOOTHNESS 4u /* a new time counts one in so many */

static void
append(struct assay_turn_list *l, struct assay_turn *turn)
{
    turn->next = NULL;
    turn->previous = l->last;
    if (l->last != NULL) {
        l->last->next = turn;
    } else {
        l->first = turn;
    }
    l->last = turn;
    l->count++;
}

static void
take_out(struct assay_turn_list *l, struct assay_turn *turn)
{
    if (turn->previous != NULL) {
        turn->previous->next = turn->next;
    } else {
        l->first = turn->next;
    }
    if (turn->next != NULL) {
        turn->next->previous = turn->previous;
    } else {
        l->last = turn->previous;
    }
    l->count--;
}

static uint32_t
count_of(const struct assay_turn_list *l, const struct assay_turn *like)
{
    uint32_t n = 0;

    for (const struct assay_turn *i = l->first; i != NULL; i = i->next) {
        n += memcmp(i->who, like->who, sizeof(i->who)) == 0 ? 1 : 0;
    }
    return n;
}

bool
assay_turns_room(const struct assay_turns *t, const struct assay_turn *turn)
{
    uint32_t share = t->places / ASSAY_TURNS_SHARE;

    if (t->has.count < t->at_once) {
        return true;
    }
    share = t->shared ? t->places : share > 0 ? share : 1;
    return t->waits.count < t->places && count_of(&t->waits, turn) < share;
}

/* Whenever somebody waits, all turns are taken. */
enum assay_turn_state
assay_turns_join(struct assay_turns *t, struct assay_turn *turn)
{
    turn->state = ASSAY_TURN_NONE;
    if (assay_turns_room(t, turn)) {
        bool now = t->has.count < t->at_once;

        turn->state = now ? ASSAY_TURN_HAS : ASSAY_TURN_WAITS;
        append(now ? &t->has : &t->waits, turn);
    }
    return turn->state;
}

static struct assay_turn *
choose(const struct assay_turns *t)
{
    struct assay_turn *best = NULL;
    uint32_t fewest = UINT32_MAX;

    for (struct assay_turn *i = t->waits.first; i != NULL && fewest > 0;
         i = i->next) {
        uint32_t n = count_of(&t->has, i);

        if (n < fewest) {
            fewest = n;
            best = i;
        }
    }
    return best;
}

struct assay_turn *
assay_turns_leave(struct assay_turns *t, struct assay_turn *turn)
{
    struct assay_turn *next = NULL;

    if (turn->state == ASSAY_TURN_WAITS) {
        take_out(&t->waits, turn);
    } else if (turn->state == ASSAY_TURN_HAS) {
        take_out(&t->has, turn);
        next = choose(t);
    }
    turn->state = ASSAY_TURN_NONE;
    if (next != NULL) {
        take_out(&t->waits, next);
        append(&t->has, next);
        next->state = ASSAY_TURN_HAS;
    }
    return next;
}

void
assay_turns_took(struct assay_turns *t, uint64_t us)
{
    t->took_us = t->took_us == 0
                     ? us
                     : (t->took_us * (SMOOTHNESS - 1) + us) / SMOOTHNESS;
}

uint32_t
assay_turns_retry_s(const struct assay_turns *t)
{
    uint64_t ahead = (uint64_t)t->has.count + t->waits.count;
    uint64_t rounds = ahead / (t->at_once > 0 ? t->at_once : 1) + 1;
    uint64_t one = t->took_us < (uint64_t)ASSAY_TURNS_WAIT_MAX_S * US_PER_S
                       ? t->took_us
                       : (uint64_t)ASSAY_TURNS_WAIT_MAX_S * US_PER_S;
    uint64_t s = (rounds * one + US_PER_S - 1) / US_PER_S;

    s = s > 1 ? s : 1;
    return s < ASSAY_TURNS_WAIT_MAX_S ? (uint32_t)s : ASSAY_TURNS_WAIT_MAX_S;
}
