/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_write.c - octets on their way to the client: pieces (a head, a chunk
 * and its frame) are gathered for one writing, which costs more than to copy
 * them; what is large and comes alone is not copied.
 */
#include <stdio.h>

#include "base/bytes.h"
#include "forward_state.h"

#define ALONE_MIN_BYTES 8192u

static void
put(struct forward *f, struct assay_slice octets)
{
    *f->client.written += octets.len;
    assay_stream_write(f->client.stream, octets);
}

void
forward_flush(struct forward *f)
{
    if (f->out.failed) {
        f->state = FORWARD_CUT;
    } else if (f->out.len > 0) {
        put(f, assay_buf_slice(&f->out));
    }
    assay_buf_free(&f->out);
}

void
forward_send(struct forward *f, struct assay_slice octets)
{
    forward_flush(f);
    put(f, octets);
}

void
forward_write(struct forward *f, struct assay_slice octets)
{
    if (f->out.len + octets.len > GATHER_MAX_BYTES) {
        forward_flush(f);
    }
    if (f->out.len == 0 && octets.len > ALONE_MIN_BYTES) {
        forward_send(f, octets);
    } else {
        assay_buf_add(&f->out, octets);
    }
}

void
forward_write_buf(struct forward *f, const struct assay_buf *what)
{
    if (what->failed) {
        f->state = FORWARD_CUT;
    } else {
        forward_write(f, assay_buf_slice(what));
    }
}

void
forward_write_payload(struct forward *f, struct assay_slice payload)
{
    bool chunked = f->plan.framing == ASSAY_HTTP1_CHUNKED;
    char size[24];

    if (payload.len == 0) {
        return; /* an empty chunk would be the end */
    }
    f->answer_len += payload.len;
    if (chunked) {
        snprintf(size, sizeof(size), "%zx\r\n", payload.len);
        assay_buf_reserve(&f->out, payload.len + sizeof(size));
        forward_write(f, assay_slice_of(size));
    }
    forward_write(f, payload);
    if (chunked) {
        forward_write(f, assay_slice_of("\r\n"));
    }
}

void
forward_write_end(struct forward *f, struct assay_slice trailers)
{
    struct assay_error err;
    struct assay_buf lines;
    struct assay_buf last;

    if (f->plan.framing != ASSAY_HTTP1_CHUNKED) {
        return;
    }
    assay_error_clear(&err);
    assay_buf_init(&lines, 2 * ASSAY_HTTP1_TRAILERS_MAX_BYTES);
    assay_buf_init(&last, 2 * ASSAY_HTTP1_TRAILERS_MAX_BYTES + 64);
    if (f->plan.trailers &&
        heads_put_trailers(&lines, trailers, forward_is_ours, &err) !=
            ASSAY_OK) {
        f->state = FORWARD_CUT;
    } else {
        assay_http1_put_last_chunk(&last, assay_buf_slice(&lines));
        forward_write_buf(f, &last);
    }
    assay_buf_free(&lines);
    assay_buf_free(&last);
}
