/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * backend_answer.c - one exchange with the backend: what it answers.
 */
#include "backend_state.h"
#include "base/bytes.h"
#include "daemon/upgrade.h"

void
exchange_fail(struct exchange *x, const struct assay_error *why)
{
    if (x->state != EXCHANGE_DONE && x->state != EXCHANGE_FAILED) {
        x->state = EXCHANGE_FAILED;
        x->error = *why;
    }
}

void
exchange_fail_no_memory(struct exchange *x)
{
    struct assay_error err;

    assay_error_clear(&err);
    assay_fail(&err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
               "backend: out of memory");
    exchange_fail(x, &err);
}

static void
take_in(struct exchange *x, size_t n)
{
    assay_queue_take(&x->in, n);
}

/* The connection has ended before a head. One that had waited for a request may
 * have been closed before that came: it is tried once more. */
static void
end_without_head(struct exchange *x)
{
    struct assay_error err = x->broken;

    if (x->reused && x->repeatable && x->heard == 0 &&
        x->backend->address != NULL) {
        exchange_connect_anew(x);
        return;
    }
    assay_fail(&err, ASSAY_NETWORK, ASSAY_NO_OFFSET,
               "backend: closed the connection without a response");
    exchange_fail(x, &err);
}

/* The head that is there counts too, if it is not the final one. */
static bool
is_too_much(const struct exchange *x)
{
    return x->head.status < 200 && x->head.status != 101 &&
           x->interim + x->head_len > EXCHANGE_INTERIM_MAX_BYTES;
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
        exchange_fail(x, &err);
    } else if (x->head_len > 0 && x->head.status == 101 &&
               !upgrade_granted(&x->head, x->upgrade)) {
        assay_fail(&err, ASSAY_REPLY, ASSAY_NO_OFFSET,
                   "backend: switched protocols, unasked");
        exchange_fail(x, &err);
    } else if (x->head_len > 0 && is_too_much(x)) {
        assay_fail(&err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "backend: more than %u bytes of interim responses",
                   EXCHANGE_INTERIM_MAX_BYTES);
        exchange_fail(x, &err);
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
        exchange_fail(x, &err);
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
        exchange_fail(x, &x->broken);
    } else {
        x->state = EXCHANGE_DONE;
    }
}

/* Does what has come, and cannot be taken yet, leave anything to be read? One
 * reading waits at the most: clients that read slowly are many. A head that
 * waits to be taken must not move. */
static bool
wants_more(const struct exchange *x)
{
    bool decoded = x->state == EXCHANGE_BODY && x->payload == 0;

    return !x->eof && x->state != EXCHANGE_HEAD &&
           (x->state == EXCHANGE_WAITING || decoded ||
            assay_queue_len(&x->in) == 0);
}

void
exchange_advance(struct exchange *x)
{
    if (x->state == EXCHANGE_WAITING) {
        look_for_head(x);
    } else if (x->state == EXCHANGE_BODY) {
        decode(x);
    } else if (x->state == EXCHANGE_RAW) {
        look_for_end(x);
    }
    if (x->stream != NULL) {
        assay_stream_read(x->stream, wants_more(x));
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
    bool switched = x->head.status == 101;
    bool interim = x->head.status < 200 && !switched;

    take_in(x, x->head_len);
    x->interim += interim ? x->head_len : 0;
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
    exchange_advance(x);
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
        exchange_advance(x);
        return;
    }
    x->payload -= n;
    if (x->payload == 0) {
        take_in(x, x->frame);
        x->frame = 0;
        exchange_advance(x);
    }
}

struct assay_slice
exchange_trailers(const struct exchange *x)
{
    return x->state == EXCHANGE_DONE ? assay_buf_slice(&x->trailers)
                                     : ASSAY_EMPTY;
}
