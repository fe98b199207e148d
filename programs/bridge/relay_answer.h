/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_answer.h - what the relay says to clients: whole answers of HTTP/1.1,
 * behind which the connection is closed; no I/O.
 *
 * Appended to *to, which remembers a failure.
 */
#pragma once

#include "relay_reply.h"

/* What a source said, with status 200, age_ms ago. stale: it is older than it
 * should be, for want of another. */
void relay_put_reply(const struct relay_reply *r,
                     const struct relay_request *to_this, uint64_t age_ms,
                     uint32_t max_age_s, bool stale, struct assay_buf *to);
/* A preflight's answer (Fetch standard, section 4.8): of the status 204. */
void relay_put_preflight(const struct relay_request *to_this,
                         struct assay_buf *to);
/* JSON as of denial.h. Of a request that is none for the relay ... */
void relay_put_refusal(const struct relay_request *to_this,
                       struct assay_buf *to);
/* ... and for want of an answer: 404, 502, 503, 504. */
void relay_put_failure(unsigned status, const struct relay_request *to_this,
                       struct assay_buf *to);
