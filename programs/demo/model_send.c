/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * model_send.c - see model_send.h.
 */
#include "model_send.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "http1/http1.h"
#include "model.h"

static void
put_field(struct assay_buf *to, const char *name, const char *value,
          struct assay_error *err)
{
    (void)!assay_http1_put_field(to, assay_slice_of(name),
                                 assay_slice_of(value), err);
}

void
model_send_head(struct assay_stream *to, unsigned status, const char *type,
                const size_t *length, bool keep_alive)
{
    struct assay_buf head;
    struct assay_error err;
    char text[32];

    assay_error_clear(&err);
    assay_buf_init(&head, ASSAY_HTTP1_HEAD_MAX_BYTES);
    (void)!assay_http1_put_status(
        &head, status, assay_slice_of(assay_http1_reason(status)), &err);
    put_field(&head, "Content-Type", type, &err);
    put_field(&head, "Cache-Control", "no-store", &err);
    if (length != NULL) {
        (void)snprintf(text, sizeof(text), "%zu", *length);
        put_field(&head, "Content-Length", text, &err);
    } else {
        put_field(&head, "Transfer-Encoding", "chunked", &err);
    }
    put_field(&head, "Connection", keep_alive ? "keep-alive" : "close", &err);
    assay_http1_put_end(&head);
    assay_stream_write(to, assay_buf_slice(&head));
    assay_buf_free(&head);
}

void
model_send_document(struct assay_stream *to, unsigned status,
                    const struct assay_buf *body, bool keep_alive)
{
    model_send_head(to, status, "application/json", &body->len, keep_alive);
    assay_stream_write(to, assay_buf_slice(body));
}

void
model_send_error(struct assay_stream *to, unsigned status, const char *code,
                 const char *message, bool keep_alive)
{
    struct assay_buf body;

    assay_buf_init(&body, MODEL_ANSWER_MAX_BYTES);
    model_put_error(&body, code, message);
    model_send_document(to, status, &body, keep_alive);
    assay_buf_free(&body);
}

void
model_send_chunk(struct assay_stream *to, struct assay_slice data, bool last)
{
    struct assay_buf framed;

    assay_buf_init(&framed, MODEL_ANSWER_MAX_BYTES);
    assay_http1_put_chunk(&framed, data);
    if (last) {
        assay_http1_put_last_chunk(&framed, ASSAY_EMPTY);
    }
    assay_stream_write(to, assay_buf_slice(&framed));
    assay_buf_free(&framed);
}
