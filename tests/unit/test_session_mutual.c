/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_session_mutual.c - sessions in which the client proves itself too: to a
 * server that requires it, never to one that has not proven itself, and never
 * with somebody else's evidence.
 */
#include "atls/wire.h"
#include "harness/pair_test.h"
#include "harness/raw_client.h"
#include "harness/raw_server.h"
#include "harness/unit.h"

#define GET "GET /a HTTP/1.1\r\nHost: tee.example.com\r\n\r\n"

static void
check_client(const char *row, const struct pair *s,
             enum assay_client_state want)
{
    enum assay_client_state got = assay_client_state(s->client);

    if (got != want) {
        fail_msg("row \"%s\": %s instead of %s: %s", row,
                 assay_client_state_name(got), assay_client_state_name(want),
                 assay_client_error(s->client)->msg);
    }
}

static void
check_server(const char *row, const struct pair *s,
             enum assay_server_state want)
{
    enum assay_server_state got = assay_server_state(s->server);

    if (got != want) {
        fail_msg("row \"%s\": %s instead of %s: %s", row,
                 assay_server_state_name(got), assay_server_state_name(want),
                 assay_server_error(s->server)->msg);
    }
}

/* The client refused, although the server has proven itself. */
static void
check_refused(const char *row, const struct pair *s, const char *says)
{
    const struct assay_error *err = assay_client_error(s->client);

    check_client(row, s, ASSAY_CLIENT_FAILED);
    if (err->code != ASSAY_REFUSED || strstr(err->msg, says) == NULL) {
        fail_msg("row \"%s\": %s", row, err->msg);
    }
    CHECK(row, !assay_client_peer_failed(s->client));
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
    check_client("asked", s, ASSAY_CLIENT_NEED_EVIDENCE);
}

/* What the server itself has answered to the client's request. */
static void
check_answer(const char *row, struct pair *s, const char *status,
             const char *code)
{
    struct assay_slice got = assay_client_read(s->client);

    if (got.len < strlen(status) ||
        memcmp(got.ptr, status, strlen(status)) != 0 ||
        assay_slice_find(got, code) == ASSAY_NO_OFFSET) {
        fail_msg("row \"%s\": \"%.*s\"", row, (int)got.len,
                 (const char *)got.ptr);
    }
    assay_client_taken(s->client, got.len);
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
    check_client("mutual", &s, ASSAY_CLIENT_OPEN);
    check_server("mutual", &s, ASSAY_SERVER_IDLE);
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
    check_server("admitted", &s, ASSAY_SERVER_REQUEST);
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
    check_client("one way", &s, ASSAY_CLIENT_OPEN);
    assert_false(assay_client_facts(s.client).mutual);
    assert_null(assay_server_client_verdict(s.server));
    pair_say(&s, "POST /tdx_client_quote HTTP/1.1\r\nHost: tee.example.com\r\n"
                 "Content-Length: 2\r\n\r\n{}");
    check_answer("unasked", &s, "HTTP/1.1 404 ", "not_required");
    pair_free(&s);
}

/* The certificate that a TD announces is that of its server side. */
static void
test_no_certificate_of_clients(void **state)
{
    static const char *const values[] = {"required", "if_present", "off"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct assay_policy *p;
        char more[64];
        struct pair s;

        (void)snprintf(more, sizeof(more), ",\"certificate_event\":\"%s\"",
                       values[i]);
        p = pair_policy(&platform, more);
        pair_make_mutual(&s, &platform, p);
        pair_run(&s);
        check_client(values[i], &s, ASSAY_CLIENT_OPEN);
        pair_free(&s);
        assay_policy_free(p);
    }
}

/* Nor is a log asked for, in which there could be one. */
static void
test_no_log_for_a_certificate(void **state)
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
                  assay_slice_of("{\"type\":\"tdx\",\"partial\":true,"
                                 "\"certificate_event\":\"required\"}"),
                  &lax, &err) == ASSAY_OK,
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
    check_client("no log", &s, ASSAY_CLIENT_OPEN);
    pair_free(&s);
    assay_policy_free(lax);
}

static void
test_requirement_is_checked(void **state)
{
    struct assay_requirement r = {platform.verifier, platform.root, NULL};
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    assert_int_equal(assay_server_require(s.server, &r, &err), ASSAY_INVALID);
    r.policy = policy;
    pair_run(&s);
    assert_int_equal(assay_server_require(s.server, &r, &err), ASSAY_INVALID);
    pair_free(&s);
}

/* --- nothing before it is accepted -------------------------------------- */

static void
check_silent(struct pair *s)
{
    struct assay_error err;

    assert_int_not_equal(assay_client_begin(s->client, s->now, &err), ASSAY_OK);
    assert_int_not_equal(
        assay_client_write(s->client, assay_slice_of("secret"), &err),
        ASSAY_OK);
    assert_int_equal(assay_client_read(s->client).len, 0);
}

static void
test_nothing_before_open(void **state)
{
    uint8_t report_data[64];
    struct pair s;

    (void)state;
    run_to_evidence(&s);
    check_silent(&s);
    assay_client_report_data(s.client, report_data);
    pair_give_evidence(&s, report_data);
    check_client("sent", &s, ASSAY_CLIENT_EVIDENCE);
    check_silent(&s);
    assay_client_report_data(s.client, report_data);
    for (size_t i = 0; i < 64; i++) {
        assert_int_equal(report_data[i], 0); /* not due any more */
    }
    pair_run(&s);
    check_client("accepted", &s, ASSAY_CLIENT_OPEN);
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
    check_client("relayed", &s, ASSAY_CLIENT_FAILED);
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
    check_server(row, s, ASSAY_SERVER_CLOSED);
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
    check_client("a client's", &s, ASSAY_CLIENT_FAILED);
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
    check_server("due", &s, ASSAY_SERVER_NEED_COLLATERAL);
    assert_non_null(assay_server_client_quote(s.server));
    assert_true(assay_server_need(s.server)->tdx);
    assay_server_refuse_client(s.server, &why);
    pair_run(&s);
    check_refused("no collateral", &s, "status 503 instead of 200");
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
    check_server("still", &s, ASSAY_SERVER_IDLE);
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
            check_server("just in time", &s, ASSAY_SERVER_REQUEST);
        } else {
            check_server("too late", &s, ASSAY_SERVER_IDLE);
            check_answer("too late", &s, "HTTP/1.1 403 ",
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
    check_answer("back", &s, "HTTP/1.1 403 ", "client_evidence_stale");
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
    check_client("again", &s, ASSAY_CLIENT_OPEN);
    second = assay_server_facts(s.server);
    assert_int_equal(second.attestations, 2);
    assert_int_equal(second.attested_ms, s.now.mono_ms);
    assert_memory_not_equal(first.nonce, second.nonce, 32);
    assert_memory_not_equal(first.report_data, second.report_data, 64);
    pair_say(&s, GET);
    check_server("admitted", &s, ASSAY_SERVER_REQUEST);
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
    check_client("again", &s, ASSAY_CLIENT_NEED_EVIDENCE);
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
    check_client("once", &s, ASSAY_CLIENT_OPEN);
    pair_say(&s, "POST /tdx_client_quote HTTP/1.1\r\nHost: tee.example.com\r\n"
                 "Content-Length: 2\r\n\r\n{}");
    check_answer("twice", &s, "HTTP/1.1 403 ", "client_nonce_missing");
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

/* --- a client that says what it likes ----------------------------------- */

#define NONCE_1                                                                \
    "0100000000000000000000000000000000000000000000000000000000000000"
#define OTHER_NONCE                                                            \
    "ff00000000000000000000000000000000000000000000000000000000000000"

static void
check_heard(const char *row, struct raw_client *r, const char *status,
            const char *code)
{
    struct assay_slice got;

    raw_client_run(r);
    got = assay_buf_slice(&r->heard);
    if (got.len < strlen(status) ||
        memcmp(got.ptr, status, strlen(status)) != 0 ||
        assay_slice_find(got, code) == ASSAY_NO_OFFSET) {
        fail_msg("row \"%s\": \"%.*s\"", row, (int)got.len,
                 (const char *)got.ptr);
    }
    r->heard.len = 0;
}

static void
ask(struct raw_client *r, const char *nonce)
{
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "POST /tdx_quote HTTP/1.1\r\nHost: tee.example.com\r\n"
                   "Content-Length: 80\r\n\r\n{\"nonce_hex\":\"%s\"}",
                   nonce);
    raw_client_say(r, text);
}

/* The server's quote, with this nonce for the client. */
static enum assay_code
give(struct raw_client *r, const uint8_t *nonce)
{
    const struct assay_quote_reply reply = {
        .quote = assay_slice_of("a quote"),
        .client_nonce = nonce,
        .mono_ms = 1000,
    };
    struct assay_error err;

    return assay_server_give_quote(r->server, &reply, &err);
}

/* A session whose client has a nonce to answer. */
static void
start_asked(struct raw_client *r)
{
    static const uint8_t nonce[ASSAY_CLIENT_NONCE_BYTES] = {1};

    raw_client_make(r, &platform, policy);
    ask(r, OTHER_NONCE);
    assert_int_equal(give(r, nonce), ASSAY_OK);
    check_heard("quote", r, "HTTP/1.1 200 ",
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
            check_heard(row, &r, "HTTP/1.1 403 ",
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
        check_heard(row, &r, posts[i].status, posts[i].code);
        CHECK(row, assay_server_client_verdict(r.server) == NULL);
        if (assay_server_state(r.server) == ASSAY_SERVER_IDLE) {
            raw_client_say(&r, GET); /* it was no way in */
            assay_server_admit(r.server, now);
            check_heard(row, &r, "HTTP/1.1 403 ",
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
    check_heard("endless", &r, "HTTP/1.1 400 ", "more than 1048576 bytes");
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
    ask(&r, OTHER_NONCE);
    assert_int_equal(give(&r, NULL), ASSAY_INVALID);
    assert_int_equal(give(&r, zero), ASSAY_INVALID);
    assert_int_equal(give(&r, one), ASSAY_INVALID); /* the last one */
    assert_int_equal(give(&r, nonce_of_client), ASSAY_INVALID);
    assert_int_equal(r.heard.len, 0);
    assert_int_equal(give(&r, two), ASSAY_OK);
    raw_client_free(&r);
}

/* The server's nonce as the client's own: one end would answer for both. */
static void
test_reflection_to_the_server(void **state)
{
    struct raw_client r;

    (void)state;
    start_asked(&r);
    ask(&r, NONCE_1);
    check_heard("reflected", &r, "HTTP/1.1 400 ",
                "the nonce is this server's own");
    raw_client_free(&r);
}

/* --- a server that says what it likes ----------------------------------- */

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
    {"a nonce", "\"client_nonce_hex\":\"" OTHER_NONCE "\"",
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
        cmocka_unit_test(test_opens),
        cmocka_unit_test(test_not_required),
        cmocka_unit_test(test_no_certificate_of_clients),
        cmocka_unit_test(test_no_log_for_a_certificate),
        cmocka_unit_test(test_requirement_is_checked),
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
        cmocka_unit_test(test_requests_are_refused),
        cmocka_unit_test(test_posts_are_refused),
        cmocka_unit_test(test_endless_evidence),
        cmocka_unit_test(test_nonces_are_fresh),
        cmocka_unit_test(test_reflection_to_the_server),
        cmocka_unit_test(test_nonces_of_servers),
        cmocka_unit_test(test_answers_of_servers),
        cmocka_unit_test(test_goodbye_instead_of_an_answer),
        cmocka_unit_test(test_request),
    };
    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
