/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_session_hostile.c - servers that have a good certificate and break the
 * protocol: whatever they say instead of a proper reply, the session fails and
 * nothing is sent to them.
 */
#include "harness/pair_test.h"
#include "harness/raw_server.h"
#include "harness/unit.h"

static const struct assay_now now = {MINT_NOW_S, 1000};

/* One way to answer. `body` and `head` are repeated to make them large. */
static const struct {
    const char *name;
    const char *reply;
    const char *message; /* how the error begins */
    size_t repeat;       /* times that `unit` follows */
    const char *unit;
} replies[] = {
    {"status 404", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
     "quote reply: status 404 instead of 200", 0, NULL},
    {"status 500 with words",
     "HTTP/1.1 500 Oops\r\nContent-Length: 33\r\n\r\n"
     "{\"error\":{\"message\":\"no device\"}}",
     "quote reply: status 500 instead of 200; the server says: no device", 0,
     NULL},
    {"redirect",
     "HTTP/1.1 302 Found\r\nLocation: https://other.example/\r\n"
     "Content-Length: 0\r\n\r\n",
     "quote reply: status 302 instead of 200", 0, NULL},
    {"status 204", "HTTP/1.1 204 No Content\r\n\r\n",
     "quote reply: status 204, with neither", 0, NULL},
    {"continue first", "HTTP/1.1 100 Continue\r\n\r\n",
     "quote reply: unexpected status 100", 0, NULL},
    {"no length", "HTTP/1.1 200 OK\r\n\r\n{}",
     "quote reply: status 200, with neither Content-Length nor chunks", 0,
     NULL},
    {"two lengths",
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
     "quote reply: ", 0, NULL},
    {"length and chunks",
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n"
     "\r\n2\r\n{}\r\n0\r\n\r\n",
     "quote reply: ", 0, NULL},
    {"goodbye promised",
     "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
     "quote reply: the server will close", 0, NULL},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
     "quote reply: the server will close", 0, NULL},
    {"HTTP/2 in words", "HTTP/2 200\r\n\r\n", "quote reply: ", 0, NULL},
    {"no HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "quote reply: ", 0, NULL},
    {"larger than allowed",
     "HTTP/1.1 200 OK\r\nContent-Length: 16777217\r\n\r\n",
     "quote reply: a body of 16777217 bytes, at most 16777216", 0, NULL},
    {"larger than any number",
     "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
     "quote reply: ", 0, NULL},
    {"endless chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "quote reply", 4200, "1000\r\n"},
    {"endless head", "HTTP/1.1 200 OK\r\n", "quote reply: ", 6000,
     "X-Filler: 0123456789\r\n"},
    {"endless fields", "HTTP/1.1 200 OK\r\n", "quote reply: ", 12000,
     "A: b\r\n"},
    {"not JSON", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
     "quote reply: ", 0, NULL},
    {"JSON without a quote", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
     "quote reply: there is no quote in it", 0, NULL},
    {"an array", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
     "quote reply: there is no quote in it", 0, NULL},
    {"error instead of a quote",
     "HTTP/1.1 200 OK\r\nContent-Length: 43\r\n\r\n"
     "{\"success\":false,\"quote\":null,\"error\":\"no\"}",
     "quote reply: no quote; the server says: no", 0, NULL},
    {"quote that is no hex",
     "HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n"
     "{\"quote\":{\"quote\":\"zz\"}} ",
     "quote reply: quote.quote", 0, NULL},
    {"quote of odd length",
     "HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n"
     "{\"quote\":{\"quote\":\"040\"}} ",
     "quote reply: quote.quote", 0, NULL},
    {"quote cut short",
     "HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n"
     "{\"quote\":{\"quote\":\"040002\"}} ",
     "", 0, NULL},
    {"answer and more",
     "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK",
     "quote reply: status 404", 0, NULL},
};

static void
start(struct raw_server *r, struct assay_client **c)
{
    const struct assay_client_options o =
        pair_client_options(&platform, policy);
    struct assay_error err;

    raw_make(r, &platform);
    pair_need(assay_client_new(&o, now, pair_nonce, c, &err) == ASSAY_OK, &err);
    raw_run(r, *c, SIZE_MAX);
    assert_int_equal(assay_client_state(*c), ASSAY_CLIENT_QUOTE);
}

static void
check_failed(const char *row, const struct assay_client *c, const char *message)
{
    const struct assay_error *err = assay_client_error(c);

    if (assay_client_state(c) != ASSAY_CLIENT_FAILED ||
        !assay_client_peer_failed(c) ||
        strncmp(err->msg, message, strlen(message)) != 0) {
        fail_msg("row \"%s\": %s, %s: \"%s\"", row,
                 assay_client_state_name(assay_client_state(c)),
                 assay_code_name(err->code), err->msg);
    }
}

static void
test_hole_7_replies(void **state)
{
    static const size_t steps[] = {SIZE_MAX, 1000};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(replies); i++) {
        for (size_t k = 0; k < COUNT_OF(steps); k++) {
            struct assay_client *c = NULL;
            struct raw_server r;
            struct assay_buf text;

            start(&r, &c);
            assay_buf_init(&text, 1u << 26);
            assay_buf_add_text(&text, replies[i].reply);
            for (size_t n = 0; n < replies[i].repeat; n++) {
                assay_buf_add_text(&text, replies[i].unit);
                if (strcmp(replies[i].unit, "1000\r\n") == 0) {
                    memset(assay_buf_extend(&text, 4096), ' ', 4096);
                    assay_buf_add_text(&text, "\r\n");
                }
                if (text.len > 60000) { /* as a server would: bit by bit */
                    raw_say(&r, assay_buf_slice(&text));
                    text.len = 0;
                    raw_run(&r, c, steps[k]);
                }
            }
            raw_say(&r, assay_buf_slice(&text));
            raw_run(&r, c, steps[k]);
            check_failed(replies[i].name, c, replies[i].message);
            assay_buf_free(&text);
            assay_client_free(c);
            raw_free(&r);
        }
    }
}

/* The request is what the wire says, and nothing else was ever said. */
static void
test_request_is_all_that_is_said(void **state)
{
    static const char want[] =
        "POST /tdx_quote HTTP/1.1\r\n"
        "Host: " PAIR_NAME "\r\n"
        "Content-Type: application/json\r\n"
        "Content-Length: 80\r\n"
        "Connection: keep-alive\r\n"
        "\r\n"
        "{\"nonce_hex\":\"000102030405060708090a0b0c0d0e0f"
        "101112131415161718191a1b1c1d1e1f\"}";
    struct assay_client *c = NULL;
    struct raw_server r;

    (void)state;
    start(&r, &c);
    raw_say(&r, assay_slice_of("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"));
    raw_run(&r, c, SIZE_MAX);
    check_failed("refused", c, "quote reply: status 500");
    assert_true(assay_slice_is(assay_queue_slice(&r.plain), want));
    assay_client_free(c);
    raw_free(&r);
}

/* A goodbye instead of a reply: it was reached and did not prove itself. */
static void
test_goodbye_instead_of_a_reply(void **state)
{
    struct assay_client *c = NULL;
    struct raw_server r;

    (void)state;
    start(&r, &c);
    assay_tls_close(r.tls);
    raw_run(&r, c, SIZE_MAX);
    check_failed("goodbye", c, "quote reply: the server said goodbye");
    assay_client_free(c);
    raw_free(&r);
}

static void
say_evidence(struct raw_server *r, const struct assay_client *c,
             const char *more)
{
    raw_say_evidence(r, c, "", more);
}

static void
open_session(struct assay_client *c)
{
    struct assay_error err;

    if (assay_client_state(c) == ASSAY_CLIENT_NEED_COLLATERAL) {
        assay_client_give_collateral(c, platform.collateral);
        (void)!assay_client_appraise(c, now, &err);
    }
}

static void
test_good_evidence_opens(void **state)
{
    struct assay_client *c = NULL;
    struct raw_server r;

    (void)state;
    start(&r, &c);
    say_evidence(&r, c, "");
    raw_run(&r, c, 1);
    open_session(c);
    if (assay_client_state(c) != ASSAY_CLIENT_OPEN) {
        fail_msg("%s", assay_client_error(c)->msg);
    }
    assay_client_free(c);
    raw_free(&r);
}

/* Its evidence is there, so it cannot be said to have proven nothing. */
static void
test_goodbye_after_the_reply(void **state)
{
    struct assay_client *c = NULL;
    struct raw_server r;

    (void)state;
    start(&r, &c);
    say_evidence(&r, c, "");
    assay_tls_close(r.tls);
    raw_run(&r, c, SIZE_MAX);
    assert_int_equal(assay_client_state(c), ASSAY_CLIENT_FAILED);
    assert_int_equal(assay_client_error(c)->code, ASSAY_NETWORK);
    assert_false(assay_client_peer_failed(c));
    assay_client_free(c);
    raw_free(&r);
}

/* What stands behind the reply would be taken for the answer to the first
 * request. */
static void
test_nothing_behind_the_reply(void **state)
{
    struct assay_client *c = NULL;
    struct raw_server r;

    (void)state;
    start(&r, &c);
    say_evidence(&r, c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    raw_run(&r, c, SIZE_MAX);
    check_failed("in the same record", c, "quote reply: ");
    assay_client_free(c);
    raw_free(&r);

    start(&r, &c);
    say_evidence(&r, c, "");
    raw_run(&r, c, SIZE_MAX);
    assert_int_equal(assay_client_state(c), ASSAY_CLIENT_NEED_COLLATERAL);
    raw_say(&r, assay_slice_of("x"));
    raw_run(&r, c, SIZE_MAX);
    check_failed("while collateral is fetched", c, "quote reply: 1 bytes");
    open_session(c);
    assert_int_equal(assay_client_state(c), ASSAY_CLIENT_FAILED);
    assay_client_free(c);
    raw_free(&r);
}

/* The certificate of another: the same evidence over another key. */
static void
test_certificate_that_was_not_announced(void **state)
{
    static const char *const names[] = {PAIR_NAME};
    struct assay_tls_identity *other = NULL;
    struct assay_tls_identity *own = platform.identity;
    struct assay_tls_roots *own_roots = platform.roots;
    struct assay_client *c = NULL;
    struct raw_server r;
    struct assay_buf pem;
    struct assay_error err;
    size_t count = 0;

    (void)state;
    pair_need(assay_tls_identity_make(platform.ctx, names, 1, MINT_NOW_S, 30,
                                      &other, &err) == ASSAY_OK,
              &err);
    assay_buf_init(&pem, 65536);
    assay_tls_identity_pem(other, &pem);
    platform.identity = other;
    pair_need(assay_tls_roots_parse(platform.ctx, assay_buf_slice(&pem),
                                    &platform.roots, &count, &err) == ASSAY_OK,
              &err);
    start(&r, &c);
    say_evidence(&r, c, ""); /* by a platform that signs what it is told */
    raw_run(&r, c, SIZE_MAX);
    open_session(c);
    check_failed("not announced", c, "certificate_event: ");
    assay_client_free(c);
    raw_free(&r);
    assay_tls_roots_free(platform.roots);
    assay_tls_identity_free(other);
    assay_buf_free(&pem);
    platform.identity = own;
    platform.roots = own_roots;
}

/* Hole 5: collateral that the server brings along is not even looked at. */
static void
test_hole_5_collateral_of_the_server(void **state)
{
    struct assay_client *c = NULL;
    struct raw_server r;

    (void)state;
    start(&r, &c);
    raw_say(&r, assay_slice_of("HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n"
                               "{\"collateral\":{\"tcb_info\":\"{}\"},"
                               "\"quote\":{\"quote\":\"0400\"}}   "));
    raw_run(&r, c, SIZE_MAX);
    assert_int_equal(assay_client_state(c), ASSAY_CLIENT_FAILED);
    assert_null(assay_client_verdict(c));
    assay_client_free(c);
    raw_free(&r);

    start(&r, &c);
    raw_say_evidence(&r, c, "\"collateral\":{\"tcb_info\":{}}", "");
    raw_run(&r, c, SIZE_MAX);
    assert_int_equal(assay_client_state(c), ASSAY_CLIENT_NEED_COLLATERAL);
    assert_int_equal(assay_client_stapled(c).len, 0);
    assay_client_free(c);
    raw_free(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hole_7_replies),
        cmocka_unit_test(test_request_is_all_that_is_said),
        cmocka_unit_test(test_goodbye_instead_of_a_reply),
        cmocka_unit_test(test_goodbye_after_the_reply),
        cmocka_unit_test(test_good_evidence_opens),
        cmocka_unit_test(test_nothing_behind_the_reply),
        cmocka_unit_test(test_certificate_that_was_not_announced),
        cmocka_unit_test(test_hole_5_collateral_of_the_server),
    };
    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
