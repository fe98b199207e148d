/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pool.h - connections to the backend that wait for their next request.
 *
 * A connection in here has said all that it was asked for. Whatever it says
 * while it waits, a byte or its end, makes it worthless: nobody could tell to
 * which request that belongs.
 */
#pragma once

#include "io/stream.h"

struct pool_entry; /* opaque */

/* Set up by its owner; all zero keeps nothing. */
struct pool {
    uv_loop_t *loop;
    unsigned max;     /* connections that wait; 0: none is kept */
    uint32_t idle_ms; /* how long one may */
    /* kept by pool.c */
    struct pool_entry *newest;
    struct pool_entry *oldest;
    unsigned count;
    uv_timer_t *timer; /* NULL until there is something to expire */
};

/* The one that came last, if it has waited for less than limit_ms and is still
 * good. The caller's to close, with reading on; NULL if there is none. */
struct assay_stream *pool_take(struct pool *p, uint32_t limit_ms);
/* Takes over a stream on which no answer is due; where the pool is full the
 * oldest goes. */
void pool_give(struct pool *p, struct assay_stream *s);
/* Closes them all; it is empty and usable afterwards. */
void pool_clear(struct pool *p);
