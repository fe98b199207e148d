/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * backend.c - one exchange with the backend.
 */
#include "backend.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/queue.h"

#define CONNECT_MS       5000u
#define IN_MAX_BYTES     (4u * QUEUE_MAX_BYTES)
#define CHUNK_LINE_BYTES 64u

struct exchange {
    struct assay_dial *dial; /* while it runs */
    struct assay_stream *stream;
    void (*changed)(void *user);
    void *user;
    enum exchange_state state;
    struct assay_error error;
    bool is_head;
    bool chunked;
    struct assay_buf request; /* the head, until it is connected */
    uint64_t written;
    /* the response */
    struct assay_queue in;
    size_t scanned;
    bool eof;
    struct assay_error broken; /* why it ended, if not by an orderly end */
    struct assay_http1_head head;
    size_t head_len; /* octets; in HEAD */
    struct assay_http1_body body;
    size_t payload; /* decoded, at the front of `in` */
    size_t frame;   /* octets behind it that go with it */
    uint64_t received;
};

/* --- the response ------------------------------------------------------- */

static void
fail(struct exchange *x, const struct assay_error *why)
{
    if (x->state != EXCHANGE_DONE && x->state != EXCHANGE_FAILED) {
        x->state = EXCHANGE_FAILED;
        x->error = *why;
    }
}

static void
take_in(struct exchange *x, size_t n)
{
    assay_queue_take(&x->in, n);
}

/* WAITING to HEAD, if it is there. */
static void
look_for_head(struct exchange *x)
{
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_http1_response(assay_queue_slice(&x->in),
                             x->is_head ? "HEAD" : "GET", &x->scanned, &x->head,
                             &x->head_len, &err) != ASSAY_OK) {
        fail(x, &err);
    } else if (x->head_len > 0 && x->head.status == 101) {
        assay_fail(&err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "backend: switched protocols, unasked");
        fail(x, &err);
    } else if (x->head_len > 0) {
        x->state = EXCHANGE_HEAD;
    } else if (x->eof) {
        err = x->broken;
        assay_fail(&err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
                   "backend: closed the connection without a response");
        fail(x, &err);
    }
}

/* Decodes on until there is payload to be taken, or the end, or no more
 * input. */
static void
decode(struct exchange *x)
{
    struct assay_error err;

    assay_error_clear(&err);
    while (!x->body.done && x->payload == 0) {
        struct assay_slice in = assay_queue_slice(&x->in);
        struct assay_slice data = ASSAY_EMPTY;
        size_t used = 0;
        size_t before;

        if (assay_http1_body_feed(&x->body, in, &used, &data, &err) !=
                ASSAY_OK ||
            used == 0) {
            break;
        }
        before = data.len > 0 ? (size_t)(data.ptr - in.ptr) : used;
        take_in(x, before);
        x->payload = data.len;
        x->frame = used - before - data.len;
    }
    if (err.code == ASSAY_OK && x->payload == 0 && !x->body.done && x->eof) {
        err = x->broken;
        (void)!assay_http1_body_eof(&x->body, &err);
        x->body.done = err.code == ASSAY_OK;
    }
    if (err.code != ASSAY_OK) {
        assay_error_prefix(&err, "backend");
        fail(x, &err);
    } else if (x->body.done && x->payload == 0) {
        x->state = EXCHANGE_DONE;
    }
}

static void
advance(struct exchange *x)
{
    if (x->state == EXCHANGE_WAITING) {
        look_for_head(x);
    } else if (x->state == EXCHANGE_BODY) {
        decode(x);
    }
    /* A head that waits to be taken must not move. */
    if (x->stream != NULL) {
        assay_stream_read(x->stream,
                          !x->eof && x->state != EXCHANGE_HEAD &&
                              assay_queue_len(&x->in) < QUEUE_MAX_BYTES);
    }
}

/* --- the connection ----------------------------------------------------- */

static void
on_data(void *user, struct assay_slice data)
{
    struct exchange *x = user;
    struct assay_error err;

    assay_error_clear(&err);
    x->received += data.len;
    assay_buf_add(assay_queue_writer(&x->in), data);
    if (assay_buf_check(assay_queue_writer(&x->in), "backend", &err) !=
        ASSAY_OK) {
        fail(x, &err);
    }
    advance(x);
    x->changed(x->user);
}

static void
on_eof(void *user)
{
    struct exchange *x = user;

    x->eof = true;
    advance(x);
    x->changed(x->user);
}

static void
on_drained(void *user)
{
    struct exchange *x = user;

    x->changed(x->user);
}

/* A backend that has answered may well not want the rest of the request: what
 * it said before counts. */
static void
on_failed(void *user, const struct assay_error *why)
{
    struct exchange *x = user;

    x->broken = *why;
    assay_error_prefix(&x->broken, "backend");
    on_eof(x);
}

static void
write_out(struct exchange *x, struct assay_slice bytes)
{
    x->written += bytes.len;
    assay_stream_write(x->stream, bytes);
}

static void
on_dialed(void *user, struct assay_stream *stream,
          const struct assay_error *err)
{
    static const struct assay_stream_events events = {on_data, on_eof,
                                                      on_drained, on_failed};
    struct exchange *x = user;

    x->dial = NULL;
    x->stream = stream;
    if (stream == NULL) {
        fail(x, err);
    } else {
        assay_stream_tell(stream, &events, x);
        write_out(x, assay_buf_slice(&x->request));
        assay_buf_free(&x->request);
        assay_stream_read(stream, true);
    }
    x->changed(x->user);
}

struct exchange *
exchange_new(uv_loop_t *loop, const struct assay_address *to,
             struct assay_slice head, bool is_head, bool chunked,
             void (*changed)(void *user), void *user)
{
    struct assay_dial_options options = {.to = *to, .timeout_ms = CONNECT_MS};
    struct exchange *x = calloc(1, sizeof(*x));

    if (x == NULL) {
        return NULL;
    }
    x->changed = changed;
    x->user = user;
    x->is_head = is_head;
    x->chunked = chunked;
    assay_error_clear(&x->error);
    assay_error_clear(&x->broken);
    assay_queue_init(&x->in, IN_MAX_BYTES);
    assay_buf_init(&x->request, 2 * ASSAY_HTTP1_HEAD_MAX_BYTES);
    assay_buf_add(&x->request, head);
    if (!x->request.failed) {
        x->dial = assay_dial_start(loop, &options, on_dialed, x);
    }
    if (x->dial == NULL) {
        exchange_free(x);
        return NULL;
    }
    return x;
}

void
exchange_free(struct exchange *x)
{
    if (x == NULL) {
        return;
    }
    if (x->dial != NULL) {
        assay_dial_cancel(x->dial);
    }
    assay_stream_close(x->stream);
    assay_queue_free(&x->in);
    assay_buf_free(&x->request);
    free(x);
}

/* --- what the owner sees ------------------------------------------------ */

enum exchange_state
exchange_state(const struct exchange *x)
{
    return x->state;
}

const struct assay_error *
exchange_error(const struct exchange *x)
{
    return &x->error;
}

uint64_t
exchange_progress(const struct exchange *x)
{
    return x->received + x->written -
           (x->stream != NULL ? assay_stream_queued(x->stream) : 0);
}

size_t
exchange_room(const struct exchange *x)
{
    size_t queued;

    if (x->stream == NULL || x->state == EXCHANGE_FAILED) {
        return 0;
    }
    queued = assay_stream_queued(x->stream);
    return queued < QUEUE_MAX_BYTES ? QUEUE_MAX_BYTES - queued : 0;
}

void
exchange_send(struct exchange *x, struct assay_slice payload)
{
    struct assay_buf chunk;

    if (!x->chunked) {
        write_out(x, payload);
        return;
    }
    assay_buf_init(&chunk, payload.len + CHUNK_LINE_BYTES);
    assay_http1_put_chunk(&chunk, payload);
    if (chunk.failed) {
        struct assay_error err;

        assay_error_clear(&err);
        (void)!assay_buf_check(&chunk, "backend", &err);
        fail(x, &err);
    } else {
        write_out(x, assay_buf_slice(&chunk));
    }
    assay_buf_free(&chunk);
}

void
exchange_send_end(struct exchange *x)
{
    struct assay_buf last;

    if (x->chunked) {
        assay_buf_init(&last, CHUNK_LINE_BYTES);
        assay_http1_put_last_chunk(&last);
        write_out(x, assay_buf_slice(&last));
        assay_buf_free(&last);
    }
}

const struct assay_http1_head *
exchange_head(const struct exchange *x)
{
    return &x->head;
}

void
exchange_head_taken(struct exchange *x)
{
    bool interim = x->head.status < 200;

    take_in(x, x->head_len);
    x->head_len = 0;
    x->scanned = 0;
    x->state = interim ? EXCHANGE_WAITING : EXCHANGE_BODY;
    if (!interim) {
        assay_http1_body_init(&x->body, &x->head, UINT64_MAX);
    }
    advance(x);
}

struct assay_slice
exchange_read(struct exchange *x)
{
    struct assay_slice all = assay_queue_slice(&x->in);

    return (struct assay_slice){all.ptr,
                                x->state == EXCHANGE_BODY ? x->payload : 0};
}

void
exchange_taken(struct exchange *x, size_t n)
{
    take_in(x, n);
    x->payload -= n;
    if (x->payload == 0) {
        take_in(x, x->frame);
        x->frame = 0;
        advance(x);
    }
}
