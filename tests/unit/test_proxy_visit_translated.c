/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_visit_translated.c - clients of the proxy that speak Responses,
 * and a server that speaks Chat Completions: what passes when, and what is said
 * where it cannot. What is translated to what is seen in test_proxy_translate*.
 */
#include "harness/proxy_visits.h"

#define POST   "POST /tee/responses HTTP/1.1\r\n" HERE
#define ASK    "{\"model\":\"m\",\"input\":\"hi\"}"
#define STREAM "{\"model\":\"m\",\"stream\":true,\"input\":\"hi\"}"
#define CHUNK(content)                                                         \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\","                \
    "\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"                 \
    "\"delta\":{\"content\":\"" content "\"},\"finish_reason\":null}]}\n\n"
#define STOP                                                                   \
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\","                \
    "\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"                 \
    "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
#define COMPLETION                                                             \
    "{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":1,"              \
    "\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{"                  \
    "\"role\":\"assistant\",\"content\":\"hello\"},"                           \
    "\"finish_reason\":\"stop\"}]}"

/* What the server was asked. */
static struct {
    char line[128];
    struct assay_buf body;
    bool accepts_coding;
} asked;

static void
hear(struct far_conn *c)
{
    struct assay_server *s = c->pair.server;
    struct assay_slice head = assay_server_request_head(s);
    struct assay_slice body = assay_server_request_body(s);

    snprintf(asked.line, sizeof(asked.line), "%.*s",
             (int)assay_slice_find(head, "\r\n"), (const char *)head.ptr);
    asked.accepts_coding =
        assay_slice_find(head, "Accept-Encoding") != ASSAY_NO_OFFSET;
    assay_buf_add(&asked.body, body);
    assay_server_body_taken(s, body.len);
    if (assay_server_body_done(s) && c->far->response != NULL) {
        far_say(c, c->far->response);
        far_end(c, true);
        c->far->response = NULL;
    }
}

static void
open_house(struct house *h, struct guest *g, const char *response)
{
    house_open(h);
    h->n.provider.wire_api = WIRE_API_CHAT;
    h->n.far.answer = hear;
    h->n.far.response = response;
    house_start(h);
    assay_buf_init(&asked.body, 1u << 20);
    guest_come(g, h);
}

static void
close_house(struct house *h, struct guest *g)
{
    guest_leave(g);
    assay_buf_free(&asked.body);
    house_end(h);
}

static void
say_post(struct guest *g, const char *fields, const char *body)
{
    char text[512];

    snprintf(text, sizeof(text), POST "%sContent-Length: %zu\r\n\r\n%s", fields,
             strlen(body), body);
    guest_say(g, text);
}

static bool
was_asked(const char *text)
{
    return assay_slice_find(assay_buf_slice(&asked.body), text) !=
           ASSAY_NO_OFFSET;
}

/* --- whole ---------------------------------------------------------------- */

static void
test_object(void **state)
{
    static char response[1024];
    struct house h;
    struct guest g;

    (void)state;
    snprintf(response, sizeof(response),
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
             "X-Request-Id: r1\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(COMPLETION), COMPLETION);
    open_house(&h, &g, response);
    say_post(&g, "Accept-Encoding: gzip\r\n", ASK);
    GUEST_HEARS(&g, "\r\n0\r\n\r\n");
    assert_string_equal(asked.line, "POST /v1/chat/completions HTTP/1.1");
    assert_true(was_asked("\"messages\":["));
    assert_false(asked.accepts_coding);
    guest_need(&g, "object", "HTTP/1.1 200 OK\r\n");
    guest_need(&g, "object", "X-Request-Id: r1\r\n");
    guest_need(&g, "object", "Content-Type: application/json\r\n");
    guest_need(&g, "object", "x-assay-translated: responses\r\n");
    guest_need(&g, "object", "x-assay-attestation: verified; ");
    guest_need(&g, "object", "\"object\":\"response\"");
    guest_need(&g, "object", "hello");
    assert_true(h.told.r.translated);
    assert_int_equal(h.told.r.ended, VISIT_WHOLE);
    assert_string_equal(h.told.path, "/tee/responses");

    guest_next(&g); /* the next one on the same connection */
    h.n.far.response = response;
    guest_say(&g, POST "Transfer-Encoding: chunked\r\n"
                       "Expect: 100-continue\r\n\r\n");
    GUEST_HEARS(&g, "HTTP/1.1 100 Continue\r\n\r\n");
    guest_say(&g, "5\r\n{\"mod\r\n");
    guest_say(&g, "14\r\nel\":\"m\",\"input\":\"hi\"\r\n1\r\n}\r\n0\r\n\r\n");
    GUEST_HEARS(&g, "\r\n0\r\n\r\n");
    guest_need(&g, "again", "hello");
    assert_int_equal(h.n.far.accepted, 1);
    close_house(&h, &g);
}

/* An error of the server keeps its status. */
static void
test_error(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    open_house(&h, &g,
               "HTTP/1.1 429 Slow\r\nContent-Type: application/json\r\n"
               "Retry-After: 3\r\nContent-Length: 30\r\n\r\n"
               "{\"error\":{\"message\":\"slowly\"}}");
    say_post(&g, "", ASK);
    GUEST_HEARS(&g, "\r\n0\r\n\r\n");
    guest_need(&g, "error", "HTTP/1.1 429 Slow\r\n");
    guest_need(&g, "error", "Retry-After: 3\r\n");
    guest_need(&g, "error", "slowly");
    close_house(&h, &g);
}

/* --- streams
 * ----------------------------------------------------------------------
 */

static void
say_chunk(struct house *h, const char *text)
{
    char chunk[1024];

    snprintf(chunk, sizeof(chunk), "%zx\r\n%s\r\n", strlen(text), text);
    far_say(h->n.far.conns, chunk);
}

static void
begin_stream(struct house *h, struct guest *g)
{
    open_house(h, g, NULL);
    say_post(g, "", STREAM);
    UNTIL(&h->n, was_asked("\"stream\":true"));
    far_say(h->n.far.conns,
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
}

/* Each event is there before the server says the next one. */
static void
test_stream(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    begin_stream(&h, &g);
    say_chunk(&h, CHUNK("one"));
    GUEST_HEARS(&g, "one");
    guest_need(&g, "stream", "Content-Type: text/event-stream");
    guest_need(&g, "stream", "x-assay-translated: responses\r\n");
    guest_need(&g, "stream", "event: response.created\n");
    say_chunk(&h, CHUNK("two"));
    GUEST_HEARS(&g, "two");
    assert_int_equal(h.told.count, 0);
    say_chunk(&h, STOP);
    far_say(h.n.far.conns, "0\r\n\r\n");
    far_end(h.n.far.conns, true);
    GUEST_HEARS(&g, "\r\n0\r\n\r\n");
    guest_need(&g, "stream", "event: response.completed\n");
    assert_int_equal(h.told.r.ended, VISIT_WHOLE);
    assert_false(g.eof);
    close_house(&h, &g);
}

/* It says so itself; the connection ends behind it. */
static void
test_cut_stream(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    begin_stream(&h, &g);
    say_chunk(&h, CHUNK("one"));
    GUEST_HEARS(&g, "one");
    far_hang_up(h.n.far.conns);
    UNTIL(&h.n, g.eof);
    guest_need(&g, "cut", "event: response.failed\n");
    guest_need(&g, "cut", "\r\n0\r\n\r\n");
    assert_int_equal(h.told.r.ended, VISIT_CUT);
    assert_string_equal(h.told.code, "upstream_truncated");
    close_house(&h, &g);
}

static void
test_silent_stream(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    begin_stream(&h, &g);
    say_chunk(&h, CHUNK("one"));
    GUEST_HEARS(&g, "one");
    h.visits.limits.stream_ms = 1;
    say_chunk(&h, CHUNK("two")); /* from now on, that is the limit */
    UNTIL(&h.n, g.eof);
    guest_need(&g, "silent", "event: response.failed\n");
    guest_need(&g, "silent", "\r\n0\r\n\r\n");
    assert_int_equal(h.told.r.ended, VISIT_CUT);
    assert_string_equal(h.told.code, "upstream_timeout");
    UNTIL(&h.n, far_open_count(&h.n.far) == 0);
    close_house(&h, &g);
}

static void
test_abort(void **state)
{
    struct house h;
    struct guest g;

    (void)state;
    begin_stream(&h, &g);
    say_chunk(&h, CHUNK("one"));
    GUEST_HEARS(&g, "one");
    guest_leave(&g);
    UNTIL(&h.n, far_open_count(&h.n.far) == 0);
    assert_int_equal(h.told.r.ended, VISIT_ABORTED);
    assert_true(h.told.r.translated);
    close_house(&h, &g);
}

/* --- what is not translated
 * --------------------------------------------------------
 */

static const struct {
    const char *name;
    const char *fields;
    const char *body;
    const char *response; /* of the server, if it is asked */
    const char *status;
    const char *has;
} refusals[] = {
    {.name = "no JSON",
     .fields = "",
     .body = "{",
     .status = "HTTP/1.1 400 ",
     .has = "\"code\":\"not_translatable\""},
    {.name = "what chat does not have",
     .fields = "",
     .body = "{\"model\":\"m\",\"input\":\"hi\","
             "\"previous_response_id\":\"resp_1\"}",
     .status = "HTTP/1.1 400 ",
     .has = "\"param\":\"previous_response_id\""},
    {.name = "compressed",
     .fields = "Content-Encoding: zstd\r\n",
     .body = "x",
     .status = "HTTP/1.1 415 ",
     .has = "\"code\":\"content_encoding_not_supported\""},
    {.name = "an answer that is none",
     .fields = "",
     .body = ASK,
     .response = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                 "Content-Length: 2\r\n\r\n[]",
     .status = "HTTP/1.1 502 ",
     .has = "\"code\":\"bad_response\""},
    {.name = "one that is compressed",
     .fields = "",
     .body = ASK,
     .response = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                 "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]",
     .status = "HTTP/1.1 502 ",
     .has = "compressed, unasked"},
    {.name = "one that is elsewhere",
     .fields = "",
     .body = ASK,
     .response = "HTTP/1.1 307 Go\r\nLocation: /v1/chat/completions2\r\n"
                 "Content-Length: 0\r\n\r\n",
     .status = "HTTP/1.1 502 ",
     .has = "\"code\":\"redirect_refused\""},
    {.name = "one that cannot have a body",
     .fields = "",
     .body = STREAM,
     .response = "HTTP/1.1 204 No Content\r\n\r\n",
     .status = "HTTP/1.1 502 ",
     .has = "\"code\":\"bad_response\""},
    {.name = "one that is known already",
     .fields = "",
     .body = ASK,
     .response = "HTTP/1.1 304 Not Modified\r\n\r\n",
     .status = "HTTP/1.1 502 ",
     .has = "\"code\":\"bad_response\""},
    {.name = "too large",
     .fields = "",
     .body =
         "{\"model\":\"m\",\"input\":\"12345678901234567890123456789012345"
         "67890123456789012345678901234567890123456789012345678901234567\"}",
     .status = "HTTP/1.1 413 ",
     .has = "\"code\":\"request_too_large\""},
};

static void
test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        struct house h;
        struct guest g;

        open_house(&h, &g, refusals[i].response);
        h.visits.limits.max_body = 100;
        say_post(&g, refusals[i].fields, refusals[i].body);
        GUEST_HEARS(&g, "}}");
        guest_need(&g, refusals[i].name, refusals[i].status);
        guest_need(&g, refusals[i].name, refusals[i].has);
        CHECK(refusals[i].name,
              (h.n.far.requests > 0) == (refusals[i].response != NULL));
        CHECK(refusals[i].name, h.told.count == 1);
        close_house(&h, &g);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_object),        cmocka_unit_test(test_error),
        cmocka_unit_test(test_stream),        cmocka_unit_test(test_cut_stream),
        cmocka_unit_test(test_silent_stream), cmocka_unit_test(test_abort),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, upstream_setup, upstream_teardown);
}
