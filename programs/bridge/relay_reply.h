/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * relay_reply.h - what a source said to a question: what of it is passed on; no
 * I/O.
 *
 * Whoever asked verifies signatures, so nothing is trusted here, and nothing is
 * vouched for. What is checked is that it is an answer to this question, so
 * that another source is asked where it is not, and nobody can fill the cache
 * with one answer under many names; and that no browser takes it for a page.
 */
#pragma once

#include <stdatomic.h>

#include "base/buf.h"
#include "relay_request.h"

/* Immutable; counted, and shared by threads. */
struct relay_reply {
    atomic_uint holders;
    char path[RELAY_PATH_MAX_BYTES]; /* of the question */
    unsigned status;         /* 200; or why there is nothing: 404, 502, 504 */
    uint64_t at_ms;          /* when it came, of a monotonic clock */
    const char *type;        /* Content-Type; static */
    struct assay_buf fields; /* lines that are passed on as they are */
    struct assay_buf body;
};

/* Octets of a body at most. */
size_t relay_body_max(enum relay_kind kind);

/* Of a status alone. NULL: out of memory. */
struct relay_reply *relay_reply_new(const struct relay_question *q,
                                    unsigned status, uint64_t at_ms);
/* Of an answer with status 200. headers: as assay_fetch() gives them. *body is
 * taken over, and left empty. *out is NULL unless ASSAY_OK. ASSAY_NETWORK (it
 * is no answer to this question), ASSAY_NOT_FOUND (it is one to another: a PCCS
 * passes over parameters that it does not know), ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
relay_reply_read(const struct relay_question *q, struct assay_slice headers,
                 struct assay_buf *body, uint64_t at_ms,
                 struct relay_reply **out, struct assay_error *err);

struct relay_reply *relay_reply_hold(struct relay_reply *r); /* returns it */
void relay_reply_release(struct relay_reply *r);             /* NULL is fine */
/* In memory. */
size_t relay_reply_bytes(const struct relay_reply *r);
