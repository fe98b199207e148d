/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * exchange.h - one HTTP/1.1 request and its response over an open attested
 * connection. The request is one message of the session: it goes out only on
 * evidence that is fresh enough, or after a re-attestation.
 */
#pragma once

#include "http1/http1.h"
#include "io/attested.h"

struct assay_exchange; /* opaque */

struct assay_exchange_events {
    /* The final head, after any 1xx; gone after the call. */
    void (*head)(void *user, const struct assay_http1_head *head);
    /* Payload of the body, piece by piece. */
    void (*data)(void *user, struct assay_slice data);
    /* The response is complete. reusable: another request may follow on this
     * connection. */
    void (*done)(void *user, bool reusable);
    /* The response cannot be read or is incomplete; the connection is of no
     * more use. */
    void (*failed)(void *user, const struct assay_error *err);
};

struct assay_exchange_options {
    const char *method;         /* for how the body is framed */
    struct assay_slice request; /* head and body as they go out; must live
                                   until it is done */
    uint64_t body_max;          /* of the response */
};

/* The connection must be open. The owner passes on the connection's events by
 * the functions below. NULL: out of memory. */
struct assay_exchange *
assay_exchange_start(struct assay_attested *a,
                     const struct assay_exchange_options *options,
                     const struct assay_exchange_events *events, void *user);
void assay_exchange_free(struct assay_exchange *x); /* NULL is fine */

void assay_exchange_on_open(struct assay_exchange *x); /* re-attested */
void assay_exchange_on_data(struct assay_exchange *x);
void assay_exchange_on_drained(struct assay_exchange *x);
void assay_exchange_on_closed(struct assay_exchange *x);
