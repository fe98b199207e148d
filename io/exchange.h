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

#define ASSAY_EXCHANGE_SILENCE_MS 30000u

struct assay_exchange; /* opaque */

/* Of each exchange, `done` or `failed` comes once, and nothing after it; both
 * may free the exchange and close the connection, the others must not. */
struct assay_exchange_events {
    /* The final head, after any 1xx; gone after the call. What is put into
     * *err ends the exchange: `failed` follows with it. */
    void (*head)(void *user, const struct assay_http1_head *head,
                 struct assay_error *err);
    /* Payload of the body, piece by piece; *err as above. */
    void (*data)(void *user, struct assay_slice data, struct assay_error *err);
    /* The response is complete. reusable: another request may follow on this
     * connection. */
    void (*done)(void *user, bool reusable);
    /* ASSAY_REPLY (the response cannot be read), ASSAY_TOO_LARGE (its body),
     * ASSAY_NETWORK (it is incomplete), ASSAY_TIMEOUT, ASSAY_NO_MEMORY, or
     * what `head` and `data` said: the connection is of no more use. */
    void (*failed)(void *user, const struct assay_error *err);
};

struct assay_exchange_options {
    const char *method;         /* for how the body is framed */
    struct assay_slice request; /* head and body as they go out; must live
                                   until it is done */
    uint64_t body_max;          /* of the response */
    /* How long nothing may move while the request goes out, how long the head
     * may take after it, and how long the body may pause. 0: the default. */
    uint32_t silence_ms;
};

/* Nothing happens before assay_exchange_on_open(). The owner passes on the
 * connection's events by the functions below. NULL: out of memory. */
struct assay_exchange *
assay_exchange_new(uv_loop_t *loop, struct assay_attested *a,
                   const struct assay_exchange_options *options,
                   const struct assay_exchange_events *events, void *user);
void assay_exchange_free(struct assay_exchange *x); /* NULL is fine */

/* The connection is open: at first, and after each re-attestation. */
void assay_exchange_on_open(struct assay_exchange *x);
void assay_exchange_on_data(struct assay_exchange *x);
void assay_exchange_on_drained(struct assay_exchange *x);
void assay_exchange_on_closed(struct assay_exchange *x);
