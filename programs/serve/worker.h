/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * worker.h - what each of the crew's threads serves with.
 */
#pragma once

#include "connection.h"
#include "daemon/crew.h"
#include "site.h"

struct hall;

struct hand {
    struct worker worker; /* first */
    struct hall *hall;
    struct site *site;
    struct connections connections;
    struct metrics metrics; /* others may read it */
};

/* What they share; it outlives the crew. */
struct hall {
    const struct assay_ctx *ctx;
    const struct log *log;
    struct journal *access;
    bool json_access;
    struct assay_quote_gate *gate; /* the owner's, like what is above */
    struct shelf *shelf;
    atomic_uint appraisals; /* of clients that wait for collateral */
    unsigned max_appraisals;
    unsigned count;
    struct hand hands[DOORS_MAX];
};

extern const struct crew_trade serve_trade; /* its sites are struct site */

/* One more worker, with a hold on the site; the door is taken over, also on
 * failure. ASSAY_NO_MEMORY, or what the quoter says. */
ASSAY_MUST_CHECK enum assay_code hall_add(struct hall *h, struct crew *c,
                                          struct site *site, int door,
                                          struct assay_error *err);
/* Behind the crew's end. */
void hall_close(struct hall *h);
