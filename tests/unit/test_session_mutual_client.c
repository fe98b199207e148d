/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_session_mutual_client.c - a server that requires evidence of its
 * clients, and clients that say what they like: nobody gets in without, and
 * nobody makes it answer for itself.
 */
#include "atls/wire.h"
#include "harness/pair_test.h"
#include "harness/raw_client.h"
#include "harness/unit.h"

#define GET "GET /a HTTP/1.1\r\nHost: tee.example.com\r\n\r\n"
#define NONCE_1                                                                \
    "0100000000000000000000000000000000000000000000000000000000000000"

/* A session whose client has a nonce to answer. */
static void
start_asked(struct raw_client *r)
{
    static const uint8_t nonce[ASSAY_CLIENT_NONCE_BYTES] = {1};

    raw_client_make(r, &platform, policy);
    raw_client_ask(r, RAW_CLIENT_NONCE, "");
    assert_int_equal(raw_client_give(r, nonce), ASSAY_OK);
    raw_client_check_answer("quote", r, "HTTP/1.1 200 ",
                            "\"client_nonce_hex\":\"" NONCE_1 "\"");
}

static const struct {
    const char *name;
    const char *request;
} requests[] = {
    {"GET", GET},
    {"the root", "GET / HTTP/1.1\r\nHost: tee.example.com\r\n\r\n"},
    {"with a body", "POST /b HTTP/1.1\r\nHost: tee.example.com\r\n"
                    "Content-Length: 5\r\n\r\nhello"},
    {"an upgrade", "GET /c HTTP/1.1\r\nHost: tee.example.com\r\n"
                   "Connection: Upgrade\r\nUpgrade: chat/1\r\n\r\n"},
    {"a pipe", "POST /assay-pipe HTTP/1.1\r\nHost: tee.example.com\r\n"
               "Connection: Upgrade\r\nUpgrade: assay-pipe/1\r\n\r\n"},
};

static void
test_requests_are_refused(void **state)
{
    static const struct assay_now now = {MINT_NOW_S, 2000};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        const char *row = requests[i].name;

        for (int asked = 0; asked < 2; asked++) {
            struct raw_client r;

            if (asked == 0) {
                raw_client_make(&r, &platform, policy);
            } else {
                start_asked(&r);
            }
            raw_client_say(&r, requests[i].request);
            CHECK(row, assay_server_state(r.server) == ASSAY_SERVER_ADMIT);
            CHECK(row, assay_server_request_head(r.server).len == 0);
            CHECK(row, assay_server_request_body(r.server).len == 0);
            assay_server_admit(r.server, now);
            CHECK(row, assay_server_state(r.server) != ASSAY_SERVER_REQUEST);
            raw_client_check_answer(row, &r, "HTTP/1.1 403 ",
                                    "\"client_attestation_required\"");
            raw_client_free(&r);
        }
    }
}

static const struct {
    const char *name;
    const char *request;
    const char *status;
    const char *code;
    bool asked;
} posts[] = {
    {"before a nonce",
     "POST /tdx_client_quote HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
     "{}",
     "HTTP/1.1 403 ", "\"client_nonce_missing\"", false},
    {"no body", "POST /tdx_client_quote HTTP/1.1\r\nHost: a\r\n\r\n",
     "HTTP/1.1 400 ", "\"bad_request\"", true},
    {"GET", "GET /tdx_client_quote HTTP/1.1\r\nHost: a\r\n\r\n",
     "HTTP/1.1 405 Method Not Allowed\r\nAllow: POST\r\n",
     "\"method_not_allowed\"", true},
    {"another spelling",
     "POST /TDX_client_quote/ HTTP/1.1\r\nHost: a\r\n"
     "Content-Length: 2\r\n\r\n{}",
     "HTTP/1.1 400 ", "\"bad_request\"", true},
    {"oversized",
     "POST /tdx_client_quote HTTP/1.1\r\nHost: a\r\n"
     "Content-Length: 16777217\r\n\r\n{}",
     "HTTP/1.1 400 ", "\"bad_request\"", true},
    {"no JSON",
     "POST /tdx_client_quote HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
     "hi",
     "HTTP/1.1 400 ", "client evidence: ", true},
    {"an empty object",
     "POST /tdx_client_quote HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
     "{}",
     "HTTP/1.1 400 ", "client evidence: there is no quote in it", true},
    {"no hex",
     "POST /tdx_client_quote HTTP/1.1\r\nHost: a\r\nContent-Length: 24\r\n\r\n"
     "{\"quote\":{\"quote\":\"zz\"}} ",
     "HTTP/1.1 400 ", "client evidence: quote.quote", true},
    {"a quote cut short",
     "POST /tdx_client_quote HTTP/1.1\r\nHost: a\r\nContent-Length: 28\r\n\r\n"
     "{\"quote\":{\"quote\":\"040002\"}} ",
     "HTTP/1.1 400 ", "\"bad_request\"", true},
    {"chunks that are none",
     "POST /tdx_client_quote HTTP/1.1\r\nHost: a\r\n"
     "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
     "HTTP/1.1 400 ", "\"bad_request\"", true},
};

static void
test_posts_are_refused(void **state)
{
    static const struct assay_now now = {MINT_NOW_S, 2000};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(posts); i++) {
        const char *row = posts[i].name;
        struct raw_client r;

        if (posts[i].asked) {
            start_asked(&r);
        } else {
            raw_client_make(&r, &platform, policy);
        }
        raw_client_say(&r, posts[i].request);
        raw_client_check_answer(row, &r, posts[i].status, posts[i].code);
        CHECK(row, assay_server_client_verdict(r.server) == NULL);
        if (assay_server_state(r.server) == ASSAY_SERVER_IDLE) {
            raw_client_say(&r, GET); /* it was no way in */
            assay_server_admit(r.server, now);
            raw_client_check_answer(row, &r, "HTTP/1.1 403 ",
                                    "\"client_attestation_required\"");
        }
        raw_client_free(&r);
    }
}

/* A body without end: no more than the limit is kept. */
static void
test_endless_evidence(void **state)
{
    static char chunk[7 + 65536 + 3]; /* size, octets, end; and a NUL */
    struct raw_client r;
    size_t sent = 0;

    (void)state;
    (void)snprintf(chunk, sizeof(chunk), "10000\r\n%65536s\r\n", "");
    start_asked(&r);
    raw_client_say(&r, "POST /tdx_client_quote HTTP/1.1\r\nHost: a\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n");
    while (assay_server_state(r.server) == ASSAY_SERVER_IDLE) {
        raw_client_say(&r, chunk);
        sent += 65536;
        assert_true(sent <= ASSAY_WIRE_CLIENT_EVIDENCE_MAX_BYTES + 65536);
    }
    raw_client_check_answer("endless", &r, "HTTP/1.1 400 ",
                            "more than 1048576 bytes");
    raw_client_free(&r);
}

/* --- nonces ------------------------------------------------------------- */

static const uint8_t nonce_of_client[ASSAY_CLIENT_NONCE_BYTES] = {0xff};

/* A server with a broken source of nonces sends none of them. */
static void
test_nonces_are_fresh(void **state)
{
    static const uint8_t zero[ASSAY_CLIENT_NONCE_BYTES];
    static const uint8_t one[ASSAY_CLIENT_NONCE_BYTES] = {1};
    static const uint8_t two[ASSAY_CLIENT_NONCE_BYTES] = {2};
    struct raw_client r;

    (void)state;
    start_asked(&r);
    raw_client_ask(&r, RAW_CLIENT_NONCE, "");
    assert_int_equal(raw_client_give(&r, NULL), ASSAY_INVALID);
    assert_int_equal(raw_client_give(&r, zero), ASSAY_INVALID);
    assert_int_equal(raw_client_give(&r, one),
                     ASSAY_INVALID); /* the last one */
    assert_int_equal(raw_client_give(&r, nonce_of_client), ASSAY_INVALID);
    assert_int_equal(r.heard.len, 0);
    assert_int_equal(raw_client_give(&r, two), ASSAY_OK);
    raw_client_free(&r);
}

/* The server's nonce as the client's own: one end would answer for both. */
static void
test_reflection_to_the_server(void **state)
{
    struct raw_client r;

    (void)state;
    start_asked(&r);
    raw_client_ask(&r, NONCE_1, "");
    raw_client_check_answer("reflected", &r, "HTTP/1.1 400 ",
                            "the nonce is this server's own");
    raw_client_free(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_are_refused),
        cmocka_unit_test(test_posts_are_refused),
        cmocka_unit_test(test_endless_evidence),
        cmocka_unit_test(test_nonces_are_fresh),
        cmocka_unit_test(test_reflection_to_the_server),
    };
    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
