/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * http_conn.c - one connection of a server: a request is read, answered, and
 * then the next one. Nothing is read while an answer waits for the peer, so a
 * peer that does not read its answers cannot make more of them.
 */
#include "io/http_conn.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum state {
    READ_HEAD,
    READ_BODY,
    WAIT,    /* for an answer that is given later */
    SEND,    /* an answer waits for the peer */
    SAY_BYE, /* the same, and it is the last one */
    SEE_BYE, /* the peer has all; what it still sends is dropped */
};

struct assay_http_conn {
    struct assay_http_server *server;
    struct assay_http_conn *next;
    struct assay_http_conn **self; /* where the list points here */
    struct assay_stream *stream;
    uv_timer_t timer;
    enum state state;
    void (*gone)(void *user); /* while an answer is owed, and it was deferred */
    void *gone_user;
    bool in_time; /* the timer runs for the request that arrives */
    bool closed;
    struct assay_buf in; /* heads; `head` points into it */
    size_t at;           /* of `in`: what is in front is done with */
    size_t scanned;
    struct assay_http1_head head;
    struct assay_http1_body body_reader;
    struct assay_buf body;
};

/* --- the end ------------------------------------------------------------ */

static void
on_timer_closed(uv_handle_t *timer)
{
    struct assay_http_conn *c = timer->data;

    assay_buf_free(&c->in);
    assay_buf_free(&c->body);
    free(c);
}

static void
tell_gone(struct assay_http_conn *c)
{
    void (*gone)(void *) = c->gone;

    c->gone = NULL;
    if (gone != NULL) {
        gone(c->gone_user);
    }
}

void
assay_http_conn_close(struct assay_http_conn *c)
{
    if (c->closed) {
        return;
    }
    c->closed = true;
    *c->self = c->next;
    if (c->next != NULL) {
        c->next->self = c->self;
    }
    assay_stream_close(c->stream);
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
    assay_http_server_left(c->server);
    tell_gone(c); /* who may close the server */
}

void
assay_http_conn_close_idle(struct assay_http_conn *c)
{
    if (c->state == READ_HEAD && !c->in_time) {
        assay_http_conn_close(c);
    }
}

struct assay_http_conn *
assay_http_conn_next(const struct assay_http_conn *c)
{
    return c->next;
}

/* --- answering ---------------------------------------------------------- */

static void on_timer(uv_timer_t *timer);

static void
limit_time(struct assay_http_conn *c, uint32_t ms)
{
    uv_timer_start(&c->timer, on_timer, ms, 0);
}

/* Closing with bytes unread would reset the connection, and the peer might
 * lose the answer: so the peer is to close first, for a moment. */
static void
say_bye(struct assay_http_conn *c)
{
    c->state = SEE_BYE;
    limit_time(c, ASSAY_HTTP_LINGER_MS);
    assay_stream_shutdown(c->stream);
    assay_stream_read(c->stream, true);
}

static void
wait_for_request(struct assay_http_conn *c)
{
    c->state = READ_HEAD;
    c->in_time = false;
    limit_time(c, c->server->limits.idle_ms);
    assay_stream_read(c->stream, true);
}

/* What follows an answer, as soon as the peer has it. */
static void
go_on(struct assay_http_conn *c)
{
    if (c->state == SAY_BYE) {
        say_bye(c);
    } else {
        wait_for_request(c);
    }
}

static void
write_answer(struct assay_http_conn *c, const struct assay_http_answer *a,
             struct assay_buf *head)
{
    bool has_body = !assay_slice_is(c->head.method, "HEAD") &&
                    a->status != 204 && a->status != 304;

    if (has_body && a->body.len <= ASSAY_HTTP_SMALL_BODY_BYTES) {
        assay_buf_add(head, assay_buf_slice(&a->body));
        has_body = head->failed; /* no memory: then in two pieces */
    }
    assay_stream_write(c->stream, assay_buf_slice(head));
    if (has_body) {
        assay_stream_write(c->stream, assay_buf_slice(&a->body));
    }
}

static void
send_answer(struct assay_http_conn *c, struct assay_http_answer *a,
            bool keep_alive)
{
    struct assay_buf head;
    struct assay_error err;
    bool ok;

    keep_alive = keep_alive && !c->server->draining;
    ok = assay_http_answer_head(a, keep_alive, &head, &err) == ASSAY_OK;
    if (!ok) { /* what the handler made cannot be sent */
        assay_buf_free(&head);
        assay_buf_free(&a->fields);
        assay_http_answer_error(a, 500, "internal", err.msg, NULL);
        keep_alive = false;
        ok = assay_http_answer_head(a, false, &head, &err) == ASSAY_OK;
    }
    if (!ok) {
        assay_buf_free(&head);
        assay_http_conn_close(c);
        return;
    }
    write_answer(c, a, &head);
    assay_buf_free(&head);
    c->state = keep_alive ? SEND : SAY_BYE;
    limit_time(c, ASSAY_HTTP_ANSWER_MS);
    if (assay_stream_queued(c->stream) == 0) {
        go_on(c);
    } else {
        assay_stream_read(c->stream, false);
    }
}

static void
refuse(struct assay_http_conn *c, unsigned status, enum assay_code code,
       const char *message)
{
    struct assay_http_answer a;

    assay_http_answer_init(&a);
    assay_http_answer_error(&a, status, assay_code_name(code), message, NULL);
    send_answer(c, &a, false);
    assay_http_answer_free(&a);
}

static void
answer(struct assay_http_conn *c)
{
    struct assay_http_request request = {.from = c,
                                         .head = &c->head,
                                         .path = c->head.target,
                                         .body = assay_buf_slice(&c->body)};
    const uint8_t *mark = memchr(request.path.ptr, '?', request.path.len);
    struct assay_http_answer a;

    if (mark != NULL) {
        request.path.len = (size_t)(mark - request.path.ptr);
        request.query.ptr = mark + 1;
        request.query.len = c->head.target.len - request.path.len - 1;
    }
    assay_http_answer_init(&a);
    c->server->handler(c->server->user, &request, &a);
    if (!c->closed) { /* by the handler, with the server */
        if (c->state != WAIT) {
            send_answer(c, &a, c->head.keep_alive && !a.close);
        }
        assay_buf_free(&c->body);
    }
    assay_http_answer_free(&a);
}

/* Of the head, which is gone soon, only the method is still needed. Reading
 * goes on, to see the peer leave. */
void
assay_http_answer_later(struct assay_http_conn *from, void (*gone)(void *user),
                        void *user)
{
    bool head = assay_slice_is(from->head.method, "HEAD");

    from->head.method = head ? assay_slice_of("HEAD") : ASSAY_EMPTY;
    from->state = WAIT;
    from->gone = gone;
    from->gone_user = user;
    uv_timer_stop(&from->timer);
}

/* --- reading ------------------------------------------------------------ */

/* How many bytes belong to the body; then the state is another if it is all
 * there, or cannot be read. */
static size_t
read_body(struct assay_http_conn *c, struct assay_slice in)
{
    struct assay_error err;
    size_t total = 0;
    size_t used;

    assay_error_clear(&err);
    do {
        struct assay_slice rest = {in.ptr + total, in.len - total};
        struct assay_slice data;

        if (assay_http1_body_feed(&c->body_reader, rest, &used, &data, &err) !=
            ASSAY_OK) {
            break;
        }
        total += used;
        assay_buf_add(&c->body, data);
    } while (used > 0 && !c->body_reader.done);
    assay_buf_check(&c->body, "body", &err);
    if (err.code == ASSAY_TOO_LARGE) {
        refuse(c, 413, err.code, err.msg);
    } else if (err.code == ASSAY_NO_MEMORY) {
        refuse(c, 503, err.code, err.msg);
    } else if (err.code != ASSAY_OK) {
        refuse(c, 400, err.code, err.msg);
    } else if (c->body_reader.done) {
        answer(c);
    }
    return total;
}

static void
begin_body(struct assay_http_conn *c)
{
    struct assay_slice rest = {c->in.ptr + c->at, c->in.len - c->at};
    size_t max = c->server->limits.body_bytes;

    assay_buf_init(&c->body, max);
    if (c->head.framing == ASSAY_HTTP1_NO_BODY) {
        answer(c);
        return;
    }
    if (c->head.framing == ASSAY_HTTP1_LENGTH && c->head.content_length > max) {
        refuse(c, 413, ASSAY_TOO_LARGE, "the body is longer than is allowed");
        return;
    }
    c->state = READ_BODY;
    assay_http1_body_init(&c->body_reader, &c->head, max);
    if (rest.len == 0 && c->head.expect_continue && c->head.minor >= 1 &&
        (c->head.framing == ASSAY_HTTP1_CHUNKED ||
         c->head.content_length > 0)) {
        assay_stream_write(c->stream,
                           assay_slice_of("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    c->at += read_body(c, rest);
}

/* One request after the other, as long as whole ones are there and their
 * answers are taken. */
static void
read_requests(struct assay_http_conn *c)
{
    struct assay_error err;
    size_t used = 1;

    assay_error_clear(&err);
    while (!c->closed && c->state == READ_HEAD && used > 0 &&
           c->at < c->in.len) {
        struct assay_slice in = {c->in.ptr + c->at, c->in.len - c->at};

        if (!c->in_time) {
            c->in_time = true;
            limit_time(c, c->server->limits.request_ms);
        }
        if (assay_http1_request(in, &c->scanned, &c->head, &used, &err) !=
            ASSAY_OK) {
            c->head.method = ASSAY_EMPTY; /* of the request before */
            refuse(c, assay_http1_refusal(in, &err), err.code, err.msg);
            return;
        }
        if (used > 0) {
            c->at += used;
            c->scanned = 0;
            begin_body(c);
        }
    }
    if (!c->closed && c->state != READ_BODY) { /* the head is done with */
        memmove(c->in.ptr, c->in.ptr + c->at, c->in.len - c->at);
        c->in.len -= c->at;
        c->at = 0;
    }
}

void
assay_http_answer_now(struct assay_http_conn *from,
                      struct assay_http_answer *answer)
{
    from->gone = NULL;
    send_answer(from, answer, from->head.keep_alive && !answer->close);
    if (!from->closed) {
        read_requests(from);
    }
}

static void
on_data(void *user, struct assay_slice data)
{
    struct assay_http_conn *c = user;

    if (c->state == READ_BODY) {
        size_t used = read_body(c, data);

        data.ptr += used;
        data.len -= used;
        if (c->closed || c->state == READ_BODY) {
            return;
        }
        c->in.len = 0; /* the head is done with */
        c->at = 0;
    }
    if (c->state == SEE_BYE || c->state == SAY_BYE) {
        return;
    }
    assay_buf_add(&c->in, data);
    if (c->state == WAIT) { /* who sends on is not watched any more */
        assay_stream_read(c->stream, false);
    }
    if (c->in.failed) {
        assay_http_conn_close(c);
        return;
    }
    read_requests(c);
}

/* --- events ------------------------------------------------------------- */

static void
on_drained(void *user)
{
    struct assay_http_conn *c = user;

    if (c->state == SEND || c->state == SAY_BYE) {
        go_on(c);
        read_requests(c);
    }
}

/* Nothing is owed, as nothing is read while it is; or it is given later, and
 * the peer does not wait for it. */
static void
on_eof(void *user)
{
    assay_http_conn_close(user);
}

static void
on_failed(void *user, const struct assay_error *err)
{
    (void)err; /* there is nobody left to tell */
    assay_http_conn_close(user);
}

static void
on_timer(uv_timer_t *timer)
{
    struct assay_http_conn *c = timer->data;

    if (c->in_time && (c->state == READ_HEAD || c->state == READ_BODY)) {
        c->head.method = ASSAY_EMPTY;
        refuse(c, 408, ASSAY_TIMEOUT, "the request did not arrive in time");
    } else {
        assay_http_conn_close(c);
    }
}

struct assay_http_conn *
assay_http_conn_new(struct assay_http_server *s, struct assay_stream *stream)
{
    static const struct assay_stream_events events = {.data = on_data,
                                                      .eof = on_eof,
                                                      .drained = on_drained,
                                                      .failed = on_failed};
    struct assay_http_conn *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        assay_stream_close(stream);
        return NULL;
    }
    c->server = s;
    c->stream = stream;
    c->next = s->first;
    c->self = &s->first;
    if (c->next != NULL) {
        c->next->self = &c->next;
    }
    s->first = c;
    /* A head that is not whole, and one reading. */
    assay_buf_init(&c->in,
                   ASSAY_HTTP1_HEAD_MAX_BYTES + ASSAY_STREAM_READ_BYTES);
    uv_timer_init(s->loop, &c->timer); /* never fails */
    c->timer.data = c;
    assay_stream_tell(stream, &events, c);
    wait_for_request(c);
    return c;
}
