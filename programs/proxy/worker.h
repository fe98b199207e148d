/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * worker.h - what each of the crew's threads serves with.
 */
#pragma once

#include "daemon/crew.h"
#include "daemon/journal.h"
#include "evidence_store.h"
#include "fleet.h"
#include "metrics.h"

struct hall;

struct hand {
    struct worker worker; /* first */
    struct hall *hall;
    struct site *site; /* held */
    struct visits visits;
    struct fleets fleets;
    struct losses losses;   /* of the audit log */
    struct metrics metrics; /* others may read it */
};

/* What they share; it outlives the crew. */
struct hall {
    const struct assay_ctx *ctx;
    const struct log *log;
    struct journal *audit;
    struct board *board;
    struct evidence_store *evidence; /* NULL: none is kept */
    struct budget translating;
    int64_t started_s;
    unsigned count;
    struct hand *hands[DOORS_MAX];
};

extern const struct crew_trade proxy_trade; /* its sites are struct site */

/* One more worker, with a hold on the site; the door is taken over, also on
 * failure. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code hall_add(struct hall *h, struct crew *c,
                                          struct site *site, int door,
                                          struct assay_error *err);
/* Behind the crew's end. */
void hall_close(struct hall *h);

/* Of a provider, over all workers; from any thread. */
void hall_numbers(struct hall *h, const char *provider,
                  struct board_numbers *out);
