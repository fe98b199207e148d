/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * http_server.h - small HTTP/1.1 servers: whole requests in, whole answers out.
 * For local sockets and simulators; traffic that has to stream does not come
 * through here.
 */
#pragma once

#include "http1/http1.h"
#include "io/listen.h"

#define ASSAY_HTTP_FIELDS_MAX_BYTES (64u * 1024u)
#define ASSAY_HTTP_ANSWER_MAX_BYTES (64u * 1024u * 1024u)
#define ASSAY_HTTP_ANSWER_MS        30000u /* for an answer to be taken */
#define ASSAY_HTTP_LINGER_MS        2000u  /* for the peer to close as well */

struct assay_http_server_limits {
    size_t body_bytes;    /* of a request; more is answered 413 */
    unsigned connections; /* at a time, at least 1; further ones wait */
    uint32_t request_ms;  /* for a request to arrive; else 408 */
    uint32_t idle_ms;     /* between two requests */
};

struct assay_http_conn; /* opaque: who asks */

struct assay_http_request {
    struct assay_http_conn *from;
    const struct assay_http1_head *head;
    struct assay_slice path;  /* of the target, without query; raw */
    struct assay_slice query; /* behind '?', raw; empty if none */
    struct assay_slice body;
};

/* What the handler fills in. It starts as an empty 200; content_length and
 * Date are written by the server. */
struct assay_http_answer {
    unsigned status;
    const char *content_type; /* static; NULL for none */
    struct assay_buf
        fields;            /* further header lines, by assay_http1_put_field */
    struct assay_buf body; /* up to 64 MiB */
    bool close;            /* say goodbye afterwards */
};

/* May close the server. The request is gone afterwards. */
typedef void assay_http_handler(void *user,
                                const struct assay_http_request *request,
                                struct assay_http_answer *answer);

/* In a handler: the answer is given later, and what the handler leaves in
 * `answer` is not used. The next request of this connection waits for it; how
 * long it takes is the caller's to limit. gone: the peer has left first, or
 * the server is closed; nothing is owed then, and `from` is gone. */
void assay_http_answer_later(struct assay_http_conn *from,
                             void (*gone)(void *user), void *user);
/* From the loop, and not from inside of the handler. The answer is initialised
 * by the caller with assay_http_answer_init(), and still its own afterwards. */
void assay_http_answer_now(struct assay_http_conn *from,
                           struct assay_http_answer *answer);
void assay_http_answer_init(struct assay_http_answer *a);
void assay_http_answer_free(struct assay_http_answer *a);

struct assay_http_server; /* opaque */

/* Requests that cannot be read are answered 400, 413, 414, 431, 501 or 505
 * here. */
ASSAY_MUST_CHECK enum assay_code assay_http_server_new(
    uv_loop_t *loop, const struct assay_address *at, unsigned mode,
    const struct assay_http_server_limits *limits, assay_http_handler *handler,
    void *user, struct assay_http_server **out, struct assay_error *err);
const char *assay_http_server_address(const struct assay_http_server *s);
/* Stops accepting; connections end behind their answers, idle ones now. drained
 * is called when the last has gone, perhaps before this returns; it must not
 * close the server. */
void assay_http_server_drain(struct assay_http_server *s,
                             void (*drained)(void *user), void *user);
/* Stops accepting and closes every connection. NULL is fine. */
void assay_http_server_close(struct assay_http_server *s);

/* Writes {"error":{"code","message","hint"}} as the answer; hint may be NULL.
 */
void assay_http_answer_error(struct assay_http_answer *a, unsigned status,
                             const char *code, const char *message,
                             const char *hint);
/* Value of a query parameter, percent-decoded ('+' stays '+'), into a buffer
 * that is initialised here; false if it is not there, there twice, or not
 * well-formed. */
bool assay_http_query_get(struct assay_slice query, const char *name,
                          struct assay_buf *out);
