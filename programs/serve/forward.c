/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forward.c - one request that is not ours.
 *
 * Before the answer has begun, whatever goes wrong is told to the client by a
 * status; afterwards only by cutting it off.
 */
#include "forward.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "heads.h"
#include "upgrade.h"

#define PIECE_MAX_BYTES (64u * 1024u)

struct forward {
    const struct forward_options *options;
    struct assay_server *session;
    struct exchange *exchange; /* NULL where none is needed any more */
    enum forward_state state;
    struct assay_http1_head request; /* slices into the session's head */
    bool raw;          /* protocols were switched; `request` is gone */
    bool body_sent;    /* in raw: the client has said goodbye */
    bool answered;     /* in raw: the backend has closed its side */
    uint64_t body_len; /* of the request, so far */
    bool begun;        /* the answer has */
    unsigned status;
    struct response_plan plan;
    uint64_t answer_len; /* payload */
    uint64_t started_ms;
};

/* --- answering ---------------------------------------------------------- */

static void
respond(struct forward *f, const struct assay_buf *what)
{
    struct assay_error err;

    assay_error_clear(&err);
    if (assay_buf_check(what, "response", &err) != ASSAY_OK ||
        assay_server_respond(f->session, assay_buf_slice(what), &err) !=
            ASSAY_OK) {
        log_failure(f->options->log, LOG_WARNING, "answer cut", &err);
        f->state = FORWARD_CUT;
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
refuse(struct forward *f, unsigned status, const char *code,
       const char *message)
{
    struct assay_buf answer;

    if (f->begun) {
        f->state = FORWARD_CUT;
        return;
    }
    drop_body(f);
    f->begun = true;
    f->status = status;
    f->plan.keep = f->request.keep_alive && request_read(f);
    f->state = FORWARD_DONE;
    assay_buf_init(&answer, ASSAY_HTTP1_HEAD_MAX_BYTES);
    heads_put_refusal(&answer, status, code, message, &f->request,
                      f->plan.keep);
    respond(f, &answer);
    assay_buf_free(&answer);
}

void
forward_timeout(struct forward *f)
{
    if (forward_wants_client(f)) {
        refuse(f, 408, "timeout", "the request did not arrive in time");
    } else {
        refuse(f, 504, "timeout", "the backend did not answer in time");
    }
}

/* --- towards the backend ------------------------------------------------ */

static void
check_length(struct forward *f, uint64_t length)
{
    if (length > f->options->max_body) {
        refuse(f, 413, "too_large",
               "the body is larger than this server takes");
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
        refuse(f, 503, "busy", err.msg);
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
            refuse(f, 400, "bad_request",
                   assay_server_body_error(f->session)->msg);
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

static void log_request(const struct forward *f, const char *end);

/* Behind a 101 that was passed on. */
static void
switch_protocols(struct forward *f)
{
    f->begun = true;
    f->status = 101;
    log_request(f, "switched");
    f->raw = true;
    f->body_sent = false;
    assay_server_switch(f->session);
}

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
        log_failure(f->options->log, LOG_WARNING, "backend", &err);
        refuse(f, 502, "bad_gateway", "the backend's response is not usable");
    } else if (h->status >= 200) {
        f->begun = true;
        f->status = h->status;
        respond(f, &head);
    } else if (h->status == 101) {
        respond(f, &head);
        switch_protocols(f);
    } else if (f->request.minor >= 1) { /* 1.0 knows no interim responses */
        respond(f, &head);
    }
    assay_buf_free(&head);
    exchange_head_taken(f->exchange);
}

static void
move_body(struct forward *f, struct assay_slice piece)
{
    struct assay_error err;
    struct assay_buf chunk;

    assay_error_clear(&err);
    f->answer_len += piece.len;
    if (f->plan.framing == ASSAY_HTTP1_CHUNKED) {
        assay_buf_init(&chunk, piece.len + 64);
        assay_http1_put_chunk(&chunk, piece);
        respond(f, &chunk);
        assay_buf_free(&chunk);
    } else if (assay_server_respond(f->session, piece, &err) != ASSAY_OK) {
        f->state = FORWARD_CUT;
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
            respond(f, &last);
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
    bool late = why->code == ASSAY_TIMEOUT;

    log_failure(f->options->log, LOG_WARNING,
                f->begun ? "answer cut" : "backend failed", why);
    refuse(f, late ? 504 : 502, late ? "timeout" : "bad_gateway",
           late ? "the backend did not answer in time"
                : "the backend could not be reached or understood");
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

/* --- behind a switch of protocols --------------------------------------- */

static void
move_raw_up(struct forward *f)
{
    while (!f->body_sent) {
        struct assay_slice octets = assay_server_request_body(f->session);
        size_t room = exchange_room(f->exchange);

        if (octets.len == 0) {
            /* Closed: both have said goodbye, and all was taken. */
            if (assay_server_body_done(f->session) ||
                assay_server_state(f->session) == ASSAY_SERVER_CLOSED) {
                exchange_send_end(f->exchange, ASSAY_EMPTY);
                f->body_sent = true;
            }
            return;
        }
        octets.len = octets.len < room ? octets.len : room;
        if (octets.len == 0) {
            return;
        }
        exchange_send(f->exchange, octets);
        assay_server_body_taken(f->session, octets.len);
    }
}

static void
move_raw_down(struct forward *f, size_t room)
{
    struct assay_slice octets;
    struct assay_error err;

    while (exchange_state(f->exchange) == EXCHANGE_RAW) {
        octets = exchange_read(f->exchange);
        octets.len = octets.len < room ? octets.len : room;
        if (octets.len == 0) {
            return;
        }
        if (assay_server_respond(f->session, octets, &err) != ASSAY_OK) {
            f->state = FORWARD_CUT;
            return;
        }
        room -= octets.len;
        f->answer_len += octets.len;
        exchange_taken(f->exchange, octets.len);
    }
    if (exchange_state(f->exchange) == EXCHANGE_FAILED) {
        f->state = FORWARD_CUT;
    } else if (!f->answered) {
        f->answered = true;
        assay_server_respond_end(f->session, false);
    }
}

/* Each direction ends for itself. */
static void
move_raw(struct forward *f, size_t room)
{
    move_raw_up(f);
    move_raw_down(f, room);
    if (f->state == FORWARD_GOING && f->answered) {
        move_raw_up(f);
        f->state = f->body_sent ? FORWARD_DONE : FORWARD_GOING;
    }
}

enum forward_state
forward_move(struct forward *f, size_t room, bool last)
{
    if (f->raw && f->state == FORWARD_GOING) {
        move_raw(f, room);
        return f->state;
    }
    if (f->state == FORWARD_GOING) {
        move_request(f);
    }
    while (f->state == FORWARD_GOING &&
           assay_server_state(f->session) == ASSAY_SERVER_REQUEST &&
           move_response(f, &room, last)) {
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
ask_backend(const struct forward *f, const char *peer,
            void (*changed)(void *user), void *user, struct assay_error *err)
{
    struct backend *backend = f->options->backend;
    const struct assay_http1_head *h = &f->request;
    struct heads_request add = {
        .peer = peer,
        .keep = backend->pool.max > 0,
        .upgrade = upgrade_asked(h, f->options->upgrades),
    };
    struct exchange *x = NULL;
    struct assay_buf head;

    assay_buf_init(&head, 2 * ASSAY_HTTP1_HEAD_MAX_BYTES);
    if (heads_put_request(&head, h, &add, err) == ASSAY_OK) {
        struct exchange_request r = {
            .head = assay_buf_slice(&head),
            .is_head = assay_slice_is(h->method, "HEAD"),
            .chunked = h->framing == ASSAY_HTTP1_CHUNKED,
            .upgrade = add.upgrade,
            .repeatable = is_idempotent(h->method) &&
                          h->framing != ASSAY_HTTP1_CHUNKED &&
                          h->content_length == 0,
        };

        x = exchange_new(backend, &r, changed, user);
    }
    assay_buf_free(&head);
    return x;
}

/* Asks the backend, unless the head alone is reason to refuse. */
static void
start(struct forward *f, const char *peer, void (*changed)(void *user),
      void *user)
{
    struct assay_error err;

    assay_error_clear(&err);
    check_length(f, f->request.content_length);
    if (f->state != FORWARD_GOING) {
        return;
    }
    f->exchange = ask_backend(f, peer, changed, user, &err);
    if (err.code != ASSAY_OK) {
        refuse(f, 400, "bad_request", err.msg);
    } else if (f->exchange == NULL) {
        refuse(f, 503, "busy", "out of memory");
    }
}

struct forward *
forward_new(const struct forward_options *options, struct assay_server *session,
            const char *peer, void (*changed)(void *user), void *user)
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
    f->session = session;
    f->started_ms = uv_now(options->backend->loop);
    /* The session has read this head before. */
    if (assay_http1_request(assay_server_request_head(session), &scanned,
                            &f->request, &used, &err) != ASSAY_OK ||
        used == 0) {
        f->state = FORWARD_CUT;
    } else {
        start(f, peer, changed, user);
    }
    return f;
}

/* The path without its query, which may hold what is nobody's business. */
static struct assay_slice
path_of(struct assay_slice target)
{
    size_t query = assay_slice_find(target, "?");

    target.len = query == ASSAY_NO_OFFSET ? target.len : query;
    return target;
}

static void
log_request(const struct forward *f, const char *end)
{
    char status[16];
    char millis[24];
    char length[24];

    snprintf(status, sizeof(status), "%u", f->status);
    snprintf(millis, sizeof(millis), "%llu",
             (unsigned long long)(uv_now(f->options->backend->loop) -
                                  f->started_ms));
    snprintf(length, sizeof(length), "%llu", (unsigned long long)f->answer_len);
    log_event(f->options->log, LOG_DEBUG, "request",
              (struct log_field[]){
                  {"method", f->request.method},
                  {"path", path_of(f->request.target)},
                  {"status", assay_slice_of(status)},
                  {"bytes", assay_slice_of(length)},
                  {"ms", assay_slice_of(millis)},
                  {"end", assay_slice_of(end)},
              },
              6);
}

void
forward_free(struct forward *f)
{
    if (f != NULL) {
        if (!f->raw) {
            log_request(f, f->state == FORWARD_DONE ? "whole" : "cut");
        }
        exchange_free(f->exchange);
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
