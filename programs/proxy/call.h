/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * call.h - one exchange with an upstream: a request out, a response in, both in
 * pieces, on an attested connection that nobody else has meanwhile.
 *
 * Nothing is pushed: `changed` says that something may be different, and the
 * owner looks. It is called from the loop only, never from inside a call of
 * this header, and may free the call.
 */
#pragma once

#include "http1/http1.h"
#include "upstream.h"

/* What may wait, in either direction, before its source has to. */
#define CALL_QUEUE_MAX_BYTES (64u * 1024u)

/* All interim responses (1xx) to one request. */
#define CALL_INTERIM_MAX_BYTES (64u * 1024u)

struct call; /* opaque */

enum call_state {
    CALL_WAITING, /* for a connection, or for the head of a response */
    CALL_HEAD,    /* it is there: call_head() */
    CALL_BODY,    /* behind the final head */
    CALL_RAW,     /* behind a 101: octets, until it closes its side */
    CALL_DONE,    /* the response is complete and was read */
    CALL_FAILED,  /* for good: call_failure() */
};

/* One request, as it goes out. */
struct call_request {
    struct assay_slice head; /* copied */
    bool is_head;            /* its method is HEAD */
    bool chunked;            /* how its body is framed */
    /* The protocol that it asks for, or empty; must live until the response
     * has begun. A 101 that does not agree to it is a failure. */
    struct assay_slice upgrade;
    /* It has no body, and doing it twice does no harm (RFC 9110, section
     * 9.2.2): where a connection that had waited turns out to be closed, it is
     * sent once more on another. */
    bool repeatable;
};

/* The upstream must outlive it. NULL: no memory. */
struct call *call_new(struct upstream *upstream,
                      const struct call_request *request,
                      void (*changed)(void *user), void *user);
/* A connection on which everything was said goes back to the upstream, any
 * other is closed: so a client that leaves ends the work for it. NULL is fine.
 */
void call_free(struct call *c);

enum call_state call_state(const struct call *c);
const struct failure *call_failure(const struct call *c);
/* What its connection has proven; NULL while there is none. */
const struct proof *call_proof(const struct call *c);

/* How much payload of the request may be sent now; 0 while there is no
 * connection. */
size_t call_room(const struct call *c);
void call_send(struct call *c, struct assay_slice payload);
/* The body is complete; trailers: lines, where it is chunked. In RAW a payload
 * is octets, and the end closes our direction. */
void call_send_end(struct call *c, struct assay_slice trailers);
/* All that was sent is with the system. */
bool call_is_flushed(const struct call *c);

/* In HEAD; valid until the head is taken, which leads on to BODY or, behind an
 * interim response, to the next head, or behind a switch of protocols to RAW.
 */
const struct assay_http1_head *call_head(const struct call *c);
void call_head_taken(struct call *c);
/* In BODY and RAW: payload that has come, valid until the next call; perhaps
 * empty. */
struct assay_slice call_read(struct call *c);
void call_taken(struct call *c, size_t n);
/* In DONE: the fields behind a chunked body, as lines. */
struct assay_slice call_trailers(const struct call *c);

/* Grows whenever the upstream has sent or accepted anything. */
uint64_t call_progress(const struct call *c);
/* Is it a connection that it waits for? That has a time limit of its own. */
bool call_wants_link(const struct call *c);
