/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * heads.h - heads of messages as they are passed on (daemon/heads.h): what only
 * assay-serve may say of a client is its own.
 */
#pragma once

#include "assay/session.h"
#include "daemon/heads.h"

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

/* Appends a whole answer of our own: {"error":{"code","message","hint"}}; no
 * body for HEAD. */
void heads_put_refusal(struct assay_buf *to, const struct assay_refusal *why,
                       const struct assay_http1_head *request, bool keep);
