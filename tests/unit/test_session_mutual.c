/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_session_mutual.c - sessions in which the client proves itself too: to a
 * server that requires it, never to one that has not proven itself, and never
 * with somebody else's evidence. What one end alone may say is in
 * test_session_mutual_client.c and test_session_mutual_server.c.
 */
#include "atls/wire.h"
#include "harness/pair_test.h"
#include "harness/unit.h"

#define GET "GET /a HTTP/1.1\r\nHost: tee.example.com\r\n\r\n"

static void
check_ended(const char *row, const struct pair *s, enum assay_code code,
            const char *says)
{
    const struct assay_error *err = assay_client_error(s->client);

    pair_check_client(row, s, ASSAY_CLIENT_FAILED);
    if (err->code != code || strstr(err->msg, says) == NULL) {
        fail_msg("row \"%s\": %s", row, err->msg);
    }
    CHECK(row, !assay_client_peer_failed(s->client));
}

/* The client refused, although the server has proven itself. */
static void
check_refused(const char *row, const struct pair *s, const char *says)
{
    check_ended(row, s, ASSAY_REFUSED, says);
}

static bool
server_failed_check(const struct pair *s, const char *name)
{
    const struct assay_verdict *v = assay_server_client_verdict(s->server);

    return v != NULL && !assay_verdict_trusted(v) &&
           strcmp(assay_verdict_reason(v), name) == 0;
}

/* Up to the client's turn to give evidence. */
static void
run_to_evidence(struct pair *s)
{
    pair_make_mutual(s, &platform, policy);
    s->no_evidence = true;
    pair_run(s);
    pair_check_client("asked", s, ASSAY_CLIENT_NEED_EVIDENCE);
}

/* --- as it should be ---------------------------------------------------- */

static void
test_opens(void **state)
{
    struct assay_session_facts mine;
    struct assay_session_facts theirs;
    uint8_t want[64];
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make_mutual(&s, &platform, policy);
    pair_run(&s);
    pair_check_client("mutual", &s, ASSAY_CLIENT_OPEN);
    pair_check_server("mutual", &s, ASSAY_SERVER_IDLE);
    mine = assay_client_facts(s.client);
    theirs = assay_server_facts(s.server);
    assert_true(mine.mutual && theirs.mutual);
    assert_int_equal(theirs.attestations, 1);
    assert_memory_equal(mine.exporter, theirs.exporter, 32);
    assert_memory_equal(theirs.nonce, s.client_nonce, 32);
    assert_string_equal(theirs.tls_version, "TLSv1.3");
    assert_true(assay_verdict_trusted(assay_server_client_verdict(s.server)));
    assay_error_clear(&err);
    assert_int_equal(assay_wire_bind_client(platform.ctx, s.client_nonce,
                                            mine.exporter, want, &err),
                     ASSAY_OK);
    assert_memory_equal(theirs.report_data, want, 64);
    pair_say(&s, GET);
    pair_check_server("admitted", &s, ASSAY_SERVER_REQUEST);
    assert_true(assay_slice_is(assay_server_request_head(s.server), GET));
    pair_free(&s);
}

/* Who requires nothing gets nothing. */
static void
test_not_required(void **state)
{
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    pair_check_client("one way", &s, ASSAY_CLIENT_OPEN);
    assert_false(assay_client_facts(s.client).mutual);
    assert_null(assay_server_client_verdict(s.server));
    pair_say(&s, "POST /tdx_client_quote HTTP/1.1\r\nHost: tee.example.com\r\n"
                 "Content-Length: 2\r\n\r\n{}");
    pair_check_answer("unasked", &s, "HTTP/1.1 404 ", "not_required");
    pair_free(&s);
}

/* A certificate that is announced is a server's: a client's evidence need not
 * name one, nor have a log in which it could stand. */
static void
test_no_certificate_of_clients(void **state)
{
    struct assay_policy *lax = NULL;
    struct assay_requirement r = {platform.verifier, platform.root, NULL};
    uint8_t report_data[64];
    struct pair_evidence e;
    struct assay_quote_reply reply;
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_need(assay_policy_parse(
                  assay_slice_of("{\"type\":\"tdx\",\"partial\":true}"), &lax,
                  &err) == ASSAY_OK,
              &err);
    r.policy = lax;
    pair_make(&s, &platform, policy);
    assert_int_equal(assay_server_require(s.server, &r, &err), ASSAY_OK);
    s.no_evidence = true;
    pair_run(&s);
    assay_client_report_data(s.client, report_data);
    pair_evidence_make(&e, &platform, report_data);
    reply = pair_evidence_reply(&e);
    reply.event_log = ASSAY_EMPTY;
    assert_int_equal(assay_client_give_evidence(s.client, &reply, &err),
                     ASSAY_OK);
    pair_evidence_free(&e);
    pair_run(&s);
    pair_check_client("no log", &s, ASSAY_CLIENT_OPEN);
    pair_free(&s);
    assay_policy_free(lax);
}

static void
test_requirement_is_checked(void **state)
{
    struct assay_policy *of_servers =
        pair_policy(&platform, ",\"certificate_event\":\"required\"");
    struct assay_requirement r = {platform.verifier, platform.root, NULL};
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    assert_int_equal(assay_server_require(s.server, &r, &err), ASSAY_INVALID);
    r.policy = of_servers;
    assert_int_equal(assay_server_require(s.server, &r, &err), ASSAY_INVALID);
    r.policy = policy;
    pair_run(&s);
    assert_int_equal(assay_server_require(s.server, &r, &err), ASSAY_INVALID);
    pair_free(&s);
    assay_policy_free(of_servers);
}

/* The client's last word may come with its request, and wait with it. */
static void
test_goodbye_behind_a_request(void **state)
{
    static const struct {
        const char *name;
        const char *request;
        const char *body;
        bool whole;
    } rows[] = {
        {"no body", GET, "", true},
        {"a body",
         "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
         "hello", true},
        {"chunks",
         "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
         "5\r\nhello\r\n0\r\n\r\n",
         "hello", true},
        {"half a body",
         "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel", "hel",
         false},
        {"no body, but its length",
         "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *row = rows[i].name;
        struct assay_slice got;
        struct assay_error err;
        struct pair s;

        pair_make_mutual(&s, &platform, policy);
        pair_run(&s);
        assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_OK);
        assert_int_equal(
            assay_client_write(s.client, assay_slice_of(rows[i].request), &err),
            ASSAY_OK);
        assay_client_close(s.client);
        pair_run(&s);
        if (rows[i].body[0] != '\0' || rows[i].whole) {
            pair_check_server(row, &s, ASSAY_SERVER_REQUEST);
        }
        got = assay_server_request_body(s.server);
        CHECK(row, assay_slice_is(got, rows[i].body));
        assay_server_body_taken(s.server, got.len);
        CHECK(row, assay_server_body_done(s.server) == rows[i].whole);
        pair_check_server(row, &s,
                          rows[i].whole ? ASSAY_SERVER_REQUEST
                                        : ASSAY_SERVER_FAILED);
        pair_free(&s);
    }
}

/* --- nothing before it is accepted -------------------------------------- */

static void
test_nothing_before_open(void **state)
{
    uint8_t report_data[64];
    struct pair s;

    (void)state;
    run_to_evidence(&s);
    pair_check_silent(&s);
    assay_client_report_data(s.client, report_data);
    pair_give_evidence(&s, report_data);
    pair_check_client("sent", &s, ASSAY_CLIENT_EVIDENCE);
    pair_check_silent(&s);
    assay_client_report_data(s.client, report_data);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(report_data[i], 0); /* not due any more */
    }
    pair_run(&s);
    pair_check_client("accepted", &s, ASSAY_CLIENT_OPEN);
    pair_free(&s);
}

/* A server that has not proven itself is told nothing of this side. */
static void
test_no_evidence_for_the_untrusted(void **state)
{
    uint8_t others[64] = {1};
    struct assay_error err;
    struct pair_evidence e;
    struct assay_quote_reply reply;
    struct pair s;

    (void)state;
    pair_make_mutual(&s, &platform, policy);
    s.no_quote = true;
    pair_run(&s);
    pair_give_quote(&s, others);
    pair_run(&s);
    pair_check_client("relayed", &s, ASSAY_CLIENT_FAILED);
    pair_evidence_make(&e, &platform, others);
    reply = pair_evidence_reply(&e);
    assert_int_equal(assay_client_give_evidence(s.client, &reply, &err),
                     ASSAY_INVALID);
    pair_evidence_free(&e);
    assert_null(assay_server_client_verdict(s.server));
    pair_free(&s);
}

/* --- evidence of others ------------------------------------------------- */

/* The session is refused for the report data of its quote. */
static void
check_not_ours(const char *row, struct pair *s, const uint8_t report_data[64])
{
    pair_give_evidence(s, report_data);
    pair_run(s);
    check_refused(row, s, "report_data");
    CHECK(row, server_failed_check(s, "report_data"));
    pair_check_server(row, s, ASSAY_SERVER_CLOSED);
    pair_free(s);
}

static void
test_wrong_report_data(void **state)
{
    struct assay_session_facts f;
    uint8_t report_data[64];
    struct assay_error err;
    struct pair s;

    (void)state;
    for (size_t i = 0; i < 64; i += 7) {
        run_to_evidence(&s);
        assay_client_report_data(s.client, report_data);
        report_data[i] ^= 1;
        check_not_ours("one bit", &s, report_data);
    }
    /* A quote of a server is none of a client: neither that of this very
     * session, nor one over the same nonce. */
    run_to_evidence(&s);
    f = assay_client_facts(s.client);
    check_not_ours("the server's own", &s, f.report_data);
    run_to_evidence(&s);
    f = assay_client_facts(s.client);
    assay_error_clear(&err);
    assert_int_equal(assay_wire_bind(platform.ctx, s.client_nonce, f.exporter,
                                     report_data, &err),
                     ASSAY_OK);
    check_not_ours("as a server's", &s, report_data);
    /* The same nonce on another session. */
    run_to_evidence(&s);
    f.exporter[0] ^= 1;
    assay_error_clear(&err);
    assert_int_equal(assay_wire_bind_client(platform.ctx, s.client_nonce,
                                            f.exporter, report_data, &err),
                     ASSAY_OK);
    check_not_ours("another session's", &s, report_data);
}

/* Nor is a client's a server's. */
static void
test_client_evidence_of_a_server(void **state)
{
    struct assay_session_facts f;
    uint8_t report_data[64];
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make_mutual(&s, &platform, policy);
    s.no_quote = true;
    pair_run(&s);
    f = assay_client_facts(s.client);
    assay_error_clear(&err);
    assert_int_equal(assay_wire_bind_client(platform.ctx, f.nonce, f.exporter,
                                            report_data, &err),
                     ASSAY_OK);
    pair_give_quote(&s, report_data);
    pair_run(&s);
    pair_check_client("a client's", &s, ASSAY_CLIENT_FAILED);
    assert_true(assay_client_peer_failed(s.client));
    assert_string_equal(assay_verdict_reason(assay_client_verdict(s.client)),
                        "report_data");
    pair_free(&s);
}

/* A platform that the server's policy refuses. */
static void
test_policy_is_applied(void **state)
{
    struct assay_policy *strict =
        pair_policy(&platform, ",\"mr_seam\":\""
                               "1111111111111111111111111111111111111111"
                               "1111111111111111111111111111111111111111"
                               "1111111111111111\"");
    const struct assay_requirement r = {platform.verifier, platform.root,
                                        strict};
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    assert_int_equal(assay_server_require(s.server, &r, &err), ASSAY_OK);
    pair_run(&s);
    check_refused("strict", &s, "the client's evidence fails the check ");
    assert_false(assay_verdict_trusted(assay_server_client_verdict(s.server)));
    /* No value of the policy is told. */
    assert_null(strstr(assay_client_error(s.client)->msg, "1111"));
    pair_free(&s);
    assay_policy_free(strict);
}

static void
test_no_collateral(void **state)
{
    static const struct assay_refusal why = {.status = 503,
                                             .code = "collateral_unavailable",
                                             .message = "no collateral"};
    uint8_t report_data[64];
    struct pair s;

    (void)state;
    run_to_evidence(&s);
    assay_client_report_data(s.client, report_data);
    pair_give_evidence(&s, report_data);
    while (pair_move(&s, true)) {
    }
    pair_check_server("due", &s, ASSAY_SERVER_NEED_COLLATERAL);
    assert_non_null(assay_server_client_quote(s.server));
    assert_true(assay_server_need(s.server)->tdx);
    assay_server_refuse_client(s.server, &why);
    pair_run(&s);
    check_ended("no collateral", &s, ASSAY_UNAVAILABLE,
                "status 503 instead of 200");
    pair_free(&s);
}

/* Out of turn, nothing happens. */
static void
test_calls_out_of_turn(void **state)
{
    static const struct assay_refusal why = {.status = 503, .code = "x"};
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make_mutual(&s, &platform, policy);
    pair_run(&s);
    assay_server_give_collateral(s.server, platform.collateral);
    assay_server_refuse_client(s.server, &why);
    assay_server_admit(s.server, s.now);
    assert_int_equal(assay_server_appraise(s.server, s.now, &err),
                     ASSAY_INVALID);
    pair_check_server("still", &s, ASSAY_SERVER_IDLE);
    pair_free(&s);
}

/* --- age ---------------------------------------------------------------- */

static void
test_evidence_grows_old(void **state)
{
    static const int64_t limit_ms =
        (300 + ASSAY_CLIENT_EVIDENCE_GRACE_S) * INT64_C(1000);
    struct assay_error err;
    struct pair s;

    (void)state;
    for (int64_t late = -1; late < 1; late++) {
        pair_make_mutual(&s, &platform, policy);
        pair_run(&s);
        assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_OK);
        assert_int_equal(
            assay_client_write(s.client, assay_slice_of(GET), &err), ASSAY_OK);
        assay_client_end(s.client);
        s.now.mono_ms += limit_ms + late; /* it was long under way */
        pair_run(&s);
        if (late < 0) {
            pair_check_server("just in time", &s, ASSAY_SERVER_REQUEST);
        } else {
            pair_check_server("too late", &s, ASSAY_SERVER_IDLE);
            pair_check_answer("too late", &s, "HTTP/1.1 403 ",
                              "client_evidence_stale");
        }
        pair_free(&s);
    }
    /* A clock that went back. */
    pair_make_mutual(&s, &platform, policy);
    pair_run(&s);
    assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_OK);
    assert_int_equal(assay_client_write(s.client, assay_slice_of(GET), &err),
                     ASSAY_OK);
    s.now.mono_ms--;
    pair_run(&s);
    pair_check_answer("back", &s, "HTTP/1.1 403 ", "client_evidence_stale");
    pair_free(&s);
}

/* Each re-attestation has a nonce of its own, and is answered. */
static void
test_reattestation(void **state)
{
    static const uint8_t nonce2[ASSAY_NONCE_BYTES] = {9, 9, 9};
    struct assay_session_facts first;
    struct assay_session_facts second;
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make_mutual(&s, &platform, policy);
    pair_run(&s);
    first = assay_server_facts(s.server);
    s.now.mono_ms += 300000;
    assert_int_equal(assay_client_reattest(s.client, s.now, nonce2, &err),
                     ASSAY_OK);
    pair_run(&s);
    pair_check_client("again", &s, ASSAY_CLIENT_OPEN);
    second = assay_server_facts(s.server);
    assert_int_equal(second.attestations, 2);
    assert_int_equal(second.attested_ms, s.now.mono_ms);
    assert_memory_not_equal(first.nonce, second.nonce, 32);
    assert_memory_not_equal(first.report_data, second.report_data, 64);
    pair_say(&s, GET);
    pair_check_server("admitted", &s, ASSAY_SERVER_REQUEST);
    pair_free(&s);
}

/* Evidence for the nonce before the last does not do. */
static void
test_replayed_evidence(void **state)
{
    static const uint8_t nonce2[ASSAY_NONCE_BYTES] = {9, 9, 9};
    struct assay_session_facts first;
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make_mutual(&s, &platform, policy);
    pair_run(&s);
    first = assay_server_facts(s.server);
    assert_int_equal(assay_client_reattest(s.client, s.now, nonce2, &err),
                     ASSAY_OK);
    s.no_evidence = true;
    pair_run(&s);
    pair_check_client("again", &s, ASSAY_CLIENT_NEED_EVIDENCE);
    check_not_ours("replayed", &s, first.report_data);
}

/* A nonce serves once, also where its evidence was accepted. */
static void
test_evidence_twice(void **state)
{
    struct pair s;

    (void)state;
    pair_make_mutual(&s, &platform, policy);
    pair_run(&s);
    pair_check_client("once", &s, ASSAY_CLIENT_OPEN);
    pair_say(&s, "POST /tdx_client_quote HTTP/1.1\r\nHost: tee.example.com\r\n"
                 "Content-Length: 2\r\n\r\n{}");
    pair_check_answer("twice", &s, "HTTP/1.1 403 ", "client_nonce_missing");
    pair_free(&s);
}

/* Collateral of an evaluation that was overtaken proves no client either. */
static void
test_evaluations_of_before(void **state)
{
    const struct assay_evaluations later = {1000, 1000};
    struct pair s;

    (void)state;
    run_to_evidence(&s);
    assay_server_expect_evaluations(s.server, later);
    s.no_evidence = false;
    pair_run(&s);
    check_refused("overtaken", &s, "collateral_rollback");
    assert_true(server_failed_check(&s, "collateral_rollback"));
    pair_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens),
        cmocka_unit_test(test_not_required),
        cmocka_unit_test(test_no_certificate_of_clients),
        cmocka_unit_test(test_requirement_is_checked),
        cmocka_unit_test(test_goodbye_behind_a_request),
        cmocka_unit_test(test_nothing_before_open),
        cmocka_unit_test(test_no_evidence_for_the_untrusted),
        cmocka_unit_test(test_wrong_report_data),
        cmocka_unit_test(test_client_evidence_of_a_server),
        cmocka_unit_test(test_policy_is_applied),
        cmocka_unit_test(test_no_collateral),
        cmocka_unit_test(test_calls_out_of_turn),
        cmocka_unit_test(test_evidence_grows_old),
        cmocka_unit_test(test_evaluations_of_before),
        cmocka_unit_test(test_reattestation),
        cmocka_unit_test(test_replayed_evidence),
        cmocka_unit_test(test_evidence_twice),
    };
    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
