/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * http_call.h - one HTTP/1.1 request to a local server (a Unix socket, or
 * plain TCP) on a connection of its own; the answer comes whole.
 */
#pragma once

#include "http1/http1.h"
#include "io/dial.h"

#define ASSAY_HTTP_CALL_TIMEOUT_MS 30000u

struct assay_http_call_options {
    struct assay_address to;
    const char *method;
    const char *target;      /* "/GetQuote" */
    const char *host;        /* for the Host field */
    const char *fields;      /* further ones, each "Name: value\r\n", which
                                this call does not write itself; or NULL */
    struct assay_slice body; /* JSON; no body if empty. Copied */
    size_t answer_max;       /* bytes of the answer's body */
    uint32_t connect_ms;     /* 0: ASSAY_DIAL_TIMEOUT_MS */
    uint32_t timeout_ms;     /* from then on; 0: ASSAY_HTTP_CALL_TIMEOUT_MS */
};

struct assay_http_call; /* opaque: a call under way */

/* Exactly one call, from the loop. head and body are gone afterwards; both are
 * NULL or empty if err->code is not ASSAY_OK. Any final status is an answer.
 * Errors of assay_dial_start(); ASSAY_INVALID (a request that cannot be
 * written), ASSAY_NETWORK, ASSAY_TIMEOUT, ASSAY_TOO_LARGE, ASSAY_REPLY (what
 * came is no HTTP), ASSAY_NO_MEMORY. */
typedef void assay_http_called(void *user, const struct assay_http1_head *head,
                               struct assay_slice body,
                               const struct assay_error *err);

/* NULL: out of memory. */
struct assay_http_call *
assay_http_call_start(uv_loop_t *loop,
                      const struct assay_http_call_options *options,
                      assay_http_called *done, void *user);
void assay_http_call_cancel(struct assay_http_call *c); /* no callback */
