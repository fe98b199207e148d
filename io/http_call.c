/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * http_call.c - one request to a local server, and its whole answer.
 */
#include "io/http_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define REQUEST_HEAD_MAX_BYTES (16u * 1024u)

struct assay_http_call {
    assay_http_called *done;
    void *user;
    struct assay_dial *dial;     /* under way */
    struct assay_stream *stream; /* connected */
    uv_timer_t timer;
    uint32_t timeout_ms;
    struct assay_buf request;
    struct assay_buf in; /* the head, which `head` points into */
    size_t scanned;
    bool has_head;
    bool over;
    struct assay_http1_head head;
    struct assay_http1_body body_reader;
    struct assay_buf body;
    struct assay_error error;
    char method[16];
    char what[2 * ASSAY_HOST_MAX_BYTES]; /* "unix:PATH: POST /GetQuote" */
};

/* --- the end ------------------------------------------------------------ */

static void
on_timer_closed(uv_handle_t *timer)
{
    struct assay_http_call *c = timer->data;

    assay_buf_free(&c->request);
    assay_buf_free(&c->in);
    assay_buf_free(&c->body);
    free(c);
}

void
assay_http_call_cancel(struct assay_http_call *c)
{
    if (c == NULL || c->over) {
        return;
    }
    c->over = true;
    assay_dial_cancel(c->dial);
    assay_stream_close(c->stream);
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

static void
finish_failed(struct assay_http_call *c, enum assay_code code, const char *why)
{
    struct assay_error err;

    assay_error_clear(&err);
    assay_fail(&err, code, ASSAY_NO_OFFSET, "%s: %s", c->what, why);
    assay_http_call_cancel(c); /* c lives until its timer is closed */
    c->done(c->user, NULL, ASSAY_EMPTY, &err);
}

static void
finish_ok(struct assay_http_call *c)
{
    struct assay_error err;

    assay_error_clear(&err);
    assay_http_call_cancel(c);
    c->done(c->user, &c->head, assay_buf_slice(&c->body), &err);
}

static void
on_timeout(uv_timer_t *timer)
{
    struct assay_http_call *c = timer->data;
    char why[80];

    snprintf(why, sizeof(why), "no whole answer within %.1f s",
             (double)c->timeout_ms / 1000.0);
    finish_failed(c, ASSAY_TIMEOUT, why);
}

/* --- the answer --------------------------------------------------------- */

static void
finish_unreadable(struct assay_http_call *c, const struct assay_error *err)
{
    bool broken =
        err->code == ASSAY_MALFORMED || err->code == ASSAY_UNSUPPORTED;

    finish_failed(c, broken ? ASSAY_REPLY : err->code, err->msg);
}

static void
read_body(struct assay_http_call *c, struct assay_slice in)
{
    struct assay_error err;
    size_t used = 1;

    assay_error_clear(&err);
    while (err.code == ASSAY_OK && used > 0 && !c->body_reader.done) {
        struct assay_slice data = ASSAY_EMPTY;

        if (assay_http1_body_feed(&c->body_reader, in, &used, &data, &err) ==
            ASSAY_OK) {
            in.ptr += used;
            in.len -= used;
            assay_buf_add(&c->body, data);
            assay_buf_check(&c->body, "body", &err);
        }
    }
    if (err.code != ASSAY_OK) {
        finish_unreadable(c, &err);
    } else if (c->body_reader.done) {
        finish_ok(c); /* what stands behind it was not asked for */
    }
}

static void
begin_body(struct assay_http_call *c, size_t head_len)
{
    struct assay_slice rest = {c->in.ptr + head_len, c->in.len - head_len};

    if (c->head.framing == ASSAY_HTTP1_NO_BODY) {
        finish_ok(c);
        return;
    }
    if (c->head.framing == ASSAY_HTTP1_LENGTH &&
        c->head.content_length > c->body.max) {
        finish_failed(c, ASSAY_TOO_LARGE,
                      "the answer is longer than is allowed");
        return;
    }
    c->has_head = true;
    assay_http1_body_init(&c->body_reader, &c->head, c->body.max);
    read_body(c, rest);
}

/* Past answers that only announce the final one. */
static void
read_head(struct assay_http_call *c)
{
    struct assay_error err;
    size_t used;

    assay_error_clear(&err);
    for (;;) {
        if (assay_http1_response(assay_buf_slice(&c->in), c->method,
                                 &c->scanned, &c->head, &used,
                                 &err) != ASSAY_OK) {
            finish_unreadable(c, &err);
            return;
        }
        if (used == 0) {
            return;
        }
        if (c->head.status == 101) {
            finish_failed(c, ASSAY_REPLY, "the server changes the protocol");
            return;
        }
        if (c->head.status >= 200) {
            begin_body(c, used);
            return;
        }
        memmove(c->in.ptr, c->in.ptr + used, c->in.len - used);
        c->in.len -= used;
        c->scanned = 0;
    }
}

static void
on_data(void *user, struct assay_slice data)
{
    struct assay_http_call *c = user;
    struct assay_error err;

    assay_error_clear(&err);
    if (c->has_head) {
        read_body(c, data);
        return;
    }
    assay_buf_add(&c->in, data);
    if (assay_buf_check(&c->in, "the answer's head", &err) != ASSAY_OK) {
        finish_failed(c, err.code, err.msg);
        return;
    }
    read_head(c);
}

static void
on_eof(void *user)
{
    struct assay_http_call *c = user;
    struct assay_error err;

    assay_error_clear(&err);
    if (!c->has_head) {
        finish_failed(c, ASSAY_NETWORK,
                      c->in.len > 0 ? "the answer broke off"
                                    : "the server closed the connection "
                                      "unanswered");
    } else if (assay_http1_body_eof(&c->body_reader, &err) == ASSAY_OK) {
        finish_ok(c);
    } else {
        finish_failed(c, ASSAY_NETWORK, "the answer broke off");
    }
}

static void
on_failed(void *user, const struct assay_error *err)
{
    finish_failed(user, err->code, err->msg);
}

/* --- the request -------------------------------------------------------- */

static void
on_dialed(void *user, struct assay_stream *stream,
          const struct assay_error *err)
{
    static const struct assay_stream_events events = {
        .data = on_data, .eof = on_eof, .failed = on_failed};
    struct assay_http_call *c = user;

    c->dial = NULL;
    if (stream == NULL) {
        assay_http_call_cancel(c);
        c->done(c->user, NULL, ASSAY_EMPTY, err);
        return;
    }
    c->stream = stream;
    uv_timer_start(&c->timer, on_timeout, c->timeout_ms, 0);
    assay_stream_tell(stream, &events, c);
    assay_stream_write(stream, assay_buf_slice(&c->request));
    assay_stream_read(stream, true);
}

/* Instead of a connection, if there is nothing to be sent. */
static void
on_hopeless(uv_timer_t *timer)
{
    struct assay_http_call *c = timer->data;

    finish_failed(c, c->error.code, c->error.msg);
}

/* A failure sticks in *err, so nobody looks at each. */
static enum assay_code
put(struct assay_buf *to, const char *name, const char *value,
    struct assay_error *err)
{
    return assay_http1_put_field(to, assay_slice_of(name),
                                 assay_slice_of(value), err);
}

static bool
is_ours(struct assay_slice name)
{
    static const char *const names[] = {"Host",           "Accept",
                                        "Connection",     "Content-Type",
                                        "Content-Length", "Transfer-Encoding"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (assay_slice_is_nocase(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* What is wrong with them is not quoted: they may be secrets. */
static void
put_fields(struct assay_buf *to, const char *lines, struct assay_error *err)
{
    while (lines[0] != '\0' && err->code == ASSAY_OK) {
        const char *end = strstr(lines, "\r\n");
        const char *colon = strchr(lines, ':');
        struct assay_slice name;
        struct assay_slice value;

        if (end == NULL || colon == NULL || colon > end) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "fields: not lines of \"Name: value\"");
            return;
        }
        name = (struct assay_slice){(const uint8_t *)lines,
                                    (size_t)(colon - lines)};
        value = (struct assay_slice){(const uint8_t *)colon + 1,
                                     (size_t)(end - colon) - 1};
        if (is_ours(name)) {
            assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                       "fields: one that is written anyway");
        }
        (void)!assay_http1_put_field(to, name, value, err);
        lines = end + 2;
    }
}

static enum assay_code
put_request(struct assay_buf *to, const struct assay_http_call_options *o,
            struct assay_error *err)
{
    char length[24];

    if (assay_http1_put_request(to, assay_slice_of(o->method),
                                assay_slice_of(o->target), err) != ASSAY_OK) {
        return err->code;
    }
    put(to, "Host", o->host, err);
    put(to, "Accept", "application/json", err);
    put(to, "Connection", "close", err);
    if (o->body.len > 0) {
        put(to, "Content-Type", "application/json", err);
    }
    if (o->body.len > 0 || strcmp(o->method, "POST") == 0) {
        snprintf(length, sizeof(length), "%zu", o->body.len);
        put(to, "Content-Length", length, err);
    }
    put_fields(to, o->fields != NULL ? o->fields : "", err);
    assay_http1_put_end(to);
    assay_buf_add(to, o->body);
    assay_buf_check(to, "request", err);
    return err->code;
}

static void
init(struct assay_http_call *c, const struct assay_http_call_options *o)
{
    /* A head that is not whole, and one reading. */
    assay_buf_init(&c->in,
                   ASSAY_HTTP1_HEAD_MAX_BYTES + ASSAY_STREAM_READ_BYTES);
    assay_buf_init(&c->request, o->body.len + REQUEST_HEAD_MAX_BYTES);
    assay_buf_init(&c->body, o->answer_max);
    assay_error_clear(&c->error);
    snprintf(c->method, sizeof(c->method), "%s", o->method);
    (void)snprintf(
        c->what, sizeof(c->what), "%s%s%s: %.15s %.60s",
        o->to.is_unix ? "unix:" : o->to.host, o->to.is_unix ? "" : ":",
        o->to.is_unix ? o->to.path : o->to.port, o->method, o->target);
    c->timeout_ms =
        o->timeout_ms != 0 ? o->timeout_ms : ASSAY_HTTP_CALL_TIMEOUT_MS;
}

struct assay_http_call *
assay_http_call_start(uv_loop_t *loop,
                      const struct assay_http_call_options *options,
                      assay_http_called *done, void *user)
{
    const struct assay_dial_options to = {.to = options->to,
                                          .timeout_ms = options->connect_ms};
    struct assay_http_call *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        return NULL;
    }
    init(c, options);
    c->done = done;
    c->user = user;
    uv_timer_init(loop, &c->timer); /* never fails */
    c->timer.data = c;
    if (put_request(&c->request, options, &c->error) == ASSAY_OK) {
        c->dial = assay_dial_start(loop, &to, on_dialed, c);
        if (c->dial == NULL) {
            assay_http_call_cancel(c);
            return NULL;
        }
    } else {
        uv_timer_start(&c->timer, on_hopeless, 0, 0);
    }
    return c;
}
