/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * crowd.h - how many connections each address has, so that one cannot take all
 * the places. An IPv6 client has a /64 to itself, and counts by that.
 */
#pragma once

#include "daemon/cidr.h"

#define CROWD_BUCKETS 1024u

struct crowd_member; /* opaque: an address with at least one connection */

/* All zero: nobody. */
struct crowd {
    struct crowd_member *buckets[CROWD_BUCKETS];
};

/* What an address counts by. */
#define CROWD_KEY_BYTES 16u
void crowd_key(const struct cidr_ip *ip, uint8_t out[CROWD_KEY_BYTES]);

/* One more of this address. NULL: it has max already, or there is no memory.
 * Where max grew smaller, those who are in stay. */
struct crowd_member *crowd_enter(struct crowd *c, const struct cidr_ip *ip,
                                 unsigned max);
/* The same, of whatever else may have such a key. */
struct crowd_member *crowd_enter_as(struct crowd *c,
                                    const uint8_t key[CROWD_KEY_BYTES],
                                    unsigned max);
void crowd_leave(struct crowd *c, struct crowd_member *m); /* NULL is fine */
unsigned crowd_count(const struct crowd *c, const uint8_t key[CROWD_KEY_BYTES]);
