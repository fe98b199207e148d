/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * worker.h - what each of the crew's threads bridges with.
 */
#pragma once

#include "daemon/crew.h"
#include "relay_desk.h"
#include "report.h"
#include "site.h"
#include "veil.h"

struct hall;

struct hand {
    struct worker worker; /* first */
    struct hall *hall;
    struct site *site;
    struct visits visits;
    struct tunnels tunnels;
    struct veils veils;
    struct relay_loop *relay;
    struct relay_desk desk;
    struct reports reports;
    struct metrics metrics; /* others may read it */
};

/* What they share; it outlives the crew. */
struct hall {
    const struct assay_ctx *ctx;
    const struct log *log;
    struct journal *access;
    struct places *places;
    struct relay *relay;
    bool json;
    unsigned count;
    struct hand *hands[DOORS_MAX];
};

/* So many more than --max-connections are let in, to be told that they are too
 * many. */
#define HALL_WAITING 256u

extern const struct crew_trade bridge_trade; /* its sites are struct site */

/* One more worker, with a hold on the site; its doors (ws:// and wss://; -1:
 * none) are taken over, also on failure. ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code hall_add(struct hall *h, struct crew *c,
                                          struct site *site, int door,
                                          int tls_door,
                                          struct assay_error *err);
/* Behind the crew's end. */
void hall_close(struct hall *h);
