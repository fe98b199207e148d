/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * http1_fuzz.h - promises about any HTTP/1.1 message, request or response.
 */
#pragma once

#include "harness/fuzz.h"
#include "harness/http1.h"

/* Of a head that was accepted: every CR has its LF and the other way round,
 * and there is no other control character but HTAB. */
static inline void
http1_fuzz_check_bytes(struct assay_slice head)
{
    PROMISE(head.len >= 4);
    PROMISE(memcmp(head.ptr + head.len - 4, "\r\n\r\n", 4) == 0);
    for (size_t i = 0; i < head.len; i++) {
        uint8_t c = head.ptr[i];

        PROMISE(c != 0x7f && (c >= ' ' || c == '\t' || c == '\r' || c == '\n'));
        PROMISE(c != '\n' || (i > 0 && head.ptr[i - 1] == '\r'));
        PROMISE(c != '\r' || (i + 1 < head.len && head.ptr[i + 1] == '\n'));
    }
}

static inline void
http1_fuzz_check_fields(struct assay_slice head,
                        const struct assay_http1_head *h)
{
    size_t lengths = assay_http1_count(h, "content-length");
    size_t codings = assay_http1_count(h, "transfer-encoding");

    PROMISE(h->minor <= 1);
    PROMISE(h->field_count <= ASSAY_HTTP1_FIELDS_MAX);
    for (size_t i = 0; i < h->field_count; i++) {
        fuzz_check_inside(h->field[i].name, head);
        fuzz_check_inside(h->field[i].value, head);
        PROMISE(h->field[i].name.len > 0);
        PROMISE(memchr(h->field[i].name.ptr, ':', h->field[i].name.len) ==
                NULL);
        (void)assay_http1_is_hop_by_hop(h, h->field[i].name);
    }
    PROMISE(lengths <= 1 && codings <= 1);
    PROMISE((h->framing == ASSAY_HTTP1_LENGTH) <= (lengths == 1));
    PROMISE((h->framing == ASSAY_HTTP1_CHUNKED) <= (codings == 1));
    PROMISE(h->framing == ASSAY_HTTP1_LENGTH || h->content_length == 0);
    PROMISE(!h->upgrade || assay_http1_has_token(h, "Connection", "upgrade"));
    PROMISE(!h->keep_alive || !assay_http1_has_token(h, "Connection", "close"));
}

/* Two heads that say the same; texts may lie in different places. */
static inline void
http1_fuzz_check_same(const struct assay_http1_head *a,
                      const struct assay_http1_head *b)
{
    PROMISE(a->minor == b->minor && a->status == b->status);
    PROMISE(assay_slice_equal(a->method, b->method));
    PROMISE(assay_slice_equal(a->target, b->target));
    PROMISE(assay_slice_equal(a->host, b->host));
    PROMISE(assay_slice_equal(a->reason, b->reason));
    PROMISE(a->field_count == b->field_count);
    for (size_t i = 0; i < a->field_count; i++) {
        PROMISE(assay_slice_equal(a->field[i].name, b->field[i].name));
        PROMISE(assay_slice_equal(a->field[i].value, b->field[i].value));
    }
    PROMISE(a->framing == b->framing);
    PROMISE(a->content_length == b->content_length);
    PROMISE(a->keep_alive == b->keep_alive && a->upgrade == b->upgrade);
    PROMISE(a->expect_continue == b->expect_continue);
}

/* The head at the start of `in`, the same in one piece and in many. False if
 * there is none. */
static inline bool
http1_fuzz_head(const char *method, struct assay_slice in,
                struct assay_http1_head *h, size_t *used)
{
    static const size_t steps[] = {1, 7, 100};
    struct assay_http1_head other;
    struct assay_error err;
    struct assay_error again;
    size_t others;

    memset(h, 0, sizeof(*h));
    fuzz_check_error(
        &err, http1_read_pieces(method, in, in.len, 1, h, used, &err), in.len);
    PROMISE(*used <= in.len && (err.code == ASSAY_OK || *used == 0));
    if (*used == 0) {
        fuzz_check_zero(h, sizeof(*h));
    }
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        memset(&other, 0, sizeof(other));
        http1_read_pieces(method, in, 0, steps[i], &other, &others, &again);
        PROMISE(others == *used && again.code == err.code);
        PROMISE(again.offset == err.offset && strcmp(again.msg, err.msg) == 0);
        http1_fuzz_check_same(h, &other);
    }
    if (*used > 0) {
        struct assay_slice head = {in.ptr, *used};

        http1_fuzz_check_bytes(head);
        http1_fuzz_check_fields(head, h);
    }
    return *used > 0;
}

/* Fields and the end behind a first line that is written already: the same
 * head again. Frees what was written. */
static inline void
http1_fuzz_again(const char *method, struct assay_buf *to,
                 const struct assay_http1_head *h)
{
    struct assay_http1_head again;
    struct assay_error err;
    size_t used;

    assay_error_clear(&err);
    for (size_t i = 0; i < h->field_count; i++) {
        PROMISE(assay_http1_put_field(to, h->field[i].name, h->field[i].value,
                                      &err) == ASSAY_OK);
    }
    assay_http1_put_end(to);
    /* ": " may be longer than what was read */
    if (to->len <= ASSAY_HTTP1_HEAD_MAX_BYTES) {
        PROMISE(http1_read_pieces(method, assay_buf_slice(to), to->len, 1,
                                  &again, &used, &err) == ASSAY_OK);
        PROMISE(used == to->len);
        http1_fuzz_check_same(h, &again);
    }
    assay_buf_free(to);
}

/* The payload as one chunk after another gives the payload. */
static inline void
http1_fuzz_rechunk(struct assay_slice payload)
{
    static const struct assay_http1_head head = {.framing =
                                                     ASSAY_HTTP1_CHUNKED};
    struct assay_buf b;
    struct http1_body got;
    struct assay_slice half = {payload.ptr, payload.len / 2};
    struct assay_slice rest = {payload.ptr, payload.len - half.len};

    assay_buf_init(&b, FUZZ_OUT_MAX);
    if (half.len > 0) {
        rest.ptr += half.len;
    }
    assay_http1_put_chunk(&b, half);
    assay_http1_put_chunk(&b, rest);
    assay_http1_put_last_chunk(&b, ASSAY_EMPTY);
    PROMISE(!b.failed);
    http1_body_read(&got, &head, payload.len, assay_buf_slice(&b), 3, 5);
    PROMISE(got.decoder.done && got.used == b.len);
    PROMISE(assay_slice_equal(assay_buf_slice(&got.payload), payload));
    assay_buf_free(&got.payload);
    assay_buf_free(&b);
}

/* Trailers are lines of fields and nothing else, and written again they are
 * read again. */
static inline void
http1_fuzz_trailers(struct assay_slice lines)
{
    static const struct assay_http1_head head = {.framing =
                                                     ASSAY_HTTP1_CHUNKED};
    struct assay_slice rest = lines;
    struct assay_http1_field f;
    struct assay_error err;
    struct http1_body got;
    struct assay_buf again;
    struct assay_buf b;

    assay_error_clear(&err);
    assay_buf_init(&b, FUZZ_OUT_MAX);
    while (assay_http1_trailer_next(&rest, &f)) {
        (void)assay_http1_trailer_passes(f.name);
        PROMISE(assay_http1_put_field(&b, f.name, f.value, &err) == ASSAY_OK);
    }
    PROMISE(rest.len == 0);
    assay_buf_free(&b);
    assay_http1_put_last_chunk(&b, lines);
    assay_buf_init(&again, ASSAY_HTTP1_TRAILERS_MAX_BYTES);
    http1_body_read_all(&got, &head, 0, assay_buf_slice(&b), 7, 3, &again);
    PROMISE(got.decoder.done && got.used == b.len);
    PROMISE(assay_slice_equal(assay_buf_slice(&again), lines));
    assay_buf_free(&got.payload);
    assay_buf_free(&again);
    assay_buf_free(&b);
}

static inline void
http1_fuzz_check_body(const struct http1_body *b, struct assay_slice in,
                      uint64_t max)
{
    fuzz_check_error(&b->err, b->err.code, in.len);
    PROMISE(b->err.code == ASSAY_OK || b->err.code == ASSAY_MALFORMED ||
            b->err.code == ASSAY_TOO_LARGE);
    PROMISE(b->used <= in.len && b->payload.len <= b->used);
    PROMISE(!b->payload.failed && b->decoder.total == b->payload.len);
    PROMISE(b->payload.len <= max);
    PROMISE(!b->decoder.done || b->err.code == ASSAY_OK);
    /* nothing waits for more than the decoder was told */
    PROMISE(b->decoder.done || b->err.code != ASSAY_OK || b->used == in.len);
}

/* The body behind a head, the same in one piece and in many. */
static inline void
http1_fuzz_body(const struct assay_http1_head *h, struct assay_slice in,
                uint64_t max)
{
    static const size_t steps[] = {1, 3, 64};
    struct http1_body whole;
    struct http1_body parts;
    struct assay_buf trailers[2];

    assay_buf_init(&trailers[0], ASSAY_HTTP1_TRAILERS_MAX_BYTES);
    assay_buf_init(&trailers[1], ASSAY_HTTP1_TRAILERS_MAX_BYTES);
    http1_body_read_all(&whole, h, max, in, in.len, 1, &trailers[0]);
    http1_fuzz_check_body(&whole, in, max);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        http1_body_read_all(&parts, h, max, in, 0, steps[i], &trailers[1]);
        http1_fuzz_check_body(&parts, in, max);
        PROMISE(parts.err.code == whole.err.code);
        PROMISE(parts.offset == whole.offset);
        PROMISE(strcmp(parts.err.msg, whole.err.msg) == 0);
        PROMISE(parts.decoder.done == whole.decoder.done);
        PROMISE(assay_slice_equal(assay_buf_slice(&parts.payload),
                                  assay_buf_slice(&whole.payload)));
        PROMISE(whole.err.code != ASSAY_OK || parts.used == whole.used);
        PROMISE(assay_slice_equal(assay_buf_slice(&trailers[1]),
                                  assay_buf_slice(&trailers[0])));
        assay_buf_free(&parts.payload);
        assay_buf_free(&trailers[1]);
    }
    http1_fuzz_rechunk(assay_buf_slice(&whole.payload));
    if (whole.decoder.done) {
        http1_fuzz_trailers(assay_buf_slice(&trailers[0]));
    }
    assay_buf_free(&trailers[0]);
    if (whole.err.code == ASSAY_OK) {
        bool ends = whole.decoder.done || h->framing == ASSAY_HTTP1_UNTIL_CLOSE;

        PROMISE((assay_http1_body_eof(&whole.decoder, &whole.err) ==
                 ASSAY_OK) == ends);
    }
    assay_buf_free(&whole.payload);
}
