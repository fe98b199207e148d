/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * heads.h - heads of messages as proxies pass them on: what concerns one
 * connection is left out, the framing is anew. What else is said the program
 * says.
 */
#pragma once

#include "http1/http1.h"

/* --- pieces --------------------------------------------------------------- */

/* The first failure sticks; what cannot stand in a head is one. */
void heads_put(struct assay_buf *to, const char *name, struct assay_slice value,
               struct assay_error *err);
void heads_put_number(struct assay_buf *to, const char *name, uint64_t number,
                      struct assay_error *err);
void heads_put_framing(struct assay_buf *to, enum assay_http1_framing framing,
                       uint64_t length, struct assay_error *err);
/* "close", or what keeps an HTTP/1.0 connection open. */
void heads_put_connection(struct assay_buf *to,
                          const struct assay_http1_head *request, bool keep,
                          struct assay_error *err);
/* Neither of this connection alone nor of this framing. chunked: how the body
 * goes on; only then can anything follow it. */
bool heads_goes_on(const struct assay_http1_head *h, struct assay_slice name,
                   bool chunked);

/* --- requests ------------------------------------------------------------- */

/* In origin-form, whichever the client used. */
void heads_put_request_line(struct assay_buf *to,
                            const struct assay_http1_head *h,
                            struct assay_error *err);
/* What the client and we want of the next connection: the protocol that is
 * asked for, or empty; whether it may stay open. */
void heads_put_options(struct assay_buf *to, const struct assay_http1_head *h,
                       struct assay_slice upgrade, bool keep,
                       struct assay_error *err);

/* --- responses ------------------------------------------------------------ */

/* How a response goes to a client. */
struct response_plan {
    enum assay_http1_framing framing; /* of its body */
    bool keep;                        /* the connection stays open behind it */
    bool trailers;                    /* the client wants those of the chunks */
};
/* h: the server's; request: the client's. keep: may it stay open at all? */
struct response_plan heads_plan(const struct assay_http1_head *h,
                                const struct assay_http1_head *request,
                                bool keep);
/* Appends the head for the client; also for interim (1xx) responses. */
ASSAY_MUST_CHECK enum assay_code
heads_put_response(struct assay_buf *to, const struct assay_http1_head *h,
                   const struct assay_http1_head *request,
                   const struct response_plan *plan, struct assay_error *err);

/* Appends those of the lines (trailers as a decoder kept them) that may be
 * passed on. drops: what else may not. */
ASSAY_MUST_CHECK enum assay_code
heads_put_trailers(struct assay_buf *to, struct assay_slice lines,
                   bool (*drops)(struct assay_slice name),
                   struct assay_error *err);
