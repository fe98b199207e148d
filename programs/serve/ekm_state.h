/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ekm_state.h - what ekm.c (the program) and ekm_requests.c (what nginx asks)
 * share.
 */
#pragma once

#include "base/buf.h"
#include "daemon/service.h"
#include "io/http_server.h"
#include "options.h"
#include "quotes.h"

struct ekm {
    const struct options *o;
    const struct log *log;
    uv_loop_t loop;
    uv_signal_t terminate;
    uv_signal_t interrupt;
    uv_signal_t hang_up;
    uv_timer_t drain;
    uv_timer_t dog; /* until the service manager wants to hear again */
    struct service service;
    struct assay_ctx *ctx;
    struct assay_buf secret;
    struct assay_quote_gate *gate;
    struct quotes quotes;
    struct metrics metrics;
    struct assay_http_server *server;
    struct seldom forged; /* requests */
    bool draining;
};

/* An assay_http_handler; user: the struct ekm. */
void ekm_on_request(void *user, const struct assay_http_request *request,
                    struct assay_http_answer *answer);
