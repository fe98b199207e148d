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

#define TURN_WHO_BYTES   32u
#define TURNS_SHARE      4u  /* of the waiting places, one part is for one */
#define TURNS_WAIT_MAX_S 60u /* that anybody is told */

enum turn_state {
    TURN_NONE,
    TURN_WAITS,
    TURN_HAS,
};

struct turn {
    struct turn *next;
    struct turn *previous;
    enum turn_state state;
    uint8_t who[TURN_WHO_BYTES]; /* set by the caller */
};

struct turn_list {
    struct turn *first;
    struct turn *last;
    uint32_t count;
};

struct turns {
    uint32_t at_once;
    uint32_t places; /* to wait in */
    bool shared;     /* all are one: no places are kept from anybody */
    struct turn_list has;
    struct turn_list waits; /* in order */
    uint64_t took_us;       /* of a turn, smoothed; 0: not known */
};

/* Is there a turn or a place for this one? */
bool turns_room(const struct turns *t, const struct turn *turn);
/* HAS, WAITS, or NONE if there is no room. */
enum turn_state turns_join(struct turns *t, struct turn *turn);
/* From whatever state. Who has the turn instead, or NULL. */
struct turn *turns_leave(struct turns *t, struct turn *turn);
/* How long one took. */
void turns_took(struct turns *t, uint64_t us);
/* When it is worth to come again: seconds, from 1 to TURNS_WAIT_MAX_S. */
uint32_t turns_retry_s(const struct turns *t);
