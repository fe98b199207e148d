/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_call.c - one exchange with an attested upstream: bodies of every
 * framing in both directions, readers that are slow, switches of protocols,
 * and servers that break off at any point.
 */
#include "harness/upstream.h"

/* More than the system holds of one connection. */
#define LARGE_BYTES (16u * 1024u * 1024u)

static uint8_t
octet_at(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static void
check_octets(struct assay_slice got, size_t want)
{
    assert_int_equal(got.len, want);
    for (size_t i = 0; i < got.len; i++) {
        if (got.ptr[i] != octet_at(i)) {
            fail_msg("octet %zu is another", i);
        }
    }
}

/* --- responses ---------------------------------------------------------- */

static void
responses(void **state)
{
    static const struct {
        const char *name;
        const char *response;
        bool keeps;
        bool is_head;
        unsigned status;
        const char *body;
        const char *trailers;
    } rows[] = {
        {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true,
         false, 200, "hello", ""},
        {"chunks",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
         true, false, 200, "hello", ""},
        {"trailers",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
         true, false, 200, "hello", "X-Sum: 1\r\n"},
        {"until it is closed", "HTTP/1.1 200 OK\r\n\r\nhello", false, false,
         200, "hello", ""},
        {"nothing", "HTTP/1.1 204 No Content\r\n\r\n", true, false, 204, "",
         ""},
        {"to HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, true,
         200, "", ""},
        {"interim ones",
         "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
         true, false, 200, "hello", ""},
        {"a redirect, which is not followed",
         "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
         "Content-Length: 0\r\n\r\n",
         true, false, 302, "", ""},
    };
    struct near n;

    (void)state;
    near_open(&n);
    near_start(&n);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct call_request request = ask_get;
        struct ask a;

        n.far.response = rows[i].response;
        n.far.keeps = rows[i].keeps;
        request.is_head = rows[i].is_head;
        ask_by(&a, &n, &request);
        a.lingers = true;
        call_send_end(a.call, ASSAY_EMPTY);
        UNTIL(&n, a.done);
        CHECK(rows[i].name, !a.failed);
        CHECK(rows[i].name, a.status == rows[i].status);
        CHECK(rows[i].name,
              assay_slice_is(assay_buf_slice(&a.body), rows[i].body));
        CHECK(rows[i].name, a.pieces == (rows[i].body[0] != '\0'));
        CHECK(rows[i].name,
              assay_slice_is(call_trailers(a.call), rows[i].trailers));
        ask_end(&a);
        CHECK(rows[i].name, GAUGE(&n, idle) == rows[i].keeps);
    }
    assert_int_equal(n.far.requests, COUNT_OF(rows));
    near_end(&n);
}

static void
responses_that_are_none(void **state)
{
    static const struct {
        const char *name;
        const char *response;
        enum failure_kind kind;
        const char *code;
        const char *body; /* what is told before; NULL: nothing */
    } rows[] = {
        {"not HTTP", "SSH-2.0-x\r\n\r\n", FAILURE_REPLY,
         "upstream_response_invalid", NULL},
        {"two framings",
         "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
         "Transfer-Encoding: chunked\r\n\r\nhello",
         FAILURE_REPLY, "upstream_response_invalid", NULL},
        {"a chunk that is none",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
         FAILURE_REPLY, "upstream_response_invalid", NULL},
        {"a chunk that is none, behind others",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3\r\nhel\r\n2\r\nlo\r\nxyz\r\n",
         FAILURE_REPLY, "upstream_response_invalid", "hello"},
        {"cut in the body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
         FAILURE_REPLY, "upstream_truncated", "hello"},
        {"cut in a chunk",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
         FAILURE_REPLY, "upstream_truncated", "hello"},
        {"a switch that nobody asked for",
         "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
         "Upgrade: raw/1\r\n\r\n",
         FAILURE_REPLY, "upstream_response_invalid", NULL},
        {"half a head", "HTTP/1.1 200 OK\r\nConte", FAILURE_OUTAGE,
         "upstream_closed", NULL},
        {"nothing", "", FAILURE_OUTAGE, "upstream_closed", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct call_request request = ask_get;
        struct near n;
        struct ask a;

        near_open(&n);
        near_start(&n);
        n.far.response = rows[i].response;
        request.repeatable = false;
        ask_by(&a, &n, &request);
        call_send_end(a.call, ASSAY_EMPTY);
        UNTIL(&n, a.done);
        CHECK(rows[i].name, a.failed);
        CHECK(rows[i].name, a.failure.kind == rows[i].kind);
        CHECK(rows[i].name, strcmp(a.failure.code, rows[i].code) == 0);
        CHECK(rows[i].name,
              assay_slice_is(assay_buf_slice(&a.body),
                             rows[i].body != NULL ? rows[i].body : ""));
        ask_end(&a);
        CHECK(rows[i].name, GAUGE(&n, busy) == 0 && GAUGE(&n, idle) == 0);
        UNTIL(&n, far_open_count(&n.far) == 0);
        near_end(&n);
    }
}

static void
cuts(struct far_conn *c)
{
    far_say(c, "HTTP/1.1 200 OK\r\n\r\nhello");
    far_hang_up(c);
}

/* Without TLS's goodbye nobody knows whether that was all. */
static void
a_body_until_the_end_that_is_cut(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    near_start(&n);
    n.far.answer = cuts;
    ask_begin(&a, &n);
    UNTIL(&n, a.done);
    assert_true(a.failed);
    assert_int_equal(a.failure.kind, FAILURE_REPLY);
    assert_string_equal(a.failure.code, "upstream_truncated");
    assert_true(assay_slice_is(assay_buf_slice(&a.body), "hello"));
    ask_end(&a);
    near_end(&n);
}

static void
floods(struct far_conn *c)
{
    if (c->stream != NULL && assay_stream_queued(c->stream) < 65536) {
        far_say(c, "HTTP/1.1 102 Processing\r\nX-Filler: "
                   "0123456789012345678901234567890123456789\r\n\r\n");
    }
}

static void
interim_responses_for_ever(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    near_start(&n);
    n.far.answer = floods;
    ask_begin(&a, &n);
    while (!a.done) {
        far_go_on(&n.far);
        uv_run(&n.loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(a.failure.kind, FAILURE_REPLY);
    ask_end(&a);
    near_end(&n);
}

/* --- much of it --------------------------------------------------------- */

static void
answers_much(struct far_conn *c)
{
    static uint8_t piece[65536];
    size_t done = 0;
    char head[100];
    struct assay_error err;

    if (c->far->holds) {
        return;
    }
    c->far->holds = true;
    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n",
                   LARGE_BYTES);
    far_say(c, head);
    while (done < LARGE_BYTES) {
        for (size_t i = 0; i < sizeof(piece); i++) {
            piece[i] = octet_at(done + i);
        }
        assert_int_equal(
            assay_server_respond(c->pair.server, ASSAY_SLICE(piece), &err),
            ASSAY_OK);
        far_send(c);
        done += sizeof(piece);
    }
    far_end(c, true);
}

static void
much_is_read(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    near_start(&n);
    n.far.answer = answers_much;
    ask_begin(&a, &n);
    UNTIL(&n, a.done);
    assert_int_equal(a.status, 200);
    check_octets(assay_buf_slice(&a.body), LARGE_BYTES);
    ask_end(&a);
    assert_int_equal(GAUGE(&n, idle), 1);
    near_end(&n);
}

/* Only looks when the test does. */
static void
do_nothing(void *user)
{
    struct ask *a = user;

    a->changes++;
}

/* What is not taken holds the server back; and all of it comes in the end,
 * though nobody but the reader moves anything. */
static void
a_slow_reader(void **state)
{
    struct near n;
    struct ask a;
    size_t bite = 3000;

    (void)state;
    near_open(&n);
    near_start(&n);
    n.far.answer = answers_much;
    memset(&a, 0, sizeof(a));
    assay_buf_init(&a.body, 64u << 20);
    a.call = call_new(n.up, &ask_get, do_nothing, &a);
    assert_non_null(a.call);
    call_send_end(a.call, ASSAY_EMPTY);
    UNTIL(&n, call_state(a.call) == CALL_HEAD);
    call_head_taken(a.call);
    while (call_state(a.call) == CALL_BODY) {
        struct assay_slice in = call_read(a.call);

        assert_true(in.len <= 2 * ASSAY_SESSION_PLAIN_MAX_BYTES);
        if (in.len == 0) {
            near_step(&n);
            continue;
        }
        in.len = in.len < bite ? in.len : bite;
        assay_buf_add(&a.body, in);
        call_taken(a.call, in.len);
        bite += 1000;
        if (a.body.len < LARGE_BYTES / 16) { /* nobody takes anything */
            assert_true(assay_stream_queued(n.far.conns->stream) > 0);
        }
    }
    assert_int_equal(call_state(a.call), CALL_DONE);
    check_octets(assay_buf_slice(&a.body), LARGE_BYTES);
    assert_true(call_progress(a.call) > LARGE_BYTES);
    ask_end(&a);
    assert_int_equal(GAUGE(&n, idle), 1);
    near_end(&n);
}

/* --- requests with bodies ----------------------------------------------- */

static struct assay_buf taken; /* by the server */
static char taken_trailers[64];

static void
takes_all(struct far_conn *c)
{
    struct assay_server *s = c->pair.server;
    struct assay_slice in = assay_server_request_body(s);
    struct assay_slice trailers;

    if (c->far->holds) {
        return;
    }
    assay_buf_add(&taken, in);
    far_take(c, in.len);
    if (assay_server_body_done(s) && assay_server_request_body(s).len == 0) {
        trailers = assay_server_request_trailers(s);
        (void)snprintf(taken_trailers, sizeof(taken_trailers), "%.*s",
                       (int)trailers.len, (const char *)trailers.ptr);
        far_say(c, far_ok);
        far_end(c, true);
    }
}

static void
request_bodies(void **state)
{
    static uint8_t piece[30000];
    (void)state;
    for (int chunked = 0; chunked < 2; chunked++) {
        char head[200];
        struct near n;
        struct ask a;
        size_t sent = 0;
        bool ended = false;

        (void)snprintf(head, sizeof(head),
                       chunked == 1 ? "POST / HTTP/1.1\r\nHost: x\r\n"
                                      "Transfer-Encoding: chunked\r\n\r\n"
                                    : "POST / HTTP/1.1\r\nHost: x\r\n"
                                      "Content-Length: 16777216\r\n\r\n");
        assay_buf_init(&taken, 64u << 20);
        near_open(&n);
        near_start(&n);
        n.far.answer = takes_all;
        ask_by(&a, &n,
               &(struct call_request){.head = assay_slice_of(head),
                                      .chunked = chunked == 1});
        assert_int_equal(call_room(a.call), 0); /* no connection yet */
        n.far.holds = true;
        while (!a.done) {
            size_t room = call_room(a.call);

            room = room < sizeof(piece) ? room : sizeof(piece);
            room = room < LARGE_BYTES - sent ? room : LARGE_BYTES - sent;
            if (room > 0) {
                for (size_t i = 0; i < room; i++) {
                    piece[i] = octet_at(sent + i);
                }
                call_send(a.call, (struct assay_slice){piece, room});
                sent += room;
                assert_true(call_room(a.call) <= CALL_QUEUE_MAX_BYTES);
            } else if (sent == LARGE_BYTES && !ended) {
                ended = true;
                call_send_end(a.call, chunked == 1
                                          ? assay_slice_of("X-Sum: 1\r\n")
                                          : ASSAY_EMPTY);
            } else if (sent > 0 && n.far.holds) { /* it was held back */
                assert_true(sent < LARGE_BYTES);
                assert_false(call_is_flushed(a.call));
                n.far.holds = false;
                far_go_on(&n.far);
            } else {
                near_step(&n);
            }
        }
        assert_int_equal(a.status, 200);
        check_octets(assay_buf_slice(&taken), LARGE_BYTES);
        assert_string_equal(taken_trailers, chunked == 1 ? "X-Sum: 1\r\n" : "");
        assay_buf_free(&taken);
        ask_end(&a);
        assert_int_equal(GAUGE(&n, idle), 1);
        near_end(&n);
    }
}

static void
continues(struct far_conn *c)
{
    if (!c->far->keeps) {
        c->far->keeps = true;
        far_say(c, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    takes_all(c);
}

static void
a_body_that_was_asked_for(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    assay_buf_init(&taken, 100);
    near_open(&n);
    near_start(&n);
    n.far.answer = continues;
    ask_by(&a, &n,
           &(struct call_request){
               .head = assay_slice_of("POST / HTTP/1.1\r\nHost: x\r\n"
                                      "Expect: 100-continue\r\n"
                                      "Content-Length: 2\r\n\r\n")});
    UNTIL(&n, a.status == 100);
    assert_int_equal(call_state(a.call), CALL_WAITING);
    call_send(a.call, assay_slice_of("ab"));
    call_send_end(a.call, ASSAY_EMPTY);
    UNTIL(&n, a.done);
    assert_int_equal(a.status, 200);
    assert_true(assay_slice_is(assay_buf_slice(&taken), "ab"));
    assay_buf_free(&taken);
    ask_end(&a);
    near_end(&n);
}

static void
has_enough(struct far_conn *c)
{
    far_say(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
    far_end(c, false);
}

/* What it answers counts, though it does not want the rest; the connection is
 * of no more use. */
static void
an_answer_before_the_end_of_the_request(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    near_start(&n);
    n.far.answer = has_enough;
    ask_by(&a, &n,
           &(struct call_request){
               .head = assay_slice_of("POST / HTTP/1.1\r\nHost: x\r\n"
                                      "Content-Length: 99999999\r\n\r\n")});
    while (!a.done) {
        if (call_room(a.call) > 0) {
            call_send(a.call, assay_slice_of("more and more and more"));
        }
        uv_run(&n.loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(a.status, 413);
    assert_false(a.failed);
    assert_true(assay_slice_is(assay_buf_slice(&a.body), "no"));
    ask_end(&a);
    assert_int_equal(GAUGE(&n, idle), 0);
    near_end(&n);
}

/* --- connections that break as a request is written ---------------------- */

static unsigned breaks; /* so many requests */

static void
breaks_off(struct far_conn *c)
{
    if (breaks > 0) {
        breaks--;
        far_hang_up(c);
        return;
    }
    c->far->answer = NULL;
    far_answer(c);
}

static void
broken_by_a_request(void **state)
{
    static const struct {
        const char *name;
        unsigned breaks;
        bool repeatable;
        unsigned status;
        unsigned requests;
    } rows[] = {
        {"repeatable", 1, true, 200, 2},
        {"but only once", 2, true, 0, 2},
        {"not repeatable", 1, false, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct call_request request = ask_get;
        struct near n;
        struct ask a;

        near_open(&n);
        n.o.warm = 1;
        near_start(&n);
        UNTIL(&n, GAUGE(&n, idle) == 1);
        n.far.answer = breaks_off;
        breaks = rows[i].breaks;
        request.repeatable = rows[i].repeatable;
        ask_by(&a, &n, &request);
        call_send_end(a.call, ASSAY_EMPTY);
        UNTIL(&n, a.done);
        CHECK(rows[i].name, a.status == rows[i].status);
        CHECK(rows[i].name, n.far.requests == rows[i].requests);
        if (rows[i].status == 0) {
            CHECK(rows[i].name, a.failure.kind == FAILURE_OUTAGE);
            CHECK(rows[i].name, strcmp(a.failure.code, "upstream_closed") == 0);
        }
        ask_end(&a);
        near_end(&n);
    }
}

/* --- a client that leaves ----------------------------------------------- */

static void
begins_to_answer(struct far_conn *c)
{
    if (!c->far->holds) {
        c->far->holds = true;
        far_say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "5\r\nhello\r\n");
    }
}

static void
who_leaves_ends_the_work(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    near_start(&n);
    n.far.answer = begins_to_answer;
    ask_begin(&a, &n);
    UNTIL(&n, a.body.len == 5);
    assert_false(a.done);
    ask_end(&a);
    assert_int_equal(GAUGE(&n, busy), 0);
    UNTIL(&n, far_open_count(&n.far) == 0);
    near_end(&n);
}

/* --- other protocols ---------------------------------------------------- */

static void
echoes(struct far_conn *c)
{
    struct assay_server *s = c->pair.server;
    struct assay_slice in;
    struct assay_error err;

    if (assay_server_state(s) == ASSAY_SERVER_REQUEST) {
        far_say(c, "HTTP/1.1 101 Switching Protocols\r\n"
                   "Connection: Upgrade\r\nUpgrade: raw/1\r\n\r\nhello ");
        assay_server_switch(s);
        return;
    }
    in = assay_server_request_body(s);
    if (in.len > 0) {
        assert_int_equal(assay_server_respond(s, in, &err), ASSAY_OK);
        far_take(c, in.len);
    }
    if (assay_server_body_done(s) && !c->far->holds) {
        far_end(c, true);
    }
}

#define ASK_RAW                                                                \
    "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: "            \
    "raw/1\r\n\r\n"
static const struct call_request ask_raw = {
    .head = {(const uint8_t *)ASK_RAW, sizeof(ASK_RAW) - 1},
    .upgrade = {(const uint8_t *)"raw/1", 5},
};

static void
protocols_are_switched(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    near_start(&n);
    n.far.answer = echoes;
    ask_by(&a, &n, &ask_raw);
    a.lingers = true;
    call_send_end(a.call, ASSAY_EMPTY); /* of the request */
    UNTIL(&n, a.body.len == 6);
    assert_int_equal(call_state(a.call), CALL_RAW);
    call_send(a.call, assay_slice_of("there"));
    UNTIL(&n, a.body.len == 11);
    assert_false(a.done);
    call_send_end(a.call, ASSAY_EMPTY); /* of our direction */
    UNTIL(&n, a.done);
    assert_false(a.failed);
    assert_true(assay_slice_is(assay_buf_slice(&a.body), "hello there"));
    ask_end(&a);
    assert_int_equal(GAUGE(&n, idle), 0);
    near_end(&n);
}

/* The server has said all, and we go on. */
static void
ends_first(struct far_conn *c)
{
    struct assay_server *s = c->pair.server;

    if (assay_server_state(s) == ASSAY_SERVER_REQUEST) {
        far_say(c, "HTTP/1.1 101 Switching Protocols\r\n"
                   "Connection: Upgrade\r\nUpgrade: raw/1\r\n\r\nbye");
        assay_server_switch(s);
        far_end(c, true);
        return;
    }
    assay_buf_add(&taken, assay_server_request_body(s));
    far_take(c, assay_server_request_body(s).len);
}

static void
half_a_stream(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    assay_buf_init(&taken, 100);
    near_open(&n);
    near_start(&n);
    n.far.answer = ends_first;
    ask_by(&a, &n, &ask_raw);
    a.lingers = true;
    call_send_end(a.call, ASSAY_EMPTY);
    UNTIL(&n, a.done);
    assert_false(a.failed);
    assert_true(assay_slice_is(assay_buf_slice(&a.body), "bye"));
    call_send(a.call, assay_slice_of("still here"));
    call_send_end(a.call, ASSAY_EMPTY);
    UNTIL(&n,
          assay_server_state(n.far.conns->pair.server) == ASSAY_SERVER_CLOSED);
    assert_true(assay_slice_is(assay_buf_slice(&taken), "still here"));
    ask_end(&a);
    assay_buf_free(&taken);
    near_end(&n);
}

static void
a_stream_that_is_cut(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    near_start(&n);
    n.far.answer = echoes;
    ask_by(&a, &n, &ask_raw);
    call_send_end(a.call, ASSAY_EMPTY);
    UNTIL(&n, a.body.len == 6);
    far_hang_up(n.far.conns);
    UNTIL(&n, a.done);
    assert_true(a.failed);
    assert_string_equal(a.failure.code, "upstream_truncated");
    ask_end(&a);
    near_end(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses),
        cmocka_unit_test(responses_that_are_none),
        cmocka_unit_test(a_body_until_the_end_that_is_cut),
        cmocka_unit_test(interim_responses_for_ever),
        cmocka_unit_test(much_is_read),
        cmocka_unit_test(a_slow_reader),
        cmocka_unit_test(request_bodies),
        cmocka_unit_test(a_body_that_was_asked_for),
        cmocka_unit_test(an_answer_before_the_end_of_the_request),
        cmocka_unit_test(broken_by_a_request),
        cmocka_unit_test(who_leaves_ends_the_work),
        cmocka_unit_test(protocols_are_switched),
        cmocka_unit_test(half_a_stream),
        cmocka_unit_test(a_stream_that_is_cut),
    };

    return cmocka_run_group_tests(tests, upstream_setup, upstream_teardown);
}
