/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * translate_sse.h - reading a stream of events (WHATWG HTML, section 9.2.6),
 * however it is cut into pieces. Only data is of interest.
 */
#pragma once

#include "base/buf.h"

#define TRANSLATE_EVENT_MAX_BYTES (8u * 1024u * 1024u)

struct translate_sse {
    struct assay_buf line; /* begun, and not ended */
    struct assay_buf data; /* of the event that is being read */
    bool begun;            /* the first line is over */
    bool has_data;
    bool is_over;  /* the event was handed out; its data goes next time */
    bool after_cr; /* a line feed that comes now belongs to it */
};

enum translate_sse_what {
    TRANSLATE_SSE_MORE,    /* the piece is used up */
    TRANSLATE_SSE_EVENT,   /* *data, valid until the next call */
    TRANSLATE_SSE_COMMENT, /* what keeps connections alive */
    TRANSLATE_SSE_FAILED,  /* too large, or no memory */
};

void translate_sse_init(struct translate_sse *s);
void translate_sse_free(struct translate_sse *s);
/* Takes from the start of *piece up to the next event or comment. */
enum translate_sse_what translate_sse_take(struct translate_sse *s,
                                           struct assay_slice *piece,
                                           struct assay_slice *data,
                                           struct assay_error *err);
/* Nothing more comes: the event for which only its blank line is missing. */
enum translate_sse_what translate_sse_end(struct translate_sse *s,
                                          struct assay_slice *data,
                                          struct assay_error *err);
