/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward_answer.c - one request that is not ours: what its client gets.
 *
 * Before the answer has begun, whatever goes wrong is told to the client by a
 * status; afterwards only by cutting it off.
 */
#include <stdio.h>

#include "base/bytes.h"
#include "forward_state.h"
#include "forwarded.h"

/* --- answering ---------------------------------------------------------- */

static void
cut(struct forward *f, const struct assay_error *why)
{
    forward_warn(f, "answer cut", why);
    f->state = FORWARD_CUT;
}

static void
write_now(struct forward *f, struct assay_slice octets)
{
    struct assay_error err;

    if (octets.len > 0 &&
        assay_server_respond(f->session, octets, &err) != ASSAY_OK) {
        cut(f, &err);
    }
}

void
forward_flush(struct forward *f)
{
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_buf_check(&f->out, "response", &err) == ASSAY_OK) {
        write_now(f, assay_buf_slice(&f->out));
    } else {
        cut(f, &err);
    }
    assay_buf_free(&f->out);
}

/* Small pieces (a head, the frame of a chunk) are gathered for one record;
 * large ones are not copied. */
static void
respond(struct forward *f, struct assay_slice octets)
{
    if (f->out.len + octets.len > GATHER_MAX_BYTES) {
        forward_flush(f);
    }
    if (octets.len > GATHER_MAX_BYTES / 2) {
        forward_flush(f);
        write_now(f, octets);
    } else {
        assay_buf_add(&f->out, octets);
    }
}

/* The same of a buffer, which may have failed. */
static void
respond_buf(struct forward *f, const struct assay_buf *what)
{
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_buf_check(what, "response", &err) == ASSAY_OK) {
        respond(f, assay_buf_slice(what));
    } else {
        cut(f, &err);
    }
}

/* Has the request been read to its end? What follows can be told from it only
 * then. */
static bool
request_read(const struct forward *f)
{
    return assay_server_body_done(f->session) &&
           assay_server_request_body(f->session).len == 0;
}

/* What has come of a body that nobody wants. */
static void
drop_body(struct forward *f)
{
    size_t n;

    while ((n = assay_server_request_body(f->session).len) > 0) {
        assay_server_body_taken(f->session, n);
    }
}

void
forward_refuse(struct forward *f, const struct assay_refusal *why)
{
    struct assay_buf answer;

    if (f->begun) {
        f->state = FORWARD_CUT;
        return;
    }
    drop_body(f);
    f->begun = true;
    f->status = why->status;
    f->plan.keep = f->request.keep_alive && request_read(f);
    f->state = FORWARD_DONE;
    assay_buf_init(&answer, ASSAY_HTTP1_HEAD_MAX_BYTES);
    heads_put_refusal(&answer, why, &f->request, f->plan.keep);
    respond_buf(f, &answer);
    forward_flush(f);
    assay_buf_free(&answer);
}

static const struct assay_refusal late_client = {
    .status = 408,
    .code = "timeout",
    .message = "the request did not arrive in time",
};
static const struct assay_refusal late_backend = {
    .status = 504,
    .code = "timeout",
    .message = "the backend did not answer in time",
    .hint = "the server's log says more; --backend-timeout is its limit",
};
static const struct assay_refusal late_connection = {
    .status = 504,
    .code = "timeout",
    .message = "the backend could not be reached in time",
    .hint = "the server's log says more: is the backend busy, and is its "
            "address the one of --backend?",
};
static const struct assay_refusal no_backend = {
    .status = 502,
    .code = "bad_gateway",
    .message = "the backend could not be reached or understood",
    .hint = "the server's log says why: is the backend running, and is its "
            "address the one of --backend?",
};
static const struct assay_refusal bad_answer = {
    .status = 502,
    .code = "bad_gateway",
    .message = "the backend's response is not usable",
    .hint = "the server's log says what is wrong with it",
};
void
forward_refuse_request(struct forward *f, const struct assay_error *err)
{
    const struct assay_refusal why = {
        .status = 400, .code = "bad_request", .message = err->msg};

    forward_refuse(f, &why);
}

/* It is counted, and the log says why. */
static void
note_failure(const struct forward *f, const struct assay_error *why)
{
    metrics_add(f->options->requests->metrics, METRIC_BACKEND_FAILURES, 1);
    forward_warn(f, f->begun ? "answer cut" : "backend failed", why);
}

void
forward_timeout(struct forward *f)
{
    struct assay_error silent;

    if (forward_wants_client(f)) {
        forward_refuse(f, &late_client);
        return;
    }
    assay_error_clear(&silent);
    assay_fail(&silent, ASSAY_TIMEOUT, ASSAY_NO_OFFSET,
               "backend: silent for longer than --backend-timeout");
    note_failure(f, &silent);
    forward_refuse(f, &late_backend);
}

/* --- towards the client ------------------------------------------------- */

static void
move_head(struct forward *f, bool last)
{
    const struct assay_http1_head *h = exchange_head(f->exchange);
    struct assay_error err;
    struct assay_buf head;

    assay_error_clear(&err);
    assay_buf_init(&head, 2 * ASSAY_HTTP1_HEAD_MAX_BYTES);
    assay_buf_reserve(&head, HEAD_USUAL_BYTES);
    if (h->status >= 200) {
        f->plan = heads_plan(h, &f->request,
                             !last && f->request.keep_alive && request_read(f));
    }
    if (heads_put_response(&head, h, &f->request, &f->plan, &err) != ASSAY_OK) {
        note_failure(f, &err);
        forward_refuse(f, &bad_answer);
    } else if (h->status >= 200) {
        f->begun = true;
        f->status = h->status;
        respond_buf(f, &head);
    } else if (h->status == 101) {
        respond_buf(f, &head);
        forward_flush(f);
        forward_switch(f);
    } else if (f->request.minor >= 1) { /* 1.0 knows no interim responses */
        f->encouraged = true;
        respond_buf(f, &head);
    }
    assay_buf_free(&head);
    exchange_head_taken(f->exchange);
}

static void
move_body(struct forward *f, struct assay_slice piece)
{
    bool chunked = f->plan.framing == ASSAY_HTTP1_CHUNKED;
    char size[24];

    f->answer_len += piece.len;
    if (chunked) {
        snprintf(size, sizeof(size), "%zx\r\n", piece.len);
        respond(f, assay_slice_of(size));
    }
    respond(f, piece);
    if (chunked) {
        respond(f, assay_slice_of("\r\n"));
    }
    exchange_taken(f->exchange, piece.len);
}

static void
finish(struct forward *f)
{
    struct assay_error err;
    struct assay_buf trailers;
    struct assay_buf last;

    assay_error_clear(&err);
    if (f->plan.framing == ASSAY_HTTP1_CHUNKED) {
        assay_buf_init(&trailers, 2 * ASSAY_HTTP1_TRAILERS_MAX_BYTES);
        assay_buf_init(&last, 2 * ASSAY_HTTP1_TRAILERS_MAX_BYTES + 64);
        if (f->plan.trailers &&
            heads_put_trailers(&trailers, exchange_trailers(f->exchange),
                               forwarded_is_reserved, &err) != ASSAY_OK) {
            f->state = FORWARD_CUT;
        } else {
            assay_http1_put_last_chunk(&last, assay_buf_slice(&trailers));
            respond_buf(f, &last);
        }
        assay_buf_free(&trailers);
        assay_buf_free(&last);
    }
    if (f->state == FORWARD_GOING) {
        f->state = FORWARD_DONE;
    }
}

static void
give_up(struct forward *f)
{
    const struct assay_error *why = exchange_error(f->exchange);

    note_failure(f, why);
    forward_refuse(f,
                   why->code == ASSAY_TIMEOUT ? &late_connection : &no_backend);
}

bool
forward_move_response(struct forward *f, size_t *room, bool last)
{
    struct assay_slice piece;

    switch (exchange_state(f->exchange)) {
    case EXCHANGE_HEAD:
        if (*room == 0) {
            return false;
        }
        move_head(f, last);
        return true;
    case EXCHANGE_BODY:
        piece = exchange_read(f->exchange);
        piece.len = piece.len < *room ? piece.len : *room;
        if (piece.len == 0) {
            return false;
        }
        *room -= piece.len;
        move_body(f, piece);
        return true;
    case EXCHANGE_DONE:
        finish(f);
        return false;
    case EXCHANGE_FAILED:
        give_up(f);
        return false;
    case EXCHANGE_WAITING:
    case EXCHANGE_RAW:
        break;
    }
    return false;
}
