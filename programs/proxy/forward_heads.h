/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_heads.h - the heads of a request and of its response as they are
 * passed on: what is left out, what is put in.
 */
#pragma once

#include "admission.h"
#include "daemon/heads.h"
#include "upstream.h"

/* Between us and our clients: none of theirs goes on, none of a server's. */
bool forward_is_ours(struct assay_slice name);

struct forward_request_head {
    const struct assay_http1_head *head; /* the client's */
    const struct admission *admission;
    struct assay_slice upgrade; /* the protocol that is asked for, or empty */
    bool translated;            /* then: */
    uint64_t length;            /* of the body that is sent in its place */
};
/* For the provider's server. */
ASSAY_MUST_CHECK enum assay_code
forward_put_request(struct assay_buf *to, const struct forward_request_head *r,
                    struct assay_error *err);

struct forward_response_head {
    const struct assay_http1_head *head;    /* the server's */
    const struct assay_http1_head *request; /* the client's */
    const struct response_plan *plan;
    struct assay_slice origin;   /* of a page that may read it, or empty */
    struct assay_slice location; /* in the place of its own; or empty */
    const struct proof *proof;
    int64_t now_ms;           /* of the same clock as in there */
    const char *content_type; /* of what it was translated to, or NULL */
};
/* For the client. */
ASSAY_MUST_CHECK enum assay_code
forward_put_response(struct assay_buf *to,
                     const struct forward_response_head *r,
                     struct assay_error *err);

/* Where a redirect leads, for a client that follows it: to a path of ours,
 * appended, if it stays below the provider's base path. False: it does not;
 * nobody attests there. */
bool forward_relocate(const struct route *route, struct assay_slice location,
                      struct assay_buf *to);
/* A response behind which clients may go elsewhere. */
bool forward_is_redirect(const struct assay_http1_head *response);
