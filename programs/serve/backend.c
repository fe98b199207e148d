/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * backend.c - one exchange with the backend: its connection, and what is sent.
 */
#include <stdlib.h>

#include "backend_state.h"
#include "base/bytes.h"
#include "io/proxy_header.h"

#define CONNECT_MS 5000u
/* A head that is not whole yet, and a reading. */
#define IN_MAX_BYTES     (ASSAY_HTTP1_HEAD_MAX_BYTES + ASSAY_STREAM_READ_BYTES)
#define CHUNK_LINE_BYTES 64u

/* A request that cannot be repeated goes on a connection that has not waited
 * for longer: the longer one waits, the likelier the backend closes it just
 * now. */
#define FRESH_MS 1000u

void
backend_use(struct backend *b, const struct assay_address *address,
            const struct backend_options *options)
{
    pool_clear(&b->pool);
    b->generation++;
    b->address = address;
    b->pool.loop = b->loop;
    b->pool.max = options->proxy == 0 ? options->pool_max : 0;
    b->pool.idle_ms = options->pool_idle_ms;
    b->proxy = options->proxy;
}

/* --- the connection ----------------------------------------------------- */

static void
on_data(void *user, struct assay_slice data)
{
    struct exchange *x = user;
    struct assay_error err;

    assay_error_clear(&err);
    x->heard += data.len;
    x->received += data.len;
    assay_buf_add(assay_queue_writer(&x->in), data);
    if (assay_buf_check(assay_queue_writer(&x->in), "backend", &err) !=
        ASSAY_OK) {
        exchange_fail(x, &err);
    }
    exchange_advance(x);
    x->changed(x->user);
}

static void
on_eof(void *user)
{
    struct exchange *x = user;

    x->eof = true;
    exchange_advance(x);
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
use(struct exchange *x, struct assay_stream *stream)
{
    static const struct assay_stream_events events = {
        on_data, on_eof, on_drained, on_failed, .drained_if_waited = true};

    x->stream = stream;
    x->state = x->raw ? EXCHANGE_RAW : x->state;
    assay_stream_tell(stream, &events, x);
    write_out(x, assay_buf_slice(&x->request));
    if (!x->reused || !x->repeatable) {
        assay_buf_free(&x->request);
    }
    assay_stream_read(stream, true);
}

static void
on_dialed(void *user, struct assay_stream *stream,
          const struct assay_error *err)
{
    struct exchange *x = user;

    x->dial = NULL;
    if (stream == NULL) {
        exchange_fail(x, err);
    } else {
        use(x, stream);
    }
    x->changed(x->user);
}

static bool
dial(struct exchange *x)
{
    struct assay_dial_options options = {.to = *x->backend->address,
                                         .timeout_ms = CONNECT_MS};

    x->generation = x->backend->generation;
    x->dial = assay_dial_start(x->backend->loop, &options, on_dialed, x);
    return x->dial != NULL;
}

void
exchange_connect_anew(struct exchange *x)
{
    assay_stream_close(x->stream);
    x->stream = NULL;
    x->reused = false;
    x->eof = false;
    assay_error_clear(&x->broken);
    if (!dial(x)) {
        exchange_fail_no_memory(x);
    }
}

static bool
connect_first(struct exchange *x)
{
    struct pool *pool = &x->backend->pool;
    struct assay_stream *stream =
        pool_take(pool, x->repeatable ? pool->idle_ms : FRESH_MS);

    x->generation = x->backend->generation;
    x->reused = stream != NULL;
    if (stream == NULL) {
        return dial(x);
    }
    use(x, stream);
    return true;
}

struct exchange *
exchange_new(struct backend *backend, const struct exchange_request *request,
             void (*changed)(void *user), void *user)
{
    struct exchange *x = malloc(sizeof(*x));

    if (x == NULL) {
        return NULL;
    }
    memset(x, 0, offsetof(struct exchange, head.field));
    x->backend = backend;
    x->changed = changed;
    x->user = user;
    x->is_head = request->is_head;
    x->chunked = request->chunked;
    x->upgrade = request->upgrade;
    x->repeatable = request->repeatable;
    assay_error_clear(&x->error);
    assay_error_clear(&x->broken);
    assay_queue_init(&x->in, IN_MAX_BYTES);
    assay_buf_init(&x->trailers, ASSAY_HTTP1_TRAILERS_MAX_BYTES);
    assay_buf_init(&x->request,
                   2 * ASSAY_HTTP1_HEAD_MAX_BYTES + ASSAY_PROXY_V1_MAX_BYTES);
    if (backend->proxy > 0) {
        assay_proxy_header_write(&x->request, backend->proxy, request->source,
                                 request->destination);
    }
    assay_buf_add(&x->request, request->head);
    if (x->request.failed || !connect_first(x)) {
        exchange_free(x);
        return NULL;
    }
    return x;
}

struct exchange *
exchange_new_raw(struct backend *backend, const char *source,
                 const char *destination, void (*changed)(void *user),
                 void *user)
{
    const struct exchange_request none = {
        .source = source,
        .destination = destination,
    };
    struct exchange *x = exchange_new(backend, &none, changed, user);

    if (x != NULL) {
        x->raw = true; /* its pool is empty: it is not connected yet */
    }
    return x;
}

/* Both sides have said all that they had to say, and nothing else: what comes
 * next on this connection can only be the answer to what is asked next. */
static bool
may_be_used_again(const struct exchange *x)
{
    return x->generation == x->backend->generation &&
           x->state == EXCHANGE_DONE && x->sent && x->head.keep_alive &&
           !x->eof && assay_queue_len(&x->in) == 0 &&
           x->broken.code == ASSAY_OK && assay_stream_queued(x->stream) == 0;
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
    if (x->stream != NULL && may_be_used_again(x)) {
        pool_give(&x->backend->pool, x->stream);
    } else {
        assay_stream_close(x->stream);
    }
    assay_queue_free(&x->in);
    assay_buf_free(&x->request);
    assay_buf_free(&x->trailers);
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

bool
exchange_is_flushed(const struct exchange *x)
{
    return x->stream == NULL || assay_stream_queued(x->stream) == 0;
}

void
exchange_send(struct exchange *x, struct assay_slice payload)
{
    struct assay_buf chunk;

    if (x->raw || !x->chunked) {
        write_out(x, payload);
        return;
    }
    assay_buf_init(&chunk, payload.len + CHUNK_LINE_BYTES);
    assay_http1_put_chunk(&chunk, payload);
    if (chunk.failed) {
        exchange_fail_no_memory(x);
    } else {
        write_out(x, assay_buf_slice(&chunk));
    }
    assay_buf_free(&chunk);
}

void
exchange_send_end(struct exchange *x, struct assay_slice trailers)
{
    struct assay_buf last;

    if (x->raw) {
        assay_stream_shutdown(x->stream);
    } else if (x->chunked) {
        assay_buf_init(&last, trailers.len + CHUNK_LINE_BYTES);
        assay_http1_put_last_chunk(&last, trailers);
        if (last.failed) {
            exchange_fail_no_memory(x);
        } else {
            write_out(x, assay_buf_slice(&last));
        }
        assay_buf_free(&last);
    }
    x->sent = true;
}
