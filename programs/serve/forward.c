/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward.c - one request that is not ours: its life, and what is asked of the
 * backend.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "daemon/upgrade.h"
#include "forward_state.h"
#include "forwarded.h"
#include "peer_heads.h"

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

/* --- towards the backend ------------------------------------------------ */

static void
check_length(struct forward *f, uint64_t length)
{
    if (length > f->options->max_body) {
        forward_refuse(f, &too_large);
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
                           forwarded_is_reserved, &err) == ASSAY_OK) {
        exchange_send_end(f->exchange, assay_buf_slice(&trailers));
        f->body_sent = true;
    } else {
        forward_refuse(f, &no_memory);
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
            forward_refuse_request(f, assay_server_body_error(f->session));
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

/* Before its switch; the octets behind it are not looked at here. */
static void
move_pipe(struct forward *f)
{
    const struct assay_refusal *why = forward_open_pipe(f);

    if (why != NULL) {
        metrics_add(f->options->requests->metrics, METRIC_BACKEND_FAILURES, 1);
        forward_refuse(f, why);
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
           forward_move_response(f, &room, last)) {
    }
    if (f->out.len > 0 || f->out.failed) {
        forward_flush(f); /* also where it is cut: what has come, has come */
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
    assay_buf_reserve(&head, HEAD_USUAL_BYTES);
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
        forward_refuse(f, &nobody);
        return;
    }
    if (f->pipe) {
        f->exchange = forward_ask_target(f, client, changed, user);
    } else {
        f->exchange = ask_backend(f, client, changed, user, &err);
    }
    if (err.code != ASSAY_OK) {
        forward_refuse_request(f, &err);
    } else if (f->exchange == NULL) {
        forward_refuse(f, &no_memory);
    }
}

struct forward *
forward_new(const struct forward_options *options, struct assay_server *session,
            const struct forward_client *client, void (*changed)(void *user),
            void *user)
{
    struct forward *f = malloc(sizeof(*f));
    struct assay_error err;
    size_t scanned = 0;
    size_t used = 0;

    if (f == NULL) {
        return NULL;
    }
    assay_error_clear(&err);
    memset(f, 0, offsetof(struct forward, request.field));
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

/* It waits for the backend to want its body (100 Continue). */
static bool
client_may_wait(const struct forward *f)
{
    return f->request.expect_continue && f->body_len == 0 && !f->encouraged;
}

bool
forward_wants_client(const struct forward *f)
{
    return f->exchange != NULL && !f->raw && !f->body_sent &&
           !client_may_wait(f) && exchange_room(f->exchange) > 0 &&
           assay_server_request_body(f->session).len == 0;
}

uint64_t
forward_progress(const struct forward *f)
{
    return f->exchange != NULL ? exchange_progress(f->exchange) : 0;
}
