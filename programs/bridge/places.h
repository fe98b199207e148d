/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * places.h - who may come in: one count for all loops of the process, each on a
 * thread of its own.
 *
 * A connection takes its place before its request is read, so that those which
 * never send one are counted, and so that a flood of bad requests is held back
 * like one of good ones. What it is connected to is counted once that is known.
 */
#pragma once

#include "assay/assay.h"
#include "daemon/crowd.h"
#include "denial.h"
#include "target.h"

struct place_limits {
    uint32_t connections; /* in all */
    uint32_t per_address; /* 0: any number */
    uint32_t per_target;  /* 0: any number */
    uint32_t per_s;       /* new ones of an address; 0: any number */
    uint32_t burst;       /* at least 1 */
};

struct places; /* opaque */

/* ctx must outlive it. ASSAY_NO_MEMORY, ASSAY_IO (no randomness). */
ASSAY_MUST_CHECK enum assay_code places_new(const struct place_limits *limits,
                                            const struct assay_ctx *ctx,
                                            struct places **out,
                                            struct assay_error *err);
/* When everybody has left. NULL is fine. */
void places_free(struct places *p);
/* From now on; those who are in stay. */
void places_limit(struct places *p, const struct place_limits *limits);

/* What one connection holds; all zero: nothing. */
struct place {
    bool taken;
    struct crowd_member *address;
    struct crowd_member *target;
};

/* For a connection that was just accepted. ip: NULL where it says nothing about
 * the client (a Unix socket, a trusted proxy). DENIED_RATE, DENIED_FULL,
 * DENIED_CROWD, DENIED_INTERNAL: nothing is held, so the connection should be
 * gone soon. */
enum denial places_knock(struct places *p, const struct cidr_ip *ip,
                         int64_t now_us, struct place *out);
/* The client's address, once a trusted proxy has said it; at most once, and
 * behind a knock without one. DENIED_RATE, DENIED_CROWD, DENIED_INTERNAL. */
enum denial places_name(struct places *p, const struct cidr_ip *ip,
                        int64_t now_us, struct place *place);
/* Where it goes; at most once. DENIED_TARGET_FULL, DENIED_INTERNAL. */
enum denial places_enter(struct places *p, const struct target *t,
                         struct place *place);
/* All that it holds. May be called for a place that holds nothing. */
void places_leave(struct places *p, struct place *place);

struct places_counts {
    uint32_t connections;
    uint32_t entered; /* of these, to a target */
};
struct places_counts places_count(struct places *p);
