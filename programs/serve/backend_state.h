/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * backend_state.h - one exchange with the backend, from inside. Used by
 * backend*.c only.
 */
#pragma once

#include "backend.h"
#include "base/queue.h"

struct exchange {
    struct backend *backend;
    unsigned generation;
    struct assay_dial *dial; /* while it runs */
    struct assay_stream *stream;
    void (*changed)(void *user);
    void *user;
    enum exchange_state state;
    struct assay_error error;
    bool is_head;
    bool chunked;
    struct assay_slice upgrade;
    bool raw; /* the protocol was switched, or there is none */
    bool repeatable;
    bool reused;              /* the connection has had another request */
    struct assay_buf request; /* the head, while it may have to be sent */
    bool sent;                /* the whole request */
    uint64_t written;
    /* the response */
    struct assay_queue in;
    size_t scanned;
    bool eof;
    struct assay_error broken; /* why it ended, if not by an orderly end */
    size_t head_len;           /* octets; in HEAD */
    size_t interim;            /* octets of heads before the final one */
    struct assay_http1_body body;
    struct assay_buf trailers;
    size_t payload; /* decoded, at the front of `in` */
    size_t frame;   /* octets behind it that go with it */
    uint64_t heard; /* octets from this connection */
    uint64_t received;
    struct assay_http1_head head; /* last: its fields are not zeroed */
};

/* For good; the first failure counts. */
void exchange_fail(struct exchange *x, const struct assay_error *why);
void exchange_fail_no_memory(struct exchange *x);

/* On to what has come meanwhile (backend_answer.c). */
void exchange_advance(struct exchange *x);
/* The request once more, on a new connection (backend.c). */
void exchange_connect_anew(struct exchange *x);
