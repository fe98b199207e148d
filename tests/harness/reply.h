/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reply.h - feeding a reply to its reader as a connection would: in pieces.
 */
#pragma once

#include "atls/reply.h"

struct reply_read {
    struct assay_buf content;
    struct assay_buf rest; /* what was left in the queue */
    bool done;
    struct assay_error err;
};

/* Pieces of `first`, then `step` octets, as long as the reader wants more; what
 * it does not want any more is put behind the rest. A queue of `room` octets
 * may be too small for what waits: then *r is neither done nor failed. */
static inline void
reply_read(struct reply_read *r, struct assay_slice in, size_t room,
           size_t first, size_t step)
{
    struct assay_reply_reader reader;
    struct assay_queue q;
    size_t at = 0;
    size_t n = first < in.len ? first : in.len;

    assay_error_clear(&r->err);
    r->done = false;
    assay_buf_init(&r->content, ASSAY_REPLY_BODY_MAX_BYTES);
    assay_buf_init(&r->rest, SIZE_MAX);
    assay_reply_reader_init(&reader, "quote reply", ASSAY_REPLY_BODY_MAX_BYTES);
    assay_queue_init(&q, room);
    while (!r->done && r->err.code == ASSAY_OK) {
        uint8_t *to = assay_queue_extend(&q, n);

        if (to == NULL) {
            break;
        }
        assay_copy(to, (struct assay_slice){in.ptr + at, n});
        at += n;
        (void)!assay_reply_reader_take(&reader, &q, &r->done, &r->err);
        if (at == in.len) {
            break;
        }
        n = step < in.len - at ? step : in.len - at;
    }
    assay_buf_add(&r->content, assay_buf_slice(&reader.content));
    assay_buf_add(&r->rest, assay_queue_slice(&q));
    assay_buf_add(&r->rest, (struct assay_slice){in.ptr + at, in.len - at});
    assay_reply_reader_free(&reader);
    assay_queue_free(&q);
}

static inline void
reply_read_free(struct reply_read *r)
{
    assay_buf_free(&r->content);
    assay_buf_free(&r->rest);
}
