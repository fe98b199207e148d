/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * staple.h - the collateral of the own platform, kept current in the background
 * for a server to hand out with its quotes.
 *
 * Nothing here waits: there is a bundle, or there is none yet. What is fetched
 * is tried on the own quote first, so that a client is never sent what a source
 * made up. It is fetched anew at least daily, and again and again, with longer
 * and longer pauses, where that fails.
 */
#pragma once

#include "io/supply.h"

#define ASSAY_STAPLE_EVERY_S INT64_C(86400)

struct assay_staple; /* opaque; one loop, one thread */

/* Of the options, `refresh`, `refresh_every_s`, `grace_s` and `fixed` are the
 * keeper's own. What they point to must outlive it. NULL: out of memory. */
struct assay_staple *
assay_staple_new(uv_loop_t *loop, const struct assay_supply_options *options);
void assay_staple_free(struct assay_staple *s); /* NULL is fine */

/* A quote that the platform has made, each time or once: it tells which
 * collateral is needed. Copied if that is news. */
void assay_staple_learn(struct assay_staple *s, const struct assay_quote *quote,
                        int64_t now_s);

/* The bundle: JSON of an object, in date at now_s, as `collateral` of struct
 * assay_quote_parts takes it; or empty. Valid until the next call, or free. */
struct assay_slice assay_staple_bundle(struct assay_staple *s, int64_t now_s);

/* What went wrong most recently, for a log: "" if nothing did. */
const char *assay_staple_note(const struct assay_staple *s);
/* Does what is due; timers of its own call it. */
void assay_staple_tick(struct assay_staple *s, int64_t now_s);
