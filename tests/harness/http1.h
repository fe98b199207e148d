/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * http1.h - reading heads and bodies the way a connection does: piece by
 * piece.
 */
#pragma once

#include "http1/http1.h"

/* text with its NULs */
#define HTTP1_TEXT(text) {(const uint8_t *)(text), sizeof(text) - 1}

/* A request if method is NULL, else the response to a request with it. */
static inline enum assay_code
http1_read(const char *method, struct assay_slice in, size_t *scanned,
           struct assay_http1_head *out, size_t *used, struct assay_error *err)
{
    return method == NULL
               ? assay_http1_request(in, scanned, out, used, err)
               : assay_http1_response(in, method, scanned, out, used, err);
}

/* The first `first` bytes, then `step` more at a time, until the head is there,
 * is refused, or all of `in` was seen. */
static inline enum assay_code
http1_read_pieces(const char *method, struct assay_slice in, size_t first,
                  size_t step, struct assay_http1_head *out, size_t *used,
                  struct assay_error *err)
{
    size_t scanned = 0;
    size_t len = first < in.len ? first : in.len;

    assay_error_clear(err);
    while (http1_read(method, (struct assay_slice){in.ptr, len}, &scanned, out,
                      used, err) == ASSAY_OK &&
           *used == 0 && len < in.len) {
        len = step < in.len - len ? len + step : in.len;
    }
    return err->code;
}

/* What a body decoder made of a stream. */
struct http1_body {
    struct assay_http1_body decoder;
    struct assay_buf payload;
    size_t used; /* octets of the stream */
    struct assay_error err;
    size_t offset; /* of the failure, in the stream */
};

/* One piece that arrived; in is a part of the stream. */
static inline void
http1_body_piece(struct http1_body *b, struct assay_slice in)
{
    size_t used = 1;

    while (used > 0 && b->err.code == ASSAY_OK && !b->decoder.done) {
        struct assay_slice data;

        if (assay_http1_body_feed(&b->decoder, in, &used, &data, &b->err) !=
            ASSAY_OK) {
            b->offset = b->err.offset == ASSAY_NO_OFFSET
                            ? ASSAY_NO_OFFSET
                            : b->used + b->err.offset;
        }
        assay_buf_add(&b->payload, data);
        b->used += used;
        in.ptr += used;
        in.len -= used;
    }
}

/* Pieces of `first`, then `step` bytes. The payload is to be freed. trailers:
 * where they go, or NULL. */
static inline void
http1_body_read_all(struct http1_body *b, const struct assay_http1_head *h,
                    uint64_t max, struct assay_slice in, size_t first,
                    size_t step, struct assay_buf *trailers)
{
    size_t at = 0;
    size_t n = first < in.len ? first : in.len;

    memset(b, 0, sizeof(*b));
    assay_error_clear(&b->err);
    b->offset = ASSAY_NO_OFFSET;
    assay_buf_init(&b->payload, in.len);
    assay_http1_body_init(&b->decoder, h, max);
    b->decoder.trailers = trailers;
    while (b->err.code == ASSAY_OK && !b->decoder.done) {
        http1_body_piece(b, (struct assay_slice){in.ptr + at, n});
        at += n;
        if (at == in.len) {
            break;
        }
        n = step < in.len - at ? step : in.len - at;
    }
}

static inline void
http1_body_read(struct http1_body *b, const struct assay_http1_head *h,
                uint64_t max, struct assay_slice in, size_t first, size_t step)
{
    http1_body_read_all(b, h, max, in, first, step, NULL);
}
