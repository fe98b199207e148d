/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_http_server.c - what clients send, and what they get for it.
 */
#include <stdio.h>

#include "base/buf.h"
#include "harness/loop.h"
#include "io/dial.h"
#include "io/http_server.h"

#define BODY_MAX  16u
#define BIG_BYTES (8u * 1024u * 1024u)

struct client {
    struct trial *trial;
    struct assay_dial *dial;
    struct assay_stream *stream;
    struct assay_slice send;
    size_t sent;
    size_t piece;      /* bytes of `send` at a time */
    const char *after; /* what must be there before `then` is sent */
    const char *then;
    bool stays; /* does not say that it has sent all */
    bool reads_later;
    bool closed;    /* by the server */
    size_t total;   /* bytes received */
    char got[8192]; /* the first of them */
};

struct trial {
    struct trial_loop loop;
    struct assay_http_server *server;
    struct assay_http_server_limits limits;
    struct assay_dial_options to;
    unsigned handled;
    unsigned running; /* clients that are not closed */
};

/* --- the server --------------------------------------------------------- */

static void
add_slice(struct assay_buf *b, const char *name, struct assay_slice s)
{
    assay_buf_add_text(b, name);
    assay_buf_add(b, s);
}

/* Says what it was asked, and does what the path names. */
static void
handle(void *user, const struct assay_http_request *request,
       struct assay_http_answer *answer)
{
    struct trial *t = user;
    struct assay_error err;

    t->handled++;
    assay_error_clear(&err);
    answer->content_type = "text/plain";
    if (assay_slice_is(request->path, "/big")) {
        uint8_t *big = assay_buf_extend(&answer->body, BIG_BYTES);

        assert_non_null(big);
        memset(big, 'b', BIG_BYTES);
        return;
    }
    add_slice(&answer->body, "", request->head->method);
    add_slice(&answer->body, " ", request->path);
    add_slice(&answer->body, "|", request->query);
    add_slice(&answer->body, "|", request->body);
    if (assay_slice_is(request->path, "/close")) {
        answer->close = true;
    } else if (assay_slice_is(request->path, "/none")) {
        answer->status = 204;
        answer->content_type = NULL;
    } else if (assay_slice_is(request->path, "/field")) {
        assert_int_equal(assay_http1_put_field(&answer->fields,
                                               assay_slice_of("X"),
                                               assay_slice_of("y"), &err),
                         ASSAY_OK);
    } else if (assay_slice_is(request->path, "/error")) {
        assay_http_answer_error(answer, 404, "not_found", "no \"x\"", NULL);
    } else if (assay_slice_is(request->path, "/hint")) {
        assay_http_answer_error(answer, 404, "not_found", "no", "look");
    } else if (assay_slice_is(request->path, "/bad-status")) {
        answer->status = 99;
    } else if (assay_slice_is(request->path, "/bad-type")) {
        answer->content_type = "a\r\nb";
    } else if (assay_slice_is(request->path, "/bad-body")) {
        assert_null(
            assay_buf_extend(&answer->body, ASSAY_HTTP_ANSWER_MAX_BYTES));
    } else if (assay_slice_is(request->path, "/end")) {
        assay_http_server_close(t->server);
        t->server = NULL;
    }
}

static void
trial_listen(struct trial *t)
{
    struct assay_address at;
    struct assay_error err;

    assert_int_equal(assay_address_parse("127.0.0.1:0", NULL, &at, &err),
                     ASSAY_OK);
    if (assay_http_server_new(&t->loop.uv, &at, 0600, &t->limits, handle, t,
                              &t->server, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    assert_int_equal(assay_address_parse(assay_http_server_address(t->server),
                                         NULL, &t->to.to, &err),
                     ASSAY_OK);
}

static void
trial_open(struct trial *t)
{
    *t = (struct trial){.limits = {.body_bytes = BODY_MAX,
                                   .connections = 8,
                                   .request_ms = 20000,
                                   .idle_ms = 20000}};
    loop_open(&t->loop);
    trial_listen(t);
}

static void
trial_close(struct trial *t)
{
    assay_http_server_close(t->server);
    loop_close(&t->loop);
}

/* --- clients ------------------------------------------------------------ */

static void
client_close(struct client *c)
{
    if (!c->closed) {
        c->closed = true;
        assay_stream_close(c->stream);
        c->stream = NULL;
        if (--c->trial->running == 0) {
            uv_stop(&c->trial->loop.uv);
        }
    }
}

static void
client_send(struct client *c)
{
    struct assay_slice piece = {c->send.ptr + c->sent, c->send.len - c->sent};

    if (piece.len > 0) {
        piece.len = piece.len < c->piece ? piece.len : c->piece;
        c->sent += piece.len;
        assay_stream_write(c->stream, piece);
    } else if (!c->stays && c->then == NULL) {
        c->stays = true; /* once */
        assay_stream_shutdown(c->stream);
    }
}

static void
client_on_drained(void *user)
{
    client_send(user);
}

static void
client_on_data(void *user, struct assay_slice data)
{
    struct client *c = user;

    for (size_t i = 0; i < data.len; i++) {
        if (c->total < sizeof(c->got) - 1) {
            c->got[c->total] = (char)data.ptr[i];
        }
        c->total++;
    }
    if (c->then != NULL && strstr(c->got, c->after) != NULL) {
        assay_stream_write(c->stream, assay_slice_of(c->then));
        c->then = NULL;
    }
}

static void
client_on_eof(void *user)
{
    client_close(user);
}

static void
client_on_failed(void *user, const struct assay_error *err)
{
    (void)err;
    client_close(user);
}

static void
client_on_dialed(void *user, struct assay_stream *stream,
                 const struct assay_error *err)
{
    static const struct assay_stream_events events = {
        .data = client_on_data,
        .eof = client_on_eof,
        .drained = client_on_drained,
        .failed = client_on_failed};
    struct client *c = user;

    if (stream == NULL) {
        fail_msg("%s", err->msg);
    }
    c->stream = stream;
    assay_stream_tell(stream, &events, c);
    assay_stream_read(stream, !c->reads_later);
    client_send(c);
}

static void
client_start(struct client *c, struct trial *t, struct assay_slice send)
{
    c->trial = t;
    c->send = send;
    c->piece = c->piece != 0 ? c->piece : SIZE_MAX;
    t->running++;
    c->dial = assay_dial_start(&t->loop.uv, &t->to, client_on_dialed, c);
    assert_non_null(c->dial);
}

static void
client_run(struct client *c, struct trial *t, struct assay_slice send)
{
    client_start(c, t, send);
    loop_run(&t->loop);
    assert_true(c->closed);
}

/* Cuts "Date: Tue, 15 Nov 1994 08:12:31 GMT" out, which every head has. */
static void
cut_dates(char *text)
{
    for (char *d = strstr(text, "Date: "); d != NULL;
         d = strstr(text, "Date: ")) {
        assert_memory_equal(d + 9, ", ", 2);
        assert_memory_equal(d + 31, " GMT\r\n", 6);
        memmove(d, d + 37, strlen(d + 37) + 1);
    }
}

/* --- tables ------------------------------------------------------------- */

#define HOST "Host: h\r\n"
#define OK(n, connection)                                                      \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " #n       \
    "\r\nConnection: " connection "\r\n"
#define KEPT(n)   OK(n, "keep-alive") "\r\n"
#define CLOSED(n) OK(n, "close") "\r\n"

static const struct {
    const char *name;
    const char *send;
    const char *want;
} rows[] = {
    {"GET", "GET /a?b=c&d HTTP/1.1\r\n" HOST "\r\n", KEPT(13) "GET /a|b=c&d|"},
    {"two questions", "GET /?a?b HTTP/1.1\r\n" HOST "\r\n",
     KEPT(10) "GET /|a?b|"},
    {"POST", "POST /a HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody",
     KEPT(13) "POST /a||body"},
    {"an empty body", "POST /a HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n",
     KEPT(9) "POST /a||"},
    {"the longest body",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 16\r\n\r\n0123456789abcdef",
     KEPT(24) "POST /||0123456789abcdef"},
    {"chunks",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
     "2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
     KEPT(12) "POST /||body"},
    {"HEAD", "HEAD /a HTTP/1.1\r\n" HOST "\r\n", KEPT(9)},
    {"pipeline",
     "GET /1 HTTP/1.1\r\n" HOST "\r\n"
     "POST /2 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi"
     "POST /3 HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
     "1\r\nx\r\n0\r\n\r\n"
     "HEAD /4 HTTP/1.1\r\n" HOST "\r\n"
     "GET /5 HTTP/1.1\r\n" HOST "\r\n",
     KEPT(8) "GET /1||" KEPT(11) "POST /2||hi" KEPT(10) "POST /3||x" KEPT(9)
         KEPT(8) "GET /5||"},
    {"a client that closes",
     "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"
     "GET /2 HTTP/1.1\r\n" HOST "\r\n",
     CLOSED(7) "GET /||"},
    {"a handler that closes",
     "GET /close HTTP/1.1\r\n" HOST "\r\nGET /2 HTTP/1.1\r\n" HOST "\r\n",
     CLOSED(12) "GET /close||"},
    {"HTTP/1.0", "GET / HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
     CLOSED(7) "GET /||"},
    {"no content", "GET /none HTTP/1.1\r\n" HOST "\r\n",
     "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n"},
    {"a field", "GET /field HTTP/1.1\r\n" HOST "\r\n",
     OK(12, "keep-alive") "X: y\r\n\r\nGET /field||"},
    {"nothing", "", ""},
    {"half a request", "GET / HTTP/1.1\r\nHo", ""},
    {"half a body", "POST / HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbo",
     ""},
};

static void
answered(void **state)
{
    static const size_t pieces[] = {SIZE_MAX, 1, 7};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows) * COUNT_OF(pieces); i++) {
        size_t row = i / COUNT_OF(pieces);
        struct client c = {.piece = pieces[i % COUNT_OF(pieces)]};
        struct trial t;

        trial_open(&t);
        client_run(&c, &t, assay_slice_of(rows[row].send));
        cut_dates(c.got);
        if (strcmp(c.got, rows[row].want) != 0) {
            fail_msg("row \"%s\", pieces of %zu: got \"%s\"", rows[row].name,
                     c.piece, c.got);
        }
        trial_close(&t);
    }
}

/* `code` as in JSON; NULL: any message. */
static const struct {
    const char *name;
    const char *send;
    unsigned status;
    const char *code;
    const char *message;
} errors[] = {
    {"garbage", "hello\r\n\r\n", 400, "malformed", NULL},
    {"TLS", "\x16\x03\x01\x02\x02\x01\r\n\r\n", 400, "malformed", NULL},
    {"no Host", "GET / HTTP/1.1\r\n\r\n", 400, "malformed", NULL},
    {"two lengths",
     "GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
     400, "malformed", NULL},
    {"a bad chunk",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx\r\n", 400,
     "malformed", NULL},
    {"too long",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 17\r\n\r\n0123456789abcdef0",
     413, "too_large", "the body is longer than is allowed"},
    {"too long, and asks before",
     "POST / HTTP/1.1\r\n" HOST "Content-Length: 17\r\n"
     "Expect: 100-continue\r\n\r\n",
     413, "too_large", "the body is longer than is allowed"},
    {"too long in chunks",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
     "f\r\n0123456789abcde\r\n2\r\n01\r\n0\r\n\r\n",
     413, "too_large", NULL},
    {"HTTP/2.0", "GET / HTTP/2.0\r\n" HOST "\r\n", 505, "unsupported", NULL},
    {"gzip",
     "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501,
     "unsupported", NULL},
    {"a handler's error", "GET /error HTTP/1.1\r\n" HOST "\r\n", 404,
     "not_found", "no \\\"x\\\""},
    {"a handler's hint", "GET /hint HTTP/1.1\r\n" HOST "\r\n", 404, "not_found",
     "no\",\"hint\":\"look"},
    {"a bad status", "GET /bad-status HTTP/1.1\r\n" HOST "\r\n", 500,
     "internal", "status of the answer"},
    {"a bad field", "GET /bad-type HTTP/1.1\r\n" HOST "\r\n", 500, "internal",
     NULL},
    {"a body too long", "GET /bad-body HTTP/1.1\r\n" HOST "\r\n", 500,
     "internal", "body of the answer: more than 67108864 bytes"},
};

static void
check_json_error(const char *row, const char *got, unsigned status,
                 const char *code, const char *message)
{
    char want[256];

    snprintf(want, sizeof(want), "HTTP/1.1 %u ", status);
    CHECK(row, strncmp(got, want, strlen(want)) == 0);
    CHECK(row, strstr(got, "\r\nContent-Type: application/json\r\n") != NULL);
    snprintf(want, sizeof(want), "\r\n\r\n{\"error\":{\"code\":\"%s\",\"%s%s",
             code, "message\":\"", message != NULL ? message : "");
    if (strstr(got, want) == NULL) {
        fail_msg("row \"%s\": got \"%s\"", row, got);
    }
    CHECK(row, strcmp(got + strlen(got) - 2, "}}") == 0);
}

static void
refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        struct client c = {.piece = 0};
        struct trial t;

        trial_open(&t);
        client_run(&c, &t, assay_slice_of(errors[i].send));
        check_json_error(errors[i].name, c.got, errors[i].status,
                         errors[i].code, errors[i].message);
        trial_close(&t);
    }
}

/* The request before it was fine, and what follows it is not looked at. */
static void
refused_in_a_row(void **state)
{
    struct client c = {.piece = 0};
    struct trial t;

    (void)state;
    trial_open(&t);
    client_run(&c, &t,
               assay_slice_of("HEAD / HTTP/1.1\r\n" HOST "\r\n"
                              "bad\r\n\r\n"
                              "GET / HTTP/1.1\r\n" HOST "\r\n"));
    assert_int_equal(t.handled, 1);
    assert_non_null(strstr(c.got, "HTTP/1.1 400 "));
    assert_string_equal(c.got + strlen(c.got) - 2, "}}");
    trial_close(&t);
}

static void
long_heads(void **state)
{
    static char head[2 * ASSAY_HTTP1_HEAD_MAX_BYTES];
    static const struct {
        const char *start;
        size_t len;
        unsigned status;
    } longs[] = {
        {"GET /", ASSAY_HTTP1_TARGET_MAX_BYTES + 100, 414},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: ", sizeof(head), 431},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(longs); i++) {
        struct client c = {.piece = 0};
        struct trial t;
        size_t n = longs[i].len;

        memset(head, 'a', sizeof(head));
        assay_copy(head, assay_slice_of(longs[i].start));
        assay_copy(head + n - 14, assay_slice_of(" HTTP/1.1\r\n\r\n"));
        trial_open(&t);
        client_run(&c, &t, (struct assay_slice){(uint8_t *)head, n});
        check_json_error(longs[i].start, c.got, longs[i].status, "too_large",
                         NULL);
        trial_close(&t);
    }
}

static void
truncated(void **state)
{
    static const char whole[] =
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nhi\r\n0\r\n\r\n";

    (void)state;
    for (size_t n = 0; n < sizeof(whole) - 1; n++) {
        struct client c = {.piece = 0};
        struct trial t;

        trial_open(&t);
        client_run(&c, &t, (struct assay_slice){(const uint8_t *)whole, n});
        assert_string_equal(c.got, "");
        assert_int_equal(t.handled, 0);
        trial_close(&t);
    }
}

/* --- conversations ------------------------------------------------------ */

static void
continued(void **state)
{
    struct client c = {.after = "HTTP/1.1 100 Continue\r\n\r\n",
                       .then = "body"};
    struct trial t;

    (void)state;
    trial_open(&t);
    client_run(&c, &t,
               assay_slice_of("POST / HTTP/1.1\r\n" HOST
                              "Content-Length: 4\r\nConnection: close\r\n"
                              "Expect: 100-continue\r\n\r\n"));
    cut_dates(c.got);
    assert_string_equal(
        c.got, "HTTP/1.1 100 Continue\r\n\r\n" CLOSED(12) "POST /||body");
    trial_close(&t);
}

static void
late_request(void **state)
{
    static const char *const halves[] = {
        "GET / HTTP/1.1\r\n",
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbo",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(halves); i++) {
        struct client c = {.stays = true};
        struct trial t;

        trial_open(&t);
        t.limits.request_ms = 100;
        assay_http_server_close(t.server);
        trial_listen(&t);
        client_run(&c, &t, assay_slice_of(halves[i]));
        check_json_error(halves[i], c.got, 408, "timeout",
                         "the request did not arrive in time");
        trial_close(&t);
    }
}

static void
idle(void **state)
{
    static const char *const before[] = {"", "GET / HTTP/1.1\r\n" HOST "\r\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(before); i++) {
        struct client c = {.stays = true};
        struct trial t;

        trial_open(&t);
        t.limits.idle_ms = 100;
        assay_http_server_close(t.server);
        trial_listen(&t);
        client_run(&c, &t, assay_slice_of(before[i]));
        cut_dates(c.got);
        assert_string_equal(c.got, i == 0 ? "" : KEPT(7) "GET /||");
        trial_close(&t);
    }
}

/* The second one waits with the system until the first has gone. */
static void
one_at_a_time(void **state)
{
    struct client first = {.stays = true};
    struct client second = {.piece = 0};
    struct trial t;

    (void)state;
    trial_open(&t);
    t.limits.connections = 1;
    assay_http_server_close(t.server);
    trial_listen(&t);
    client_start(&first, &t, assay_slice_of("GET /1 HTTP/1.1\r\n" HOST "\r\n"));
    while (t.handled == 0 && !t.loop.expired) {
        uv_run(&t.loop.uv, UV_RUN_ONCE);
    }
    client_start(&second, &t,
                 assay_slice_of("GET /2 HTTP/1.1\r\n" HOST "\r\n"));
    for (int i = 0; i < 20; i++) {
        uv_run(&t.loop.uv, UV_RUN_NOWAIT);
    }
    assert_non_null(second.stream);
    assert_int_equal(second.sent, second.send.len);
    assert_int_equal(t.handled, 1);
    client_close(&first);
    loop_run(&t.loop);
    assert_non_null(strstr(second.got, "GET /2||"));
    trial_close(&t);
}

/* Who does not read gets one answer made, not all that it asks for. */
static void
slow_client(void **state)
{
    struct client c = {.reads_later = true};
    struct trial t;

    (void)state;
    trial_open(&t);
    client_start(&c, &t,
                 assay_slice_of("GET /big HTTP/1.1\r\n" HOST "\r\n"
                                "GET /big HTTP/1.1\r\n" HOST "\r\n"
                                "GET /big HTTP/1.1\r\n" HOST "\r\n"));
    for (int i = 0; i < 50; i++) {
        uv_run(&t.loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(t.handled, 1);
    assay_stream_read(c.stream, true);
    loop_run(&t.loop);
    assert_int_equal(t.handled, 3);
    assert_true(c.total > 3 * BIG_BYTES);
    assert_true(c.total < 3 * BIG_BYTES + 3 * 400);
    trial_close(&t);
}

static void
closed_by_handler(void **state)
{
    struct client c = {.piece = 0};
    struct trial t;

    (void)state;
    trial_open(&t);
    client_run(&c, &t,
               assay_slice_of("POST /end HTTP/1.1\r\n" HOST
                              "Content-Length: 2\r\n\r\nhi"
                              "GET / HTTP/1.1\r\n" HOST "\r\n"));
    assert_string_equal(c.got, "");
    assert_int_equal(t.handled, 1);
    trial_close(&t);
}

/* Connections in every state. */
static void
closed_early(void **state)
{
    static const char *const sends[] = {"",
                                        "GET /",
                                        "POST / HTTP/1.1\r\n" HOST
                                        "Content-Length: 4\r\n\r\nbo",
                                        "GET /big HTTP/1.1\r\n" HOST "\r\n",
                                        "bad\r\n\r\n",
                                        "GET /close HTTP/1.1\r\n" HOST "\r\n"};
    struct client c[COUNT_OF(sends)];
    struct trial t;

    (void)state;
    trial_open(&t);
    for (size_t i = 0; i < COUNT_OF(sends); i++) {
        c[i] = (struct client){.stays = true, .reads_later = true};
        client_start(&c[i], &t, assay_slice_of(sends[i]));
    }
    for (int i = 0; i < 20; i++) {
        uv_run(&t.loop.uv, UV_RUN_NOWAIT);
    }
    assay_http_server_close(t.server);
    t.server = NULL;
    for (size_t i = 0; i < COUNT_OF(sends); i++) {
        assert_false(c[i].closed);
        assay_stream_read(c[i].stream, true);
    }
    loop_run(&t.loop);
    trial_close(&t);
    assay_http_server_close(NULL);
}

/* --- queries ------------------------------------------------------------ */

static void
queries(void **state)
{
    static const struct {
        const char *query;
        const char *want; /* of "b"; NULL: false */
    } table[] = {
        {"b=1", "1"},
        {"a=0&b=1", "1"},
        {"b=1&c=2", "1"},
        {"b=", ""},
        {"b=a%20+%3D", "a +="},
        {"b=x=y", "x=y"},
        {"", NULL},
        {"b", NULL},
        {"bb=1", NULL},
        {"a=b=1", NULL},
        {"b=1&b=1", NULL},
        {"b=1&&b=2", NULL},
        {"b=%2", NULL},
        {"b=%zz", NULL},
        {"b=%00", NULL},
        {"&&b=1&", "1"},
        {"B=1", NULL},
        {"%62=1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct assay_slice query = exact_copy(assay_slice_of(table[i].query));
        struct assay_buf out;
        bool found = assay_http_query_get(query, "b", &out);

        CHECK(table[i].query, found == (table[i].want != NULL));
        CHECK(table[i].query, assay_slice_is(assay_buf_slice(&out),
                                             found ? table[i].want : ""));
        assay_buf_free(&out);
        free((void *)(uintptr_t)query.ptr);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answered),          cmocka_unit_test(refused),
        cmocka_unit_test(refused_in_a_row),  cmocka_unit_test(long_heads),
        cmocka_unit_test(truncated),         cmocka_unit_test(continued),
        cmocka_unit_test(late_request),      cmocka_unit_test(idle),
        cmocka_unit_test(one_at_a_time),     cmocka_unit_test(slow_client),
        cmocka_unit_test(closed_by_handler), cmocka_unit_test(closed_early),
        cmocka_unit_test(queries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
