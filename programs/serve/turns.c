/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * turns.c - see turns.h.
 */
#include "turns.h"

#include <stddef.h>
#include <string.h>

#define US_PER_S   1000000u
#define SMOOTHNESS 4u /* a new time counts one in so many */

static void
append(struct turn_list *l, struct turn *turn)
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
take_out(struct turn_list *l, struct turn *turn)
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
count_of(const struct turn_list *l, const struct turn *like)
{
    uint32_t n = 0;

    for (const struct turn *i = l->first; i != NULL; i = i->next) {
        n += memcmp(i->who, like->who, sizeof(i->who)) == 0 ? 1 : 0;
    }
    return n;
}

bool
turns_room(const struct turns *t, const struct turn *turn)
{
    uint32_t share = t->places / TURNS_SHARE;

    if (t->has.count < t->at_once) {
        return true;
    }
    share = t->shared ? t->places : share > 0 ? share : 1;
    return t->waits.count < t->places && count_of(&t->waits, turn) < share;
}

/* Whenever somebody waits, all turns are taken. */
enum turn_state
turns_join(struct turns *t, struct turn *turn)
{
    turn->state = TURN_NONE;
    if (turns_room(t, turn)) {
        bool now = t->has.count < t->at_once;

        turn->state = now ? TURN_HAS : TURN_WAITS;
        append(now ? &t->has : &t->waits, turn);
    }
    return turn->state;
}

static struct turn *
choose(const struct turns *t)
{
    struct turn *best = NULL;
    uint32_t fewest = UINT32_MAX;

    for (struct turn *i = t->waits.first; i != NULL && fewest > 0;
         i = i->next) {
        uint32_t n = count_of(&t->has, i);

        if (n < fewest) {
            fewest = n;
            best = i;
        }
    }
    return best;
}

struct turn *
turns_leave(struct turns *t, struct turn *turn)
{
    struct turn *next = NULL;

    if (turn->state == TURN_WAITS) {
        take_out(&t->waits, turn);
    } else if (turn->state == TURN_HAS) {
        take_out(&t->has, turn);
        next = choose(t);
    }
    turn->state = TURN_NONE;
    if (next != NULL) {
        take_out(&t->waits, next);
        append(&t->has, next);
        next->state = TURN_HAS;
    }
    return next;
}

void
turns_took(struct turns *t, uint64_t us)
{
    t->took_us = t->took_us == 0
                     ? us
                     : (t->took_us * (SMOOTHNESS - 1) + us) / SMOOTHNESS;
}

uint32_t
turns_retry_s(const struct turns *t)
{
    uint64_t ahead = (uint64_t)t->has.count + t->waits.count;
    uint64_t rounds = ahead / (t->at_once > 0 ? t->at_once : 1) + 1;
    uint64_t one = t->took_us < (uint64_t)TURNS_WAIT_MAX_S * US_PER_S
                       ? t->took_us
                       : (uint64_t)TURNS_WAIT_MAX_S * US_PER_S;
    uint64_t s = (rounds * one + US_PER_S - 1) / US_PER_S;

    s = s > 1 ? s : 1;
    return s < TURNS_WAIT_MAX_S ? (uint32_t)s : TURNS_WAIT_MAX_S;
}
