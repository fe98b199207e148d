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

/* One more of this address. NULL: it has max already, or there is no memory.
 * Where max grew smaller, those who are in stay. */
struct crowd_member *crowd_enter(struct crowd *c, const struct cidr_ip *ip,
                                 unsigned max);
void crowd_leave(struct crowd *c, struct crowd_member *m); /* NULL is fine */
