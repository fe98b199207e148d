/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_session_unavailable.c - servers that cannot give evidence for now. That
 * is an outage and no verdict, and it opens nothing.
 */
#include "harness/pair_test.h"
#include "harness/raw_server.h"
#include "harness/unit.h"

#define BEGIN "quote reply: status "

static const struct assay_now now = {MINT_NOW_S, 1000};

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
check_failed(const char *row, const struct assay_client *c,
             enum assay_code code, const char *says)
{
    check_error(row, assay_client_error(c), code, says, ASSAY_NO_OFFSET);
    CHECK(row, assay_client_state(c) == ASSAY_CLIENT_FAILED);
    CHECK(row, assay_client_peer_failed(c) == (code == ASSAY_REPLY));
    CHECK(row, assay_client_verdict(c) == NULL);
}

/* --- which answers are outages ------------------------------------------ */

static const struct {
    unsigned status;
    enum assay_code code;
} statuses[] = {
    {429, ASSAY_UNAVAILABLE}, {502, ASSAY_UNAVAILABLE},
    {503, ASSAY_UNAVAILABLE}, {504, ASSAY_UNAVAILABLE},
    {201, ASSAY_REPLY},       {302, ASSAY_REPLY},
    {400, ASSAY_REPLY},       {403, ASSAY_REPLY},
    {404, ASSAY_REPLY},       {408, ASSAY_REPLY},
    {428, ASSAY_REPLY},       {430, ASSAY_REPLY},
    {500, ASSAY_REPLY},       {501, ASSAY_REPLY},
    {505, ASSAY_REPLY},       {599, ASSAY_REPLY},
};

static void
test_statuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        struct assay_client *c = NULL;
        struct raw_server r;
        char answer[96];
        char says[64];

        (void)snprintf(answer, sizeof(answer),
                       "HTTP/1.1 %u x\r\nRetry-After: 7\r\n"
                       "Content-Length: 0\r\n\r\n",
                       statuses[i].status);
        (void)snprintf(
            says, sizeof(says), BEGIN "%u instead of 200%s", statuses[i].status,
            statuses[i].code == ASSAY_UNAVAILABLE ? ", try again in 7 s" : "");
        start(&r, &c);
        raw_say(&r, assay_slice_of(answer));
        raw_run(&r, c, SIZE_MAX);
        check_failed(answer, c, statuses[i].code, says);
        CHECK(answer, strcmp(assay_client_error(c)->msg, says) == 0);
        CHECK(answer, assay_client_retry_after_s(c) ==
                          (statuses[i].code == ASSAY_UNAVAILABLE ? 7u : 0u));
        assay_client_free(c);
        raw_free(&r);
    }
}

/* --- how long it is to last --------------------------------------------- */

#define AFTER(value) "Retry-After: " value "\r\n"

static const struct {
    const char *fields;
    unsigned wait_s;
} waits[] = {
    {"", 0},
    {AFTER("1"), 1},
    {"retry-after:  17 \r\n", 17},
    {AFTER("017"), 17},
    {AFTER("0"), 0},
    {AFTER("3600"), 3600},
    {AFTER("3601"), ASSAY_RETRY_AFTER_MAX_S},
    {AFTER("4294967297"), ASSAY_RETRY_AFTER_MAX_S},
    {AFTER("18446744073709551617"), ASSAY_RETRY_AFTER_MAX_S},
    {AFTER("99999999999999999999999999999999999999"), ASSAY_RETRY_AFTER_MAX_S},
    {AFTER(""), 0},
    {AFTER("-1"), 0},
    {AFTER("+1"), 0},
    {AFTER("1.5"), 0},
    {AFTER("1 s"), 0},
    {AFTER("0x10"), 0},
    {AFTER("99999x"), 0},
    {AFTER("Fri, 31 Dec 1999 23:59:59 GMT"), 0},
    {AFTER("1") AFTER("2"), 0}, /* which one? */
};

static void
test_waits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        const char *row = waits[i].fields;
        struct assay_client *c = NULL;
        struct raw_server r;
        char answer[256];
        char says[96];

        (void)snprintf(answer, sizeof(answer),
                       "HTTP/1.1 503 x\r\n%sContent-Length: 16\r\n\r\n"
                       "{\"error\":\"busy\"}",
                       row);
        if (waits[i].wait_s > 0) {
            (void)snprintf(says, sizeof(says),
                           BEGIN "503 instead of 200, try again in %u s; the "
                                 "server says: busy",
                           waits[i].wait_s);
        } else {
            (void)snprintf(says, sizeof(says),
                           BEGIN "503 instead of 200; the server says: busy");
        }
        start(&r, &c);
        CHECK(row, assay_client_retry_after_s(c) == 0);
        raw_say(&r, assay_slice_of(answer));
        raw_run(&r, c, 1);
        check_failed(row, c, ASSAY_UNAVAILABLE, says);
        CHECK(row, assay_client_retry_after_s(c) == waits[i].wait_s);
        assay_client_free(c);
        raw_free(&r);
    }
}

/* --- what is none, for all that it says of itself ----------------------- */

static const struct {
    const char *answer;
    const char *says;
} broken[] = {
    {"HTTP/1.1 503 x\r\n\r\n", BEGIN "503, with neither"},
    {"HTTP/1.1 503 x\r\nContent-Length: 16777217\r\n\r\n",
     "quote reply: a body of 16777217 bytes"},
    {"HTTP/1.1 503 x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
     "quote reply: "},
    {"HTTP/1.1 503 x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
     "quote reply: chunk size"},
};

static void
test_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        struct assay_client *c = NULL;
        struct raw_server r;

        start(&r, &c);
        raw_say(&r, assay_slice_of(broken[i].answer));
        raw_run(&r, c, SIZE_MAX);
        check_failed(broken[i].answer, c, ASSAY_REPLY, broken[i].says);
        CHECK(broken[i].answer, assay_client_retry_after_s(c) == 0);
        assay_client_free(c);
        raw_free(&r);
    }
}

/* --- nothing opens ------------------------------------------------------ */

/* Good evidence behind it comes too late. */
static void
test_evidence_behind_it(void **state)
{
    struct assay_client *c = NULL;
    struct assay_error err;
    struct raw_server r;

    (void)state;
    start(&r, &c);
    raw_say(&r, assay_slice_of("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"));
    raw_say_evidence(&r, c, "", "");
    raw_run(&r, c, SIZE_MAX);
    check_failed("late", c, ASSAY_UNAVAILABLE, BEGIN "503");
    assay_client_give_collateral(c, platform.collateral);
    assert_int_not_equal(assay_client_appraise(c, now, &err), ASSAY_OK);
    assert_int_equal(assay_client_state(c), ASSAY_CLIENT_FAILED);
    assay_client_free(c);
    raw_free(&r);
}

static const struct assay_refusal busy = {
    .status = 503, .code = "busy", .message = "many", .retry_after_s = 3};

/* A session that was open: what it had proven has grown old. */
static void
test_asked_anew(void **state)
{
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    pair_check_client("open", &s, ASSAY_CLIENT_OPEN);
    s.no_quote = true;
    assert_int_equal(assay_client_reattest(s.client, s.now, pair_nonce, &err),
                     ASSAY_OK);
    pair_run(&s);
    pair_check_server("asked", &s, ASSAY_SERVER_QUOTE);
    assay_server_refuse_quote(s.server, &busy);
    pair_run(&s);
    pair_check_client("refused", &s, ASSAY_CLIENT_FAILED);
    check_error("refused", assay_client_error(s.client), ASSAY_UNAVAILABLE,
                BEGIN "503 instead of 200, try again in 3 s; the server says: "
                      "many",
                ASSAY_NO_OFFSET);
    assert_false(assay_client_peer_failed(s.client));
    assert_int_equal(assay_client_retry_after_s(s.client), 3);
    pair_check_silent(&s);
    pair_free(&s);
}

/* The client's own evidence, which the server cannot judge for now. */
static void
test_evidence_of_the_client(void **state)
{
    uint8_t report_data[64];
    struct pair s;

    (void)state;
    pair_make_mutual(&s, &platform, policy);
    s.no_evidence = true;
    pair_run(&s);
    pair_check_client("asked", &s, ASSAY_CLIENT_NEED_EVIDENCE);
    assay_client_report_data(s.client, report_data);
    pair_give_evidence(&s, report_data);
    while (pair_move(&s, true)) {
    }
    pair_check_server("due", &s, ASSAY_SERVER_NEED_COLLATERAL);
    assay_server_refuse_client(s.server, &busy);
    pair_run(&s);
    pair_check_client("not judged", &s, ASSAY_CLIENT_FAILED);
    check_error("not judged", assay_client_error(s.client), ASSAY_UNAVAILABLE,
                "client evidence: status 503 instead of 200, try again in 3 s",
                ASSAY_NO_OFFSET);
    assert_false(assay_client_peer_failed(s.client));
    assert_int_equal(assay_client_retry_after_s(s.client), 3);
    pair_check_silent(&s);
    pair_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_evidence_behind_it),
        cmocka_unit_test(test_asked_anew),
        cmocka_unit_test(test_evidence_of_the_client),
    };

    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
