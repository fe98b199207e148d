/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * visit_body.c - what a client sends behind a head.
 */
#include "visit_body.h"

void
visit_body_init(struct visit_body *b, const struct assay_http1_head *h,
                struct assay_queue *in, uint64_t max)
{
    *b = (struct visit_body){.in = in};
    assay_error_clear(&b->error);
    assay_buf_init(&b->trailers, ASSAY_HTTP1_TRAILERS_MAX_BYTES);
    assay_http1_body_init(&b->decoder, h, max);
    b->decoder.trailers = &b->trailers;
}

void
visit_body_free(struct visit_body *b)
{
    assay_buf_free(&b->trailers);
}

/* On to the next payload, or to the end. */
static void
decode(struct visit_body *b)
{
    while (!b->raw && !b->decoder.done && b->payload == 0 &&
           b->error.code == ASSAY_OK) {
        struct assay_slice in = assay_queue_slice(b->in);
        struct assay_slice data = ASSAY_EMPTY;
        size_t used = 0;
        size_t before;

        if (assay_http1_body_feed(&b->decoder, in, &used, &data, &b->error) !=
                ASSAY_OK ||
            used == 0) {
            return;
        }
        before = data.len > 0 ? (size_t)(data.ptr - in.ptr) : used;
        assay_queue_take(b->in, before);
        b->payload = data.len;
        b->frame = used - before - data.len;
    }
}

struct assay_slice
visit_body_read(struct visit_body *b)
{
    struct assay_slice all;

    decode(b);
    all = assay_queue_slice(b->in);
    return b->raw ? all : (struct assay_slice){all.ptr, b->payload};
}

void
visit_body_taken(struct visit_body *b, size_t n)
{
    assay_queue_take(b->in, n);
    b->len += n;
    if (b->raw) {
        return;
    }
    b->payload -= n;
    if (b->payload == 0) {
        assay_queue_take(b->in, b->frame);
        b->frame = 0;
    }
}

bool
visit_body_is_done(struct visit_body *b)
{
    if (b->raw) {
        return b->eof && assay_queue_len(b->in) == 0;
    }
    decode(b);
    return b->decoder.done && b->payload == 0;
}

void
visit_body_switch(struct visit_body *b)
{
    b->raw = true;
}
