/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fleet.h - the upstreams of one site, on one loop. A reload makes a new one:
 * connections that were proven under old policies serve no new request, and the
 * old ones end behind those that they have.
 */
#pragma once

#include "board.h"
#include "site.h"

struct fleet; /* opaque */

/* All fleets of one loop. Their numbers may be asked for by other threads; all
 * else is the loop's. */
struct fleets {
    /* filled in by the owner; upstream.loop, warm, ... are set from the site */
    uv_loop_t *loop;
    const struct assay_ctx *ctx;
    const struct log *log;
    bool keep_evidence;
    void (*judged)(void *user, const struct provider *provider,
                   struct assay_attested *a, const struct proof *proof,
                   const struct assay_error *why, bool peer);
    void *user;
    /* kept by fleet.c */
    uv_mutex_t lock; /* of the list, for those who ask for numbers */
    struct fleet *newest;
    uv_timer_t sweep; /* runs while an old one has something to do */
};

/* ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code fleets_open(struct fleets *all,
                                             struct assay_error *err);
/* From now on this site's, whose hold is taken over. False: no memory, and all
 * is as it was. */
bool fleets_use(struct fleets *all, struct site *site);
/* When no request is left. */
void fleets_close(struct fleets *all);
/* Behind the loop's last turn. */
void fleets_free(struct fleets *all);

/* The newest stays until it is dropped. */
struct fleet *fleet_hold(struct fleets *all);
void fleet_drop(struct fleet *f);
/* Of a provider of any site that is still held; NULL: no memory. */
struct upstream *fleets_find(struct fleets *all, const struct provider *p);

/* Adds those of the provider of this name. From any thread. */
void fleets_numbers(struct fleets *all, const char *provider,
                    struct board_numbers *to);
