/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * turns.h - who is next: so many at once, so many that wait, and nobody at the
 * cost of others. No clock, no lock: both are the caller's.
 *
 * The next one is who has waited longest among those who have the fewest turns
 * at the moment. One who asks much may hold a quarter of the waiting places.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ASSAY_TURN_WHO_BYTES   32u
#define ASSAY_TURNS_SHARE      4u /* of the waiting places, one part is for one */
#define ASSAY_TURNS_WAIT_MAX_S 60u /* that anybody is told */

enum assay_turn_state {
    ASSAY_TURN_NONE,
    ASSAY_TURN_WAITS,
    ASSAY_TURN_HAS,
};

struct assay_turn {
    struct assay_turn *next;
    struct assay_turn *previous;
    enum assay_turn_state state;
    uint8_t who[ASSAY_TURN_WHO_BYTES]; /* set by the caller */
};

struct assay_turn_list {
    struct assay_turn *first;
    struct assay_turn *last;
    uint32_t count;
};

struct assay_turns {
    uint32_t at_once;
    uint32_t places; /* to wait in */
    bool shared;     /* all are one: no places are kept from anybody */
    struct assay_turn_list has;
    struct assay_turn_list waits; /* in order */
    uint64_t took_us;             /* of a turn, smoothed; 0: not known */
};

/* Is there a turn or a place for this one? */
bool assay_turns_room(const struct assay_turns *t,
                      const struct assay_turn *turn);
/* HAS, WAITS, or NONE if there is no room. */
enum assay_turn_state assay_turns_join(struct assay_turns *t,
                                       struct assay_turn *turn);
/* From whatever state. Who has the turn instead, or NULL. */
struct assay_turn *assay_turns_leave(struct assay_turns *t,
                                     struct assay_turn *turn);
/* How long one took. */
void assay_turns_took(struct assay_turns *t, uint64_t us);
/* When it is worth to come again: seconds, from 1 to ASSAY_TURNS_WAIT_MAX_S. */
uint32_t assay_turns_retry_s(const struct assay_turns *t);
