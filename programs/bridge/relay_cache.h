/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_cache.h - replies by question, as many as have room: the one that
 * nobody asked for longest goes first. Shared by threads.
 *
 * How old a reply may be is the caller's affair.
 */
#pragma once

#include "relay_reply.h"

struct relay_cache; /* opaque */

/* max_bytes: of replies as relay_reply_bytes() counts them. One that has more
 * alone is not kept. NULL: out of memory. */
struct relay_cache *relay_cache_new(size_t max_bytes, unsigned max_replies);
void relay_cache_free(struct relay_cache *c); /* NULL is fine */

/* The reply to this question, for the caller to release; or NULL. */
struct relay_reply *relay_cache_get(struct relay_cache *c, const char *path);
/* In place of the one to the same question. Held by the cache besides the
 * caller. */
void relay_cache_put(struct relay_cache *c, struct relay_reply *r);

/* What there is of it now. */
void relay_cache_use(struct relay_cache *c, size_t *bytes, unsigned *replies);
