/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * http_conn.h - what http_server.c, http_conn.c and http_answer.c share.
 */
#pragma once

#include "io/http_server.h"

struct assay_http_server {
    uv_loop_t *loop;
    struct assay_listener *listener;
    struct assay_http_server_limits limits;
    assay_http_handler *handler;
    void *user;
    struct assay_http_conn *first;
    unsigned count; /* connections */
    void (*drained)(void *user);
    void *drained_user;
    bool draining;
};

/* Takes over the stream. NULL: out of memory, and the stream is closed. */
struct assay_http_conn *assay_http_conn_new(struct assay_http_server *s,
                                            struct assay_stream *stream);
/* Leaves the server's list; freed when the loop has let go of it. */
void assay_http_conn_close(struct assay_http_conn *c);
struct assay_http_conn *assay_http_conn_next(const struct assay_http_conn *c);
/* Unless a request or an answer is under way. */
void assay_http_conn_close_idle(struct assay_http_conn *c);
/* A connection has left. */
void assay_http_server_left(struct assay_http_server *s);

/* Sent in one piece with the head. */
#define ASSAY_HTTP_SMALL_BODY_BYTES (16u * 1024u)

/* The head of the answer, into a buffer that is initialised here and has room
 * for a small body behind it. */
ASSAY_MUST_CHECK enum assay_code
assay_http_answer_head(const struct assay_http_answer *a, bool keep_alive,
                       struct assay_buf *out, struct assay_error *err);
