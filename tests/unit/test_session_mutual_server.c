/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_session_mutual_server.c - a client that has evidence to give, and
 * servers that say what they like: what they may ask, and what they may answer.
 */
#include "harness/pair_test.h"
#include "harness/raw_server.h"
#include "harness/unit.h"

#define NONCE "ff00000000000000000000000000000000000000000000000000000000000000"

static void
start_raw_server(struct raw_server *r, struct assay_client **c,
                 const char *member)
{
    static const struct assay_now now = {MINT_NOW_S, 1000};
    const struct assay_client_options o =
        pair_client_options(&platform, policy);
    struct assay_error err;

    raw_make(r, &platform);
    pair_need(assay_client_new(&o, now, pair_nonce, c, &err) == ASSAY_OK, &err);
    raw_run(r, *c, SIZE_MAX);
    raw_say_evidence(r, *c, member, "");
    raw_run(r, *c, SIZE_MAX);
    if (assay_client_state(*c) == ASSAY_CLIENT_NEED_COLLATERAL) {
        assay_client_give_collateral(*c, platform.collateral);
        (void)!assay_client_appraise(*c, now, &err);
    }
}

static const struct {
    const char *name;
    const char *member;
    enum assay_client_state state;
    const char *says;
} members[] = {
    {"a nonce", "\"client_nonce_hex\":\"" NONCE "\"",
     ASSAY_CLIENT_NEED_EVIDENCE, ""},
    {"null", "\"client_nonce_hex\":null", ASSAY_CLIENT_OPEN, ""},
    {"our own nonce",
     "\"client_nonce_hex\":\"000102030405060708090a0b0c0d0e0f"
     "101112131415161718191a1b1c1d1e1f\"",
     ASSAY_CLIENT_FAILED, "quote reply: the server sends our own nonce back"},
    {"too short", "\"client_nonce_hex\":\"00\"", ASSAY_CLIENT_FAILED,
     "quote reply: client_nonce_hex"},
    {"no hex",
     "\"client_nonce_hex\":\"zz00000000000000000000000000000000000000000000"
     "000000000000000000\"",
     ASSAY_CLIENT_FAILED, "quote reply: client_nonce_hex"},
    {"a number", "\"client_nonce_hex\":1", ASSAY_CLIENT_FAILED,
     "quote reply: client_nonce_hex"},
    {"an object", "\"client_nonce_hex\":{}", ASSAY_CLIENT_FAILED,
     "quote reply: client_nonce_hex"},
    {"empty", "\"client_nonce_hex\":\"\"", ASSAY_CLIENT_FAILED,
     "quote reply: client_nonce_hex"},
};

static void
test_nonces_of_servers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        const char *row = members[i].name;
        struct assay_client *c = NULL;
        struct raw_server r;

        start_raw_server(&r, &c, members[i].member);
        CHECK(row, assay_client_state(c) == members[i].state);
        CHECK(row, strncmp(assay_client_error(c)->msg, members[i].says,
                           strlen(members[i].says)) == 0);
        CHECK(row, assay_client_peer_failed(c) ==
                       (members[i].state == ASSAY_CLIENT_FAILED));
        assay_client_free(c);
        raw_free(&r);
    }
}

static const struct {
    const char *name;
    const char *answer;
    enum assay_code code;
    const char *says;
    bool peer;
} answers[] = {
    {"success",
     "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n"
     "{\"success\":true}",
     ASSAY_OK, "", false},
    {"in chunks",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
     "10\r\n{\"success\":true}\r\n0\r\n\r\n",
     ASSAY_OK, "", false},
    {"no success",
     "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n"
     "{\"success\":false}",
     ASSAY_REPLY, "client evidence: the server's answer is no success", true},
    {"success as text",
     "HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n"
     "{\"success\":\"true\"}",
     ASSAY_REPLY, "client evidence: the server's answer is no success", true},
    {"an empty body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
     ASSAY_TRUNCATED, "client evidence: ", true},
    {"more behind it",
     "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n"
     "{\"success\":true}HTTP/1.1 200 OK\r\n",
     ASSAY_REPLY, "client evidence: 17 bytes follow it unasked", true},
    {"204", "HTTP/1.1 204 No Content\r\n\r\n", ASSAY_REPLY,
     "client evidence: status 204, with neither", true},
    {"302", "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
     ASSAY_REPLY, "client evidence: status 302 instead of 200", true},
    {"refused",
     "HTTP/1.1 403 Forbidden\r\nConnection: close\r\n"
     "Content-Length: 30\r\n\r\n{\"error\":{\"message\":\"no way\"}}",
     ASSAY_REFUSED,
     "client evidence: status 403 instead of 200; the server says: no way",
     false},
    {"refused without a word", "HTTP/1.1 403 Forbidden\r\n\r\n", ASSAY_REFUSED,
     "client evidence: status 403, with neither", false},
    {"refused at length",
     "HTTP/1.1 403 Forbidden\r\nContent-Length: 65537\r\n\r\n", ASSAY_REFUSED,
     "client evidence: a body of 65537 bytes, at most 65536", false},
    {"too large", "HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n",
     ASSAY_REPLY, "client evidence: a body of 65537 bytes, at most 65536",
     true},
    {"no HTTP", "hello\r\n\r\n", ASSAY_REPLY, "client evidence: ", true},
};

static void
give_to_raw_server(struct raw_server *r, struct assay_client *c)
{
    const struct assay_quote_reply reply = {.quote = assay_slice_of("mine")};
    struct assay_error err;

    assert_int_equal(assay_client_give_evidence(c, &reply, &err), ASSAY_OK);
    assay_queue_take(&r->plain, assay_queue_len(&r->plain));
    raw_run(r, c, SIZE_MAX);
    assert_int_equal(assay_client_state(c), ASSAY_CLIENT_EVIDENCE);
}

static void
test_answers_of_servers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        const char *row = answers[i].name;
        struct assay_client *c = NULL;
        struct raw_server r;

        start_raw_server(&r, &c, members[0].member);
        give_to_raw_server(&r, c);
        raw_say(&r, assay_slice_of(answers[i].answer));
        raw_run(&r, c, 1);
        check_error(row, assay_client_error(c), answers[i].code,
                    answers[i].says, assay_client_error(c)->offset);
        CHECK(row, (assay_client_state(c) == ASSAY_CLIENT_OPEN) ==
                       (answers[i].code == ASSAY_OK));
        CHECK(row, assay_client_peer_failed(c) == answers[i].peer);
        CHECK(row,
              assay_client_facts(c).mutual == (answers[i].code == ASSAY_OK));
        assay_client_free(c);
        raw_free(&r);
    }
}

static void
test_goodbye_instead_of_an_answer(void **state)
{
    struct assay_client *c = NULL;
    struct raw_server r;

    (void)state;
    for (int cut = 0; cut < 2; cut++) {
        start_raw_server(&r, &c, members[0].member);
        give_to_raw_server(&r, c);
        if (cut == 0) {
            assay_tls_close(r.tls);
            raw_run(&r, c, SIZE_MAX);
        } else {
            assay_client_eof(c);
        }
        assert_int_equal(assay_client_state(c), ASSAY_CLIENT_FAILED);
        assert_int_equal(assay_client_error(c)->code,
                         cut == 0 ? ASSAY_REFUSED : ASSAY_NETWORK);
        assert_false(assay_client_peer_failed(c));
        assay_client_free(c);
        raw_free(&r);
    }
}

/* What goes out, octet for octet. */
static void
test_request(void **state)
{
    static const char head[] = "POST /tdx_client_quote HTTP/1.1\r\n"
                               "Host: tee.example.com\r\n"
                               "Content-Type: application/json\r\n"
                               "Content-Length: 241\r\n"
                               "Connection: keep-alive\r\n"
                               "\r\n"
                               "{\"quote\":{\"quote\":\"6d696e65\","
                               "\"event_log\":\"[]\",\"report_data\":\"";
    static const char tail[] = "\",\"vm_config\":\"{}\"},"
                               "\"tcb_info\":{\"app_compose\":\"{}\"}}";
    struct assay_quote_reply reply = {
        .quote = assay_slice_of("mine"),
        .event_log = assay_slice_of("[]"),
        .vm_config = assay_slice_of("{}"),
        .tcb_info = assay_slice_of("{\"app_compose\":\"{}\"}"),
        .collateral = assay_slice_of("{}"), /* which is not sent */
    };
    struct assay_client *c = NULL;
    struct assay_slice got;
    struct raw_server r;
    struct assay_error err;

    (void)state;
    start_raw_server(&r, &c, members[0].member);
    assay_queue_take(&r.plain, assay_queue_len(&r.plain));
    reply.event_log = assay_slice_of("{}");
    assert_int_equal(assay_client_give_evidence(c, &reply, &err),
                     ASSAY_INVALID);
    assert_int_equal(assay_client_state(c), ASSAY_CLIENT_NEED_EVIDENCE);
    reply.event_log = assay_slice_of("[]"); /* may be given again */
    assert_int_equal(assay_client_give_evidence(c, &reply, &err), ASSAY_OK);
    assert_int_equal(assay_client_give_evidence(c, &reply, &err),
                     ASSAY_INVALID);
    raw_run(&r, c, SIZE_MAX);
    got = assay_queue_slice(&r.plain);
    if (got.len != strlen(head) + 128 + strlen(tail) ||
        memcmp(got.ptr, head, strlen(head)) != 0 ||
        memcmp(got.ptr + strlen(head) + 128, tail, strlen(tail)) != 0) {
        fail_msg("\"%.*s\"", (int)got.len, (const char *)got.ptr);
    }
    assay_client_free(c);
    raw_free(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nonces_of_servers),
        cmocka_unit_test(test_answers_of_servers),
        cmocka_unit_test(test_goodbye_instead_of_an_answer),
        cmocka_unit_test(test_request),
    };
    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
