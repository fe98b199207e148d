/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_session_raw.c - sessions that switch protocols, at both ends; requests
 * whose body cannot be decoded; the largest reply.
 */
#include "harness/pair_test.h"
#include "harness/raw_client.h"
#include "harness/unit.h"

static const char upgrade[] = "GET /chat HTTP/1.1\r\nHost: tee.example.com\r\n"
                              "Connection: Upgrade\r\nUpgrade: chat/1\r\n\r\n";
static const char switching[] =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
    "Upgrade: chat/1\r\n\r\n";

static void
respond(struct raw_client *r, const char *text)
{
    struct assay_error err;

    assert_int_equal(
        assay_server_respond(r->server, assay_slice_of(text), &err), ASSAY_OK);
}

static void
check_got(struct raw_client *r, const char *want)
{
    struct assay_slice got = assay_server_request_body(r->server);

    if (!assay_slice_is(got, want)) {
        fail_msg("got \"%.*s\"", (int)got.len, (const char *)got.ptr);
    }
    assay_server_body_taken(r->server, got.len);
}

static void
start(struct raw_client *r, const char *request)
{
    raw_client_make(r, &platform, NULL);
    raw_client_say(r, request);
    raw_client_check_state(r, ASSAY_SERVER_REQUEST);
}

static void
start_raw(struct raw_client *r)
{
    start(r, upgrade);
    respond(r, switching);
    assay_server_switch(r->server);
    raw_client_check_state(r, ASSAY_SERVER_RAW);
    raw_client_check_heard(r, switching);
}

static void
test_octets_both_ways(void **state)
{
    struct raw_client r;

    (void)state;
    start_raw(&r);
    assert_int_equal(assay_server_request_head(r.server).len, 0);
    assert_false(assay_server_body_done(r.server));
    /* What looks like a request is none any more. */
    raw_client_say(&r, "POST /tdx_quote HTTP/1.1\r\n\r\n");
    raw_client_check_state(&r, ASSAY_SERVER_RAW);
    check_got(&r, "POST /tdx_quote HTTP/1.1\r\n\r\n");
    respond(&r, "one ");
    respond(&r, "two");
    raw_client_check_heard(&r, "one two");
    raw_client_free(&r);
}

/* What came behind the request belongs to the new protocol. */
static void
test_early_octets(void **state)
{
    char text[512];
    struct raw_client r;

    (void)state;
    snprintf(text, sizeof(text), "%shello", upgrade);
    start(&r, text);
    assert_int_equal(assay_server_request_body(r.server).len, 0);
    assay_server_switch(r.server);
    check_got(&r, "hello");
    raw_client_free(&r);
}

static void
test_body_not_read_is_goodbye(void **state)
{
    struct raw_client r;

    (void)state;
    start(&r, "POST /a HTTP/1.1\r\nHost: tee.example.com\r\n"
              "Content-Length: 5\r\n\r\nhel");
    assay_server_switch(r.server);
    raw_client_check_state(&r, ASSAY_SERVER_CLOSED);
    raw_client_free(&r);
    /* decoded, but not taken */
    start(&r, "POST /a HTTP/1.1\r\nHost: tee.example.com\r\n"
              "Content-Length: 5\r\n\r\nhello");
    assay_server_switch(r.server);
    raw_client_check_state(&r, ASSAY_SERVER_CLOSED);
    raw_client_free(&r);
}

static void
test_switch_elsewhere_does_nothing(void **state)
{
    struct raw_client r;

    (void)state;
    raw_client_make(&r, &platform, NULL);
    assay_server_switch(r.server);
    raw_client_check_state(&r, ASSAY_SERVER_IDLE);
    raw_client_free(&r);
}

/* --- each direction ends for itself ------------------------------------- */

static void
test_client_ends_first(void **state)
{
    struct raw_client r;

    (void)state;
    start_raw(&r);
    raw_client_say(&r, "last");
    assay_tls_close(r.tls);
    raw_client_run(&r);
    raw_client_check_state(&r, ASSAY_SERVER_RAW);
    assert_true(assay_server_body_done(r.server));
    assay_server_eof(r.server); /* the connection's half, too */
    raw_client_check_state(&r, ASSAY_SERVER_RAW);
    respond(&r, "answer");
    raw_client_check_heard(&r, "answer");
    check_got(&r, "last");
    raw_client_check_state(&r, ASSAY_SERVER_RAW);
    assay_server_respond_end(r.server, true);
    raw_client_check_state(&r, ASSAY_SERVER_CLOSED);
    raw_client_run(&r);
    assert_true(assay_tls_goodbye(r.tls));
    raw_client_free(&r);
}

static void
test_server_ends_first(void **state)
{
    struct assay_error err;
    struct raw_client r;

    (void)state;
    start_raw(&r);
    respond(&r, "last");
    assay_server_respond_end(r.server, false);
    assay_server_respond_end(r.server, false);
    raw_client_check_state(&r, ASSAY_SERVER_RAW);
    assert_int_equal(
        assay_server_respond(r.server, assay_slice_of("more"), &err),
        ASSAY_INVALID);
    raw_client_check_heard(&r, "last");
    assert_true(assay_tls_goodbye(r.tls));
    raw_client_say(&r, "still here");
    raw_client_check_state(&r, ASSAY_SERVER_RAW);
    assay_tls_close(r.tls);
    raw_client_run(&r);
    raw_client_check_state(&r,
                           ASSAY_SERVER_RAW); /* something waits to be taken */
    check_got(&r, "still here");
    raw_client_check_state(&r, ASSAY_SERVER_CLOSED);
    raw_client_free(&r);
}

static void
test_cut_is_no_end(void **state)
{
    struct raw_client r;

    (void)state;
    for (int ended = 0; ended < 2; ended++) {
        start_raw(&r);
        if (ended == 1) {
            assay_server_respond_end(r.server, false);
        }
        assay_server_eof(r.server);
        raw_client_check_state(&r, ASSAY_SERVER_FAILED);
        assert_int_equal(assay_server_error(r.server)->code, ASSAY_TRUNCATED);
        raw_client_free(&r);
    }
}

/* The client's side ended while its request was being handled. */
static void
test_ended_before_the_switch(void **state)
{
    struct raw_client r;

    (void)state;
    for (int cut = 0; cut < 2; cut++) {
        start(&r, upgrade);
        if (cut == 0) {
            assay_tls_close(r.tls);
            raw_client_run(&r);
        }
        assay_server_eof(r.server);
        raw_client_check_state(&r, cut == 0 ? ASSAY_SERVER_REQUEST
                                            : ASSAY_SERVER_FAILED);
        assay_server_switch(r.server);
        raw_client_check_state(&r, cut == 0 ? ASSAY_SERVER_RAW
                                            : ASSAY_SERVER_FAILED);
        assert_int_equal(assay_server_body_done(r.server), cut == 0);
        raw_client_free(&r);
    }
}

/* Nobody takes: no more than the room is held, and nothing is lost. */
static void
test_back_pressure(void **state)
{
    static char text[3 * ASSAY_SESSION_PLAIN_MAX_BYTES + 1];
    size_t taken = 0;
    struct raw_client r;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    start_raw(&r);
    raw_client_say(&r, text);
    assay_tls_close(r.tls);
    while (!assay_server_body_done(r.server) ||
           assay_server_request_body(r.server).len > 0) {
        size_t n = assay_server_request_body(r.server).len;

        assert_true(n > 0 && n <= ASSAY_SESSION_PLAIN_MAX_BYTES +
                                      2 * ASSAY_TLS_RECORD_MAX_BYTES);
        assay_server_body_taken(r.server, n);
        taken += n;
        raw_client_run(&r);
    }
    assert_int_equal(taken, sizeof(text) - 1);
    raw_client_free(&r);
}

/* --- the client --------------------------------------------------------- */

static void
client_says(struct pair *s, const char *text)
{
    struct assay_error err;

    assert_int_equal(assay_client_write(s->client, assay_slice_of(text), &err),
                     ASSAY_OK);
    pair_run(s);
}

static void
server_says(struct pair *s, const char *text)
{
    struct assay_error err;

    assert_int_equal(
        assay_server_respond(s->server, assay_slice_of(text), &err), ASSAY_OK);
    pair_run(s);
}

/* Asked to switch; the server has not answered yet. */
static void
ask_to_switch(struct pair *s)
{
    struct assay_error err;

    pair_make(s, &platform, policy);
    pair_run(s);
    assert_int_equal(assay_client_switch(s->client, &err), ASSAY_INVALID);
    assert_int_equal(assay_client_begin(s->client, s->now, &err), ASSAY_OK);
    client_says(s, upgrade);
}

static void
open_raw(struct pair *s)
{
    struct assay_error err;

    ask_to_switch(s);
    server_says(s, switching);
    assay_server_switch(s->server);
    pair_check_got(s, switching);
    assert_int_equal(assay_client_switch(s->client, &err), ASSAY_OK);
    pair_check_client(__func__, s, ASSAY_CLIENT_RAW);
}

static void
test_client_raw(void **state)
{
    struct assay_error err;
    struct pair s;

    (void)state;
    open_raw(&s);
    client_says(&s, "up");
    assert_true(assay_slice_is(assay_server_request_body(s.server), "up"));
    server_says(&s, "down");
    pair_check_got(&s, "down");
    assay_client_end(s.client); /* which a raw stream does not */
    client_says(&s, "more");
    /* It is one message, begun on evidence that was fresh: it may grow old, and
     * cannot be renewed in its midst. */
    s.now.mono_ms += 1000000;
    assert_true(assay_client_due(s.client, s.now));
    client_says(&s, "still");
    assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_INVALID);
    assert_int_equal(assay_client_reattest(s.client, s.now, pair_nonce, &err),
                     ASSAY_INVALID);
    assert_int_equal(assay_client_switch(s.client, &err), ASSAY_INVALID);
    pair_check_client(__func__, &s, ASSAY_CLIENT_RAW);
    pair_free(&s);
}

/* On evidence that was too old, no raw stream begins. */
static void
test_client_raw_begins_fresh(void **state)
{
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    s.now.mono_ms += 300000;
    assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_STALE);
    assert_int_equal(assay_client_switch(s.client, &err), ASSAY_INVALID);
    pair_check_client(__func__, &s, ASSAY_CLIENT_OPEN);
    pair_free(&s);
}

static void
test_client_raw_ends_first(void **state)
{
    struct assay_error err;
    struct pair s;

    (void)state;
    open_raw(&s);
    assay_client_close(s.client);
    assert_int_equal(assay_client_write(s.client, assay_slice_of("x"), &err),
                     ASSAY_INVALID);
    pair_run(&s);
    pair_check_client(__func__, &s, ASSAY_CLIENT_RAW);
    assert_true(assay_server_body_done(s.server));
    server_says(&s, "all the rest");
    assay_server_respond_end(s.server, true);
    pair_run(&s);
    pair_check_client(__func__, &s, ASSAY_CLIENT_CLOSED);
    assert_false(assay_client_truncated(s.client));
    pair_check_got(&s, "all the rest");
    assert_int_equal(assay_server_state(s.server), ASSAY_SERVER_CLOSED);
    pair_free(&s);
}

static void
test_client_raw_ends_last(void **state)
{
    struct pair s;

    (void)state;
    open_raw(&s);
    server_says(&s, "last");
    assay_server_respond_end(s.server, true);
    pair_run(&s);
    pair_check_client(__func__, &s, ASSAY_CLIENT_RAW);
    assert_true(assay_client_read_done(s.client));
    pair_check_got(&s, "last");
    assay_client_eof(s.client); /* the connection's half, too */
    pair_check_client(__func__, &s, ASSAY_CLIENT_RAW);
    client_says(&s, "on and on");
    assert_true(
        assay_slice_is(assay_server_request_body(s.server), "on and on"));
    assay_client_close(s.client);
    pair_check_client(__func__, &s, ASSAY_CLIENT_CLOSED);
    assert_false(assay_client_truncated(s.client));
    pair_free(&s);
}

static void
test_client_raw_cut(void **state)
{
    struct pair s;

    (void)state;
    for (int ended = 0; ended < 2; ended++) {
        open_raw(&s);
        server_says(&s, "half a");
        if (ended == 1) {
            assay_client_close(s.client);
        }
        assay_client_eof(s.client);
        pair_check_client(__func__, &s, ASSAY_CLIENT_CLOSED);
        assert_true(assay_client_truncated(s.client));
        assert_false(assay_client_read_done(s.client));
        pair_check_got(&s, "half a");
        pair_free(&s);
    }
}

/* A stream that fails here was cut: a goodbye would tell the server that what
 * came is the whole. */
static void
test_client_raw_failure_is_no_end(void **state)
{
    struct assay_error why;
    struct pair s;

    (void)state;
    open_raw(&s);
    client_says(&s, "half a");
    assay_error_clear(&why);
    assay_fail(&why, ASSAY_TIMEOUT, ASSAY_NO_OFFSET, "too slow");
    assay_client_abort(s.client, &why);
    pair_check_client(__func__, &s, ASSAY_CLIENT_FAILED);
    pair_run(&s);
    assert_false(assay_server_body_done(s.server));
    assay_server_eof(s.server);
    assert_int_equal(assay_server_state(s.server), ASSAY_SERVER_FAILED);
    assert_int_equal(assay_server_error(s.server)->code, ASSAY_TRUNCATED);
    pair_free(&s);
}

/* All that the server has to say comes at once, the goodbye with it. */
static void
test_client_raw_goodbye_with_the_response(void **state)
{
    struct assay_error err;
    struct pair s;

    (void)state;
    ask_to_switch(&s);
    assert_int_equal(
        assay_server_respond(s.server, assay_slice_of(switching), &err),
        ASSAY_OK);
    assay_server_switch(s.server);
    assay_server_respond_end(s.server, false);
    pair_run(&s);
    pair_check_client(__func__, &s, ASSAY_CLIENT_CLOSED);
    pair_check_got(&s, switching);
    assert_int_equal(assay_client_switch(s.client, &err), ASSAY_OK);
    pair_check_client(__func__, &s, ASSAY_CLIENT_RAW);
    assert_true(assay_client_read_done(s.client));
    client_says(&s, "hello");
    assert_true(assay_slice_is(assay_server_request_body(s.server), "hello"));
    pair_free(&s);
    /* Cut, it is none. */
    ask_to_switch(&s);
    assay_client_eof(s.client);
    assert_int_equal(assay_client_switch(s.client, &err), ASSAY_INVALID);
    pair_free(&s);
}

/* --- bodies that cannot be decoded -------------------------------------- */

static const struct {
    const char *name;
    const char *first; /* payload before it */
    const char *body;
    enum assay_code code;
} bad_bodies[] = {
    {"at once", "", "zz\r\n", ASSAY_MALFORMED},
    {"behind a chunk", "hello", "5\r\nhello\r\nzz\r\nGET / HTTP/1.1\r\n\r\n",
     ASSAY_MALFORMED},
    {"no CR LF behind a chunk", "hello", "5\r\nhelloX", ASSAY_MALFORMED},
    {"larger than any number", "", "fffffffffffffffff\r\n", ASSAY_MALFORMED},
};

static void
test_bad_body_can_be_told(void **state)
{
    static const char refusal[] =
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_bodies); i++) {
        const char *row = bad_bodies[i].name;
        char text[512];
        struct raw_client r;

        snprintf(text, sizeof(text),
                 "POST /a HTTP/1.1\r\nHost: tee.example.com\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n%s",
                 bad_bodies[i].body);
        start(&r, text);
        if (bad_bodies[i].first[0] != '\0') {
            CHECK(row, assay_server_body_error(r.server)->code == ASSAY_OK);
        }
        check_got(&r, bad_bodies[i].first);
        CHECK(row,
              assay_server_body_error(r.server)->code == bad_bodies[i].code);
        raw_client_check_state(&r, ASSAY_SERVER_REQUEST);
        CHECK(row, !assay_server_body_done(r.server));
        raw_client_say(&r, "0\r\n\r\n"); /* which mends nothing */
        check_got(&r, "");
        CHECK(row, !assay_server_body_done(r.server));
        respond(&r, refusal);
        assay_server_respond_end(r.server, true);
        raw_client_check_state(&r, ASSAY_SERVER_CLOSED);
        raw_client_check_heard(&r, refusal);
        raw_client_free(&r);
    }
}

/* --- quotes ------------------------------------------------------------- */

static void
ask_for_a_quote(struct raw_client *r)
{
    raw_client_make(r, &platform, NULL);
    raw_client_ask(r, RAW_CLIENT_NONCE, "");
    raw_client_check_state(r, ASSAY_SERVER_QUOTE);
}

/* As large as a reply may be. */
static void
test_large_reply(void **state)
{
    struct assay_buf large;
    struct assay_error err;
    struct raw_client r;

    (void)state;
    ask_for_a_quote(&r);
    assay_buf_init(&large, ASSAY_REPLY_BODY_MAX_BYTES);
    assay_buf_add_text(&large, "{\"a\":\"");
    assert_non_null(
        memset(assay_buf_extend(&large, ASSAY_REPLY_BODY_MAX_BYTES - 1024), 'x',
               ASSAY_REPLY_BODY_MAX_BYTES - 1024));
    assay_buf_add_text(&large, "\"}");

    const struct assay_quote_reply reply = {
        .quote = assay_slice_of("quote"),
        .tcb_info = assay_buf_slice(&large),
    };

    if (assay_server_give_quote(r.server, &reply, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    raw_client_check_state(&r, ASSAY_SERVER_IDLE);
    raw_client_run(&r);
    assert_true(r.heard.len > large.len);
    assay_buf_free(&large);
    raw_client_free(&r);
}

/* Who has said goodbye waits for the answer; who is gone does not, and takes up
 * no turn of the platform. */
static void
test_end_while_a_quote_is_made(void **state)
{
    static const uint8_t nonce[ASSAY_CLIENT_NONCE_BYTES] = {1};
    struct raw_client r;

    (void)state;
    ask_for_a_quote(&r);
    assay_tls_close(r.tls);
    raw_client_run(&r);
    assay_server_eof(r.server);
    raw_client_check_state(&r, ASSAY_SERVER_QUOTE);
    assert_int_equal(raw_client_give(&r, nonce), ASSAY_OK);
    raw_client_check_state(&r, ASSAY_SERVER_CLOSED);
    raw_client_check_answer("goodbye", &r, "HTTP/1.1 200 ", "\"quote\"");
    raw_client_free(&r);

    ask_for_a_quote(&r);
    assay_server_eof(r.server);
    raw_client_check_state(&r, ASSAY_SERVER_FAILED);
    assert_int_equal(assay_server_error(r.server)->code, ASSAY_NETWORK);
    assert_int_equal(raw_client_give(&r, nonce), ASSAY_INVALID);
    raw_client_free(&r);
}

static void
test_retry_after(void **state)
{
    static const struct assay_refusal busy = {
        .status = 503,
        .code = "busy",
        .message = "later",
        .retry_after_s = 7,
    };
    struct raw_client r;

    (void)state;
    ask_for_a_quote(&r);
    assay_server_refuse_quote(r.server, &busy);
    raw_client_check_heard(
        &r, "HTTP/1.1 503 Service Unavailable\r\n"
            "Content-Type: application/json\r\n"
            "Cache-Control: no-store\r\n"
            "Retry-After: 7\r\n"
            "Content-Length: 53\r\n\r\n"
            "{\"error\":{\"code\":\"busy\",\"message\":\"later\","
            "\"hint\":\"\"}}");
    raw_client_check_state(&r, ASSAY_SERVER_IDLE);
    raw_client_free(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_octets_both_ways),
        cmocka_unit_test(test_early_octets),
        cmocka_unit_test(test_body_not_read_is_goodbye),
        cmocka_unit_test(test_switch_elsewhere_does_nothing),
        cmocka_unit_test(test_client_ends_first),
        cmocka_unit_test(test_server_ends_first),
        cmocka_unit_test(test_cut_is_no_end),
        cmocka_unit_test(test_ended_before_the_switch),
        cmocka_unit_test(test_back_pressure),
        cmocka_unit_test(test_client_raw),
        cmocka_unit_test(test_client_raw_begins_fresh),
        cmocka_unit_test(test_client_raw_ends_first),
        cmocka_unit_test(test_client_raw_ends_last),
        cmocka_unit_test(test_client_raw_cut),
        cmocka_unit_test(test_client_raw_failure_is_no_end),
        cmocka_unit_test(test_client_raw_goodbye_with_the_response),
        cmocka_unit_test(test_bad_body_can_be_told),
        cmocka_unit_test(test_large_reply),
        cmocka_unit_test(test_end_while_a_quote_is_made),
        cmocka_unit_test(test_retry_after),
    };
    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
