/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_session_pipe.c - servers with a pipe behind them, and what a server
 * tells of the requests that it answers itself.
 */
#include "harness/pair_test.h"
#include "harness/raw_client.h"
#include "harness/unit.h"

#define HOST "Host: tee.example.com\r\n"
#define PIPE                                                                   \
    "POST /assay-pipe HTTP/1.1\r\n" HOST                                       \
    "Connection: Upgrade\r\nUpgrade: assay-pipe/1\r\n\r\n"
static void
check_answered(const struct raw_client *r, uint64_t count, unsigned status,
               const char *method, const char *path)
{
    const struct assay_server_answered *a = assay_server_answered(r->server);

    if (a->count != count || a->status != status ||
        strcmp(a->method, method) != 0 || strcmp(a->path, path) != 0) {
        fail_msg("%llu: %s %s %u", (unsigned long long)a->count, a->method,
                 a->path, a->status);
    }
}

/* Asks for evidence, and is given it. */
static void
get_quote(struct raw_client *r)
{
    static const uint8_t nonce[ASSAY_CLIENT_NONCE_BYTES] = {1};

    raw_client_ask(r, RAW_CLIENT_NONCE, "");
    raw_client_check_state(r, ASSAY_SERVER_QUOTE);
    assert_int_equal(raw_client_give(r, nonce), ASSAY_OK);
    raw_client_check_state(r, ASSAY_SERVER_IDLE);
}

static void
start(struct raw_client *r, const struct assay_policy *of_clients)
{
    raw_client_make(r, &platform, of_clients);
    assay_server_offer_pipe(r->server);
}

static void
test_only_behind_evidence(void **state)
{
    static const struct assay_refusal none = {
        .status = 502, .code = "quote_unavailable", .message = "none"};
    struct raw_client r;

    (void)state;
    start(&r, NULL);
    raw_client_say(&r, PIPE);
    raw_client_check_state(&r, ASSAY_SERVER_IDLE);
    check_answered(&r, 1, 403, "POST", "/assay-pipe");
    assert_false(assay_server_wants_pipe(r.server));
    /* To have asked is not enough. */
    raw_client_ask(&r, RAW_CLIENT_NONCE, "");
    assay_server_refuse_quote(r.server, &none);
    raw_client_say(&r, PIPE);
    check_answered(&r, 3, 403, "POST", "/assay-pipe");
    get_quote(&r);
    check_answered(&r, 4, 200, "POST", "/tdx_quote");
    raw_client_say(&r, PIPE);
    raw_client_check_state(&r, ASSAY_SERVER_REQUEST);
    assert_true(assay_server_wants_pipe(r.server));
    check_answered(&r, 4, 200, "POST", "/tdx_quote");
    assay_server_switch(r.server);
    raw_client_check_state(&r, ASSAY_SERVER_RAW);
    assert_false(assay_server_wants_pipe(r.server));
    raw_client_free(&r);
}

/* What is not as it should be is refused, and the connection goes on unless
 * nobody knows where the next request begins. */
static void
test_requests_that_are_wrong(void **state)
{
    static const struct {
        const char *request;
        unsigned status;
        enum assay_server_state then;
    } rows[] = {
        {"POST /assay-pipe HTTP/1.1\r\n" HOST
         "Connection: Upgrade\r\nUpgrade: assay-pipe/2\r\n\r\n",
         400, ASSAY_SERVER_IDLE},
        {"POST /assay-pipe HTTP/1.1\r\n" HOST "Upgrade: assay-pipe/1\r\n\r\n",
         400, ASSAY_SERVER_IDLE},
        {"GET /assay-pipe HTTP/1.1\r\n" HOST
         "Connection: Upgrade\r\nUpgrade: assay-pipe/1\r\n\r\n",
         405, ASSAY_SERVER_IDLE},
        {"POST /assay-pipe/ HTTP/1.1\r\n" HOST
         "Connection: Upgrade\r\nUpgrade: assay-pipe/1\r\n\r\n",
         400, ASSAY_SERVER_IDLE},
        {"POST /assay-pipe HTTP/1.1\r\n" HOST "Connection: Upgrade\r\n"
         "Upgrade: assay-pipe/1\r\nContent-Length: 1\r\n\r\nx",
         400, ASSAY_SERVER_CLOSED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct raw_client r;

        start(&r, NULL);
        get_quote(&r);
        raw_client_say(&r, rows[i].request);
        assert_int_equal(assay_server_answered(r.server)->status,
                         rows[i].status);
        raw_client_check_state(&r, rows[i].then);
        raw_client_free(&r);
    }
}

/* The next request on the connection is none for the pipe. */
static void
test_refused_by_the_caller(void **state)
{
    struct raw_client r;

    (void)state;
    start(&r, NULL);
    get_quote(&r);
    raw_client_say(&r, PIPE);
    assert_true(assay_server_wants_pipe(r.server));
    assay_server_respond_end(r.server, true);
    raw_client_say(&r, "GET / HTTP/1.1\r\n" HOST "\r\n");
    raw_client_check_state(&r, ASSAY_SERVER_REQUEST);
    assert_false(assay_server_wants_pipe(r.server));
    raw_client_free(&r);
}

static void
test_where_there_is_none(void **state)
{
    struct raw_client r;

    (void)state;
    raw_client_make(&r, &platform, NULL);
    raw_client_say(&r, PIPE);
    raw_client_check_state(&r, ASSAY_SERVER_REQUEST);
    assert_false(assay_server_wants_pipe(r.server));
    raw_client_free(&r);
}

/* Our evidence is not theirs. */
static void
test_clients_that_must_attest(void **state)
{
    const struct assay_now now = {.wall_s = MINT_NOW_S, .mono_ms = 1};
    struct raw_client r;

    (void)state;
    start(&r, policy);
    get_quote(&r);
    raw_client_say(&r, PIPE);
    raw_client_check_state(&r, ASSAY_SERVER_ADMIT);
    assert_false(assay_server_wants_pipe(r.server));
    assay_server_admit(r.server, now);
    raw_client_check_state(&r, ASSAY_SERVER_IDLE);
    check_answered(&r, 2, 403, "POST", "/assay-pipe");
    raw_client_free(&r);
}

static void
test_what_is_answered(void **state)
{
    static const struct {
        const char *request;
        unsigned status;
        const char *method;
        const char *path;
    } rows[] = {
        {"PUT /tdx_quote HTTP/1.1\r\n" HOST "\r\n", 405, "PUT", "/tdx_quote"},
        {"POST /tdx_quote?a=secret HTTP/1.1\r\n" HOST "\r\n", 400, "POST",
         "/tdx_quote"},
        {"POST http://h/%74dx_quote HTTP/1.1\r\nHost: h\r\n\r\n", 400, "POST",
         "http://h/%74dx_quote"},
        {"AVERYLONGMETHODOFMINE /tdx_quote/./././././././././././././."
         "/./././././././././././././././. HTTP/1.1\r\n" HOST "\r\n",
         400, "AVERYLONGMETHOD",
         "/tdx_quote/././././././././././././././././././././././././././"},
        {"GET / secret HTTP/1.1\r\n\r\n", 400, "", ""},
    };
    struct raw_client r;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        start(&r, NULL);
        check_answered(&r, 0, 0, "", "");
        raw_client_say(&r, rows[i].request);
        check_answered(&r, 1, rows[i].status, rows[i].method, rows[i].path);
        raw_client_free(&r);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_behind_evidence),
        cmocka_unit_test(test_requests_that_are_wrong),
        cmocka_unit_test(test_refused_by_the_caller),
        cmocka_unit_test(test_where_there_is_none),
        cmocka_unit_test(test_clients_that_must_attest),
        cmocka_unit_test(test_what_is_answered),
    };

    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
