/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * race.h - connecting to whichever of several addresses answers first (RFC
 * 8305, section 5). Only dial.c uses this.
 */
#pragma once

#include "io/stream.h"

#define ASSAY_RACE_ADDRESSES_MAX 16u  /* further ones are not tried */
#define ASSAY_RACE_NEXT_MS       250u /* until the next one is tried too */

struct assay_race; /* opaque */

/* Exactly one call, from the loop: a stream, or NULL and what was tried, as in
 * "(192.0.2.1): connection refused, (2001:db8::1): network is unreachable".
 * own: this process had no memory or descriptor for it, whatever the peers are.
 * The race is over and freed when it returns. */
typedef void assay_raced(void *user, struct assay_stream *stream, bool own,
                         const char *tried);

/* Addresses in the order in which they are tried; they are copied. NULL: out
 * of memory. count: 1 to ASSAY_RACE_ADDRESSES_MAX. */
struct assay_race *assay_race_start(uv_loop_t *loop,
                                    const struct sockaddr_storage *addresses,
                                    size_t count, assay_raced *done,
                                    void *user);
/* The addresses being tried, as in "(192.0.2.1), (192.0.2.2)". */
void assay_race_trying(const struct assay_race *r, char *out, size_t out_size);
/* No call. NULL is fine. */
void assay_race_cancel(struct assay_race *r);
