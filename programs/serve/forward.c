/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward.c - one request that is not ours.
 *
 * Before the answer has begun, whatever goes wrong is told to the client by a
 * status; afterwards only by cutting it off.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "forward_state.h"
#include "peer_heads.h"
#include "upgrade.h"

#define PIECE_MAX_BYTES  (64u * 1024u)
#define GATHER_MAX_BYTES (16u * 1024u) /* what a record of TLS takes */

/* --- answering ---------------------------------------------------------- */

static void
cut(struct forward *f, const struct assay_error *why)
{
    log_failure(f->options->log, LOG_WARNING, "answer cut", why);
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

static void
flush(struct forward *f)
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
        flush(f);
    }
    if (octets.len > GATHER_MAX_BYTES / 2) {
        flush(f);
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

/* Our own answer, or a cut if there is another one already. */
static void
refuse(struct forward *f, const struct assay_refusal *why)
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
    flush(f);
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
static const struct assay_refusal too_large = {
    .status = 413,
    .code = "too_large",
    .message = "the body is larger than this server takes",
    .hint = "--max-body is its limit",
};
static const struct assay_refusal no_memory = {
    .status = 503,
    .code = "busy",
    .message = "out of memory",
    .retry_after_s = 1,
};

static const struct assay_refusal nobody = {
    .status = 404,
    .code = "not_found",
    .message = "this server has nothing at this address",
};

static void
refuse_request(struct forward *f, const struct assay_error *err)
{
    const struct assay_refusal why = {
        .status = 400, .code = "bad_request", .message = err->msg};

    refuse(f, &why);
}

void
forward_timeout(struct forward *f)
{
    if (forward_wants_client(f)) {
        refuse(f, &late_client);
    } else {
        metrics_add(f->options->requests->metrics, METRIC_BACKEND_FAILURES, 1);
        refuse(f, &late_backend);
    }
}

/* --- towards the backend ------------------------------------------------ */

static void
check_length(struct forward *f, uint64_t length)
{
    if (length > f->options->max_body) {
        refuse(f, &too_large);
    }
}

/* Behind the last of the body: its trailers, if any. */
static void
end_request(struct forward *f)
{
    struct assay_error err;
    struct assay_buf trailers;

    assay_error_clear(&err);
    assay_buf_init(&trailers, 2 * ASSAY_HTTP1_TRAILERS_MAX_BYTES);
    if (heads_put_trailers(&trailers, assay_server_request_trailers(f->session),
                           &err) == ASSAY_OK) {
        exchange_send_end(f->exchange, assay_buf_slice(&trailers));
        f->body_sent = true;
    } else {
        refuse(f, &no_memory);
    }
    assay_buf_free(&trailers);
}

static void
move_request(struct forward *f)
{
    while (f->state == FORWARD_GOING && !f->body_sent) {
        struct assay_slice body = assay_server_request_body(f->session);
        size_t room = exchange_room(f->exchange);

        if (assay_server_body_error(f->session)->code != ASSAY_OK) {
            refuse_request(f, assay_server_body_error(f->session));
            return;
        }
        if (body.len == 0) {
            if (assay_server_body_done(f->session) && room > 0) {
                end_request(f);
            }
            return;
        }
        check_length(f, f->body_len + body.len);
        body.len = body.len < room ? body.len : room;
        if (body.len == 0 || f->state != FORWARD_GOING) {
            return;
        }
        exchange_send(f->exchange, body);
        f->body_len += body.len;
        assay_server_body_taken(f->session, body.len);
    }
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
    if (h->status >= 200) {
        f->plan = heads_plan(h, &f->request,
                             !last && f->request.keep_alive && request_read(f));
    }
    if (heads_put_response(&head, h, &f->request, &f->plan, &err) != ASSAY_OK) {
        metrics_add(f->options->requests->metrics, METRIC_BACKEND_FAILURES, 1);
        log_failure(f->options->log, LOG_WARNING, "backend", &err);
        refuse(f, &bad_answer);
    } else if (h->status >= 200) {
        f->begun = true;
        f->status = h->status;
        respond_buf(f, &head);
    } else if (h->status == 101) {
        respond_buf(f, &head);
        flush(f);
        forward_switch(f);
    } else if (f->request.minor >= 1) { /* 1.0 knows no interim responses */
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
                               &err) != ASSAY_OK) {
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

    metrics_add(f->options->requests->metrics, METRIC_BACKEND_FAILURES, 1);
    log_failure(f->options->log, LOG_WARNING,
                f->begun ? "answer cut" : "backend failed", why);
    refuse(f, why->code == ASSAY_TIMEOUT ? &late_backend : &no_backend);
}

/* One step; false when there is nothing to do for now. */
static bool
move_response(struct forward *f, size_t *room, bool last)
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
        piece.len = piece.len < PIECE_MAX_BYTES ? piece.len : PIECE_MAX_BYTES;
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

/* Before its switch; the octets behind it are not looked at here. */
static void
move_pipe(struct forward *f)
{
    const struct assay_refusal *why = forward_open_pipe(f);

    if (why != NULL) {
        metrics_add(f->options->requests->metrics, METRIC_BACKEND_FAILURES, 1);
        refuse(f, why);
    }
}

enum forward_state
forward_move(struct forward *f, size_t room, bool last)
{
    if (f->pipe && !f->raw && f->state == FORWARD_GOING) {
        move_pipe(f);
    }
    if (f->raw && f->state == FORWARD_GOING) {
        forward_move_raw(f, room);
        return f->state;
    }
    if (f->state == FORWARD_GOING && !f->pipe) {
        move_request(f);
    }
    while (f->state == FORWARD_GOING && !f->pipe &&
           assay_server_state(f->session) == ASSAY_SERVER_REQUEST &&
           move_response(f, &room, last)) {
    }
    if (f->out.len > 0 || f->out.failed) {
        flush(f); /* also where it is cut: what has come, has come */
    }
    return f->state;
}

/* --- making ------------------------------------------------------------- */

/* Doing it twice is as good as once (RFC 9110, section 9.2.2). */
static bool
is_idempotent(struct assay_slice method)
{
    static const char *const methods[] = {"GET",    "HEAD",    "PUT",
                                          "DELETE", "OPTIONS", "TRACE"};

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (assay_slice_is(method, methods[i])) {
            return true;
        }
    }
    return false;
}

/* NULL: no memory, or *err says why the head cannot go on. */
static struct exchange *
ask_backend(const struct forward *f, const struct forward_client *client,
            void (*changed)(void *user), void *user, struct assay_error *err)
{
    struct backend *backend = f->options->backend;
    const struct assay_http1_head *h = &f->request;
    struct heads_request add = {
        .peer = client->peer,
        .trusted = client->trusted,
        .keep = backend->pool.max > 0,
        .upgrade = upgrade_asked(h, f->options->upgrades),
    };
    struct exchange *x = NULL;
    struct assay_buf proven;
    struct assay_buf head;

    peer_heads(f->session, &proven);
    add.proven = assay_buf_slice(&proven);
    assay_buf_init(&head, 2 * ASSAY_HTTP1_HEAD_MAX_BYTES);
    if (assay_buf_check(&proven, "request", err) == ASSAY_OK &&
        heads_put_request(&head, h, &add, err) == ASSAY_OK) {
        struct exchange_request r = {
            .head = assay_buf_slice(&head),
            .is_head = assay_slice_is(h->method, "HEAD"),
            .chunked = h->framing == ASSAY_HTTP1_CHUNKED,
            .upgrade = add.upgrade,
            .source = client->peer,
            .destination = client->local,
            .repeatable = is_idempotent(h->method) &&
                          h->framing != ASSAY_HTTP1_CHUNKED &&
                          h->content_length == 0,
        };

        x = exchange_new(backend, &r, changed, user);
    }
    assay_buf_free(&proven);
    assay_buf_free(&head);
    return x;
}

/* Asks the backend, unless the head alone is reason to refuse. */
static void
start(struct forward *f, const struct forward_client *client,
      void (*changed)(void *user), void *user)
{
    struct assay_error err;

    assay_error_clear(&err);
    check_length(f, f->request.content_length);
    if (f->state != FORWARD_GOING) {
        return;
    }
    /* Of either there may be none, from the start or since a reload. */
    if ((f->pipe ? f->options->pipe : f->options->backend)->address == NULL) {
        refuse(f, &nobody);
        return;
    }
    if (f->pipe) {
        f->exchange = forward_ask_target(f, client, changed, user);
    } else {
        f->exchange = ask_backend(f, client, changed, user, &err);
    }
    if (err.code != ASSAY_OK) {
        refuse_request(f, &err);
    } else if (f->exchange == NULL) {
        refuse(f, &no_memory);
    }
}

struct forward *
forward_new(const struct forward_options *options, struct assay_server *session,
            const struct forward_client *client, void (*changed)(void *user),
            void *user)
{
    struct forward *f = calloc(1, sizeof(*f));
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;

    if (f == NULL) {
        return NULL;
    }
    assay_error_clear(&err);
    f->options = options;
    assay_buf_init(&f->out, GATHER_MAX_BYTES);
    f->session = session;
    f->pipe = assay_server_wants_pipe(session);
    f->peer = client->peer;
    f->started_ms = uv_now(options->backend->loop);
    /* The session has read this head before. */
    if (assay_http1_request(assay_server_request_head(session), &scanned,
                            &f->request, &used, &err) != ASSAY_OK ||
        used == 0) {
        f->state = FORWARD_CUT;
    } else {
        start(f, client, changed, user);
    }
    return f;
}

void
forward_free(struct forward *f)
{
    if (f != NULL) {
        if (!f->raw) {
            forward_log(f, f->state == FORWARD_DONE ? "whole" : "cut");
        }
        exchange_free(f->exchange);
        assay_buf_free(&f->out);
        free(f);
    }
}

bool
forward_keep(const struct forward *f)
{
    return f->plan.keep;
}

bool
forward_wants_client(const struct forward *f)
{
    return f->exchange != NULL && !f->raw && !f->body_sent &&
           exchange_room(f->exchange) > 0 &&
           assay_server_request_body(f->session).len == 0;
}

uint64_t
forward_progress(const struct forward *f)
{
    return f->exchange != NULL ? exchange_progress(f->exchange) : 0;
}
