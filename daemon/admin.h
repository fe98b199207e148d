/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * admin.h - a door for those who operate the machine: GET /metrics, /healthz
 * and /readyz, over HTTP/1.1, on loopback or a Unix socket only.
 */
#pragma once

#include "daemon/keeper.h"
#include "io/http_server.h"

struct counters;

/* All zero: there is none. */
struct admin {
    /* filled in by the owner */
    const struct keeper *keeper;
    const struct counters *counters; /* whose prefix is used */
    /* What else is to be in /metrics than what every daemon has. */
    void (*put_metrics)(void *user, struct assay_buf *to);
    /* Why nobody should be sent here, in a line; NULL: it is ready. */
    const char *(*unready)(void *user);
    void *user;
    /* kept by admin.c */
    struct assay_http_server *server;
    int64_t started_s;
};

/* Errors of assay_listen(). */
ASSAY_MUST_CHECK enum assay_code admin_open(struct admin *a, uv_loop_t *loop,
                                            const struct assay_address *at,
                                            struct assay_error *err);
const char *admin_address(const struct admin *a); /* NULL: there is none */
void admin_close(struct admin *a);
