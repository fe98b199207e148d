/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * health.h - what operators can ask of it: see daemon/admin.h.
 */
#pragma once

#include "daemon/admin.h"
#include "io/dial.h"
#include "worker.h"

struct health {
    /* filled in by the owner */
    uv_loop_t *loop;
    struct quotes *quotes; /* to try one, as long as none was made; open when
                            * the crew is there */
    struct hall *hall;
    struct site *const *site; /* the newest one */
    struct metrics *metrics;  /* of the main thread */
    /* kept by health.c */
    struct admin admin;
    struct quote_order *trial;
    bool working; /* the last quote that was asked for was made */
    uint64_t made;
    uint64_t failed;
    struct assay_dial *dial; /* towards the backend */
    bool backend_works;      /* it could be reached when it was last tried */
};

/* Errors of assay_listen(). */
ASSAY_MUST_CHECK enum assay_code health_open(struct health *a,
                                             const struct keeper *k,
                                             const struct assay_address *at,
                                             struct assay_error *err);
void health_close(struct health *a); /* before its quotes are closed */
