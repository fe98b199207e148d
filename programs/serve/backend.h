/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * backend.h - one exchange with the backend: a request out, a response in, both
 * in pieces, on a connection that nobody else has meanwhile.
 *
 * Nothing is pushed: `changed` says that something may be different, and the
 * owner looks. It is called from the loop only, never from inside a call of
 * this header, and may free the exchange.
 */
#pragma once

#include "daemon/seldom.h"
#include "http1/http1.h"
#include "io/dial.h"
#include "pool.h"

/* What may wait, in either direction, before its source has to: one record of
 * TLS. Memory, for there may be many who do not read. */
#define QUEUE_MAX_BYTES (16u * 1024u)

/* All interim responses (1xx) to one request: a backend that sends them for
 * ever has not answered. */
#define EXCHANGE_INTERIM_MAX_BYTES (64u * 1024u)

struct exchange; /* opaque */

enum exchange_state {
    EXCHANGE_WAITING, /* for the head of a response */
    EXCHANGE_HEAD,    /* it is there: exchange_head() */
    EXCHANGE_BODY,    /* behind the final head */
    EXCHANGE_RAW,     /* behind a 101: octets, until it closes its side */
    EXCHANGE_DONE,    /* the response is complete and was read */
    EXCHANGE_FAILED,  /* for good: exchange_error() */
};

/* Where requests go. */
struct backend {
    uv_loop_t *loop;
    const struct assay_address *address;
    struct pool pool;
    unsigned proxy; /* version of the PROXY header that it wants; 0: none */
    unsigned generation; /* of connections: others do not come back */
    struct seldom failures;
};

/* How, beside the address. */
struct backend_options {
    unsigned pool_max;
    uint32_t pool_idle_ms;
    unsigned proxy; /* then a connection is one client's, and none is kept */
};
/* From now on, requests go there. The address must live until the next one;
 * NULL: there is none, and no exchange must be made. */
void backend_use(struct backend *b, const struct assay_address *address,
                 const struct backend_options *options);

/* One request, as it goes out. */
struct exchange_request {
    struct assay_slice head; /* copied */
    bool is_head;            /* its method is HEAD */
    bool chunked;            /* how its body is framed */
    /* The protocol that it asks for, or empty; must live until the response
     * has begun. A 101 that does not agree to it is a failure. */
    struct assay_slice upgrade;
    /* It has no body, and doing it twice does no harm (RFC 9110, section
     * 9.2.2): where a connection that had waited turns out to be closed, it is
     * sent once more on a new one. */
    bool repeatable;
    /* The client's ends, as streams name them, for a PROXY header. */
    const char *source;
    const char *destination;
};

/* The backend must outlive it. NULL: no memory. */
struct exchange *exchange_new(struct backend *backend,
                              const struct exchange_request *request,
                              void (*changed)(void *user), void *user);
/* No request at all: RAW, as soon as there is a connection; nothing waits for
 * it but its own time limit. source, destination: as above. */
struct exchange *exchange_new_raw(struct backend *backend, const char *source,
                                  const char *destination,
                                  void (*changed)(void *user), void *user);
/* A connection on which everything was said goes back to the pool, any other is
 * closed. NULL is fine. */
void exchange_free(struct exchange *x);

enum exchange_state exchange_state(const struct exchange *x);
const struct assay_error *exchange_error(const struct exchange *x);

/* How much payload of the request may be sent now. */
size_t exchange_room(const struct exchange *x);
void exchange_send(struct exchange *x, struct assay_slice payload);
/* In RAW a payload is octets, and the end closes our side of the connection.
 * The body is complete. trailers: lines, where it is chunked. */
void exchange_send_end(struct exchange *x, struct assay_slice trailers);

/* All that was sent is with the system: closing loses nothing of it. */
bool exchange_is_flushed(const struct exchange *x);

/* In HEAD; valid until the head is taken, which leads on to BODY or, behind an
 * interim response, to the next head, or behind a switch of protocols to RAW.
 */
const struct assay_http1_head *exchange_head(const struct exchange *x);
void exchange_head_taken(struct exchange *x);
/* In BODY and RAW: payload that has come, valid until the next call; perhaps
 * empty. */
struct assay_slice exchange_read(struct exchange *x);
void exchange_taken(struct exchange *x, size_t n);

/* In DONE: the fields behind a chunked body, as lines. */
struct assay_slice exchange_trailers(const struct exchange *x);

/* Grows whenever the backend has sent or accepted anything. */
uint64_t exchange_progress(const struct exchange *x);
