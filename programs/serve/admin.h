/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * admin.h - a door for those who operate the machine: GET /metrics, /healthz
 * and /readyz, over HTTP/1.1, on loopback or a Unix socket only.
 */
#pragma once

#include "io/dial.h"
#include "io/http_server.h"
#include "worker.h"

struct admin {
    /* filled in by the owner */
    uv_loop_t *loop;
    struct quotes *quotes; /* to try one, as long as none was made; open when
                            * the crew is there */
    const struct crew *crew;
    struct site *const *site; /* the newest one */
    const bool *draining;
    struct metrics *metrics; /* of the main thread */
    /* kept by admin.c */
    struct assay_http_server *server;
    struct quote_order *trial;
    bool working; /* the last quote that was asked for was made */
    uint64_t made;
    uint64_t failed;
    struct assay_dial *dial; /* towards the backend */
    bool backend_works;      /* it could be reached when it was last tried */
    int64_t started_s;
};

/* Errors of assay_listen(). */
ASSAY_MUST_CHECK enum assay_code admin_open(struct admin *a,
                                            const struct assay_address *at,
                                            struct assay_error *err);
const char *admin_address(const struct admin *a);
void admin_close(struct admin *a); /* before its quotes are closed */
