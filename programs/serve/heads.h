/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * heads.h - heads of messages as they are passed on: what concerns one
 * connection is left out, what only we may say is ours, the framing is anew.
 */
#pragma once

#include "assay/session.h"
#include "http1/http1.h"

/* What the head for the backend says beside what the client said. */
struct heads_request {
    const char *peer;           /* the client, as streams name it */
    bool trusted;               /* its X-Forwarded-* are to be believed */
    bool keep;                  /* the backend may keep the connection open */
    struct assay_slice upgrade; /* the protocol that is asked for, or empty */
    struct assay_slice proven;  /* lines about the client, our own; or empty */
};

/* Appends the head for the backend. */
ASSAY_MUST_CHECK enum assay_code
heads_put_request(struct assay_buf *to, const struct assay_http1_head *h,
                  const struct heads_request *add, struct assay_error *err);

/* How a response goes to a client. */
struct response_plan {
    enum assay_http1_framing framing; /* of its body */
    bool keep;                        /* the connection stays open behind it */
    bool trailers;                    /* the client wants those of the chunks */
};
/* h: the backend's; request: the client's. keep: may it stay open at all? */
struct response_plan heads_plan(const struct assay_http1_head *h,
                                const struct assay_http1_head *request,
                                bool keep);
/* Appends the head for the client; also for interim (1xx) responses. */
ASSAY_MUST_CHECK enum assay_code
heads_put_response(struct assay_buf *to, const struct assay_http1_head *h,
                   const struct assay_http1_head *request,
                   const struct response_plan *plan, struct assay_error *err);

/* Appends those of the lines (trailers as a decoder kept them) that may be
 * passed on. */
ASSAY_MUST_CHECK enum assay_code heads_put_trailers(struct assay_buf *to,
                                                    struct assay_slice lines,
                                                    struct assay_error *err);

/* Appends a whole answer of our own: {"error":{"code","message","hint"}}; no
 * body for HEAD. */
void heads_put_refusal(struct assay_buf *to, const struct assay_refusal *why,
                       const struct assay_http1_head *request, bool keep);
