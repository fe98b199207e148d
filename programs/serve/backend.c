/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * backend.c - one exchange with the backend.
 */
#include "backend.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/queue.h"
#include "io/proxy_header.h"
#include "upgrade.h"

#define CONNECT_MS       5000u
#define IN_MAX_BYTES     (4u * QUEUE_MAX_BYTES)
#define CHUNK_LINE_BYTES 64u

/* A request that cannot be repeated goes on a connection that has not waited
 * for longer: the longer one waits, the likelier the backend closes it just
 * now. */
#define FRESH_MS 1000u

struct exchange {
    struct backend *backend;
    unsigned generation;
    struct assay_dial *dial; /* while it runs */
    struct assay_stream *stream;
    void (*changed)(void *user);
    void *user;
    enum exchange_state state;
    struct assay_error error;
    bool is_head;
    bool chunked;
    struct assay_slice upgrade;
    bool raw; /* the protocol was switched, or there is none */
    bool repeatable;
    bool reused;              /* the connection has had another request */
    struct assay_buf request; /* the head, while it may have to be sent */
    bool sent;                /* the whole request */
    uint64_t written;
    /* the response */
    struct assay_queue in;
    size_t scanned;
    bool eof;
    struct assay_error broken; /* why it ended, if not by an orderly end */
    struct assay_http1_head head;
    size_t head_len; /* octets; in HEAD */
    struct assay_http1_body body;
    struct assay_buf trailers;
    size_t payload; /* decoded, at the front of `in` */
    size_t frame;   /* octets behind it that go with it */
    uint64_t heard; /* octets from this connection */
    uint64_t received;
};

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
fail_no_memory(struct exchange *x)
{
    struct assay_error err;

    assay_error_clear(&err);
    assay_fail(&err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
               "backend: out of memory");
    fail(x, &err);
}

static void
take_in(struct exchange *x, size_t n)
{
    assay_queue_take(&x->in, n);
}

static void connect_anew(struct exchange *x);

/* The connection has ended before a head. One that had waited for a request may
 * have been closed before that came: it is tried once more. */
static void
end_without_head(struct exchange *x)
{
    struct assay_error err = x->broken;

    if (x->reused && x->repeatable && x->heard == 0 &&
        x->backend->address != NULL) {
        connect_anew(x);
        return;
    }
    assay_fail(&err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
               "backend: closed the connection without a response");
    fail(x, &err);
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
    } else if (x->head_len > 0 && x->head.status == 101 &&
               !upgrade_granted(&x->head, x->upgrade)) {
        assay_fail(&err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "backend: switched protocols, unasked");
        fail(x, &err);
    } else if (x->head_len > 0) {
        x->state = EXCHANGE_HEAD;
    } else if (x->eof) {
        end_without_head(x);
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

/* Its end comes behind its last octet. */
static void
look_for_end(struct exchange *x)
{
    if (!x->eof || assay_queue_len(&x->in) > 0) {
        return;
    }
    if (x->broken.code != ASSAY_OK) {
        fail(x, &x->broken);
    } else {
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
    } else if (x->state == EXCHANGE_RAW) {
        look_for_end(x);
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
    x->heard += data.len;
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
use(struct exchange *x, struct assay_stream *stream)
{
    static const struct assay_stream_events events = {on_data, on_eof,
                                                      on_drained, on_failed};

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
        fail(x, err);
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

static void
connect_anew(struct exchange *x)
{
    assay_stream_close(x->stream);
    x->stream = NULL;
    x->reused = false;
    x->eof = false;
    assay_error_clear(&x->broken);
    if (!dial(x)) {
        fail_no_memory(x);
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
    struct exchange *x = calloc(1, sizeof(*x));

    if (x == NULL) {
        return NULL;
    }
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
        fail_no_memory(x);
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
            fail_no_memory(x);
        } else {
            write_out(x, assay_buf_slice(&last));
        }
        assay_buf_free(&last);
    }
    x->sent = true;
}

const struct assay_http1_head *
exchange_head(const struct exchange *x)
{
    return &x->head;
}

void
exchange_head_taken(struct exchange *x)
{
    bool switched = x->head.status == 101;
    bool interim = x->head.status < 200 && !switched;

    take_in(x, x->head_len);
    x->head_len = 0;
    x->scanned = 0;
    x->raw = switched;
    x->state = switched  ? EXCHANGE_RAW
               : interim ? EXCHANGE_WAITING
                         : EXCHANGE_BODY;
    if (x->state == EXCHANGE_BODY) {
        assay_http1_body_init(&x->body, &x->head, UINT64_MAX);
        x->body.trailers = &x->trailers;
    }
    advance(x);
}

struct assay_slice
exchange_read(struct exchange *x)
{
    struct assay_slice all = assay_queue_slice(&x->in);

    if (x->state == EXCHANGE_RAW) {
        return all;
    }
    return (struct assay_slice){all.ptr,
                                x->state == EXCHANGE_BODY ? x->payload : 0};
}

void
exchange_taken(struct exchange *x, size_t n)
{
    take_in(x, n);
    if (x->state == EXCHANGE_RAW) {
        advance(x);
        return;
    }
    x->payload -= n;
    if (x->payload == 0) {
        take_in(x, x->frame);
        x->frame = 0;
        advance(x);
    }
}

struct assay_slice
exchange_trailers(const struct exchange *x)
{
    return x->state == EXCHANGE_DONE ? assay_buf_slice(&x->trailers)
                                     : ASSAY_EMPTY;
}
