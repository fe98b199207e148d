/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_session.c - an attested session from both ends: it opens on trusted
 * evidence, on nothing else, and says nothing before.
 */
#include "harness/pair_test.h"
#include "harness/unit.h"

/* Did this check of the last verdict fail? */
static bool
failed(const struct pair *s, const char *check)
{
    const struct assay_verdict *v = assay_client_verdict(s->client);

    for (size_t i = 0; v != NULL && i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        if (strcmp(c.name, check) == 0) {
            return c.outcome == ASSAY_FAILED;
        }
    }
    return false;
}

/* --- the good way ------------------------------------------------------- */

static void
test_opens(void **state)
{
    struct assay_session_facts f;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    pair_check_client("opens", &s, ASSAY_CLIENT_OPEN);
    f = assay_client_facts(s.client);
    assert_string_equal(f.tls_version, "TLSv1.3");
    assert_int_equal(f.attestations, 1);
    assert_int_equal(f.nonce_len, 32);
    assert_memory_equal(f.nonce, pair_nonce, 32);
    assert_true(f.certificate_checked);
    assert_true(assay_verdict_trusted(assay_client_verdict(s.client)));
    assert_true(assay_slice_equal(assay_client_certificate(s.client),
                                  assay_tls_identity_leaf(platform.identity)));
    pair_free(&s);
}

/* The binding, computed here once more. */
static void
test_binding(void **state)
{
    uint8_t want[64];
    struct assay_session_facts f;
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    f = assay_client_facts(s.client);

    const struct assay_slice parts[] = {{f.nonce, 32}, {f.exporter, 32}};

    assay_error_clear(&err);
    assert_int_equal(
        assay_digest(platform.ctx, ASSAY_SHA512, parts, 2, want, &err),
        ASSAY_OK);
    assert_memory_equal(f.report_data, want, 64);
    pair_free(&s);
}

/* One request and its response, by way of the server's REQUEST state. */
static void
exchange(struct pair *s, const char *request, const char *head,
         const char *body, const char *response, bool keep)
{
    struct assay_error err;

    pair_say(s, request);
    assert_int_equal(assay_server_state(s->server), ASSAY_SERVER_REQUEST);
    assert_true(assay_slice_is(assay_server_request_head(s->server), head));
    assert_true(assay_slice_is(assay_server_request_body(s->server), body) ||
                body[0] == '\0');
    assay_server_body_taken(s->server,
                            assay_server_request_body(s->server).len);
    assert_true(assay_server_body_done(s->server));
    assert_int_equal(
        assay_server_respond(s->server, assay_slice_of(response), &err),
        ASSAY_OK);
    assay_server_respond_end(s->server, keep);
    pair_run(s);
    pair_check_got(s, response);
}

static void
test_exchanges(void **state)
{
    static const char get[] =
        "GET /a HTTP/1.1\r\nHost: tee.example.com\r\n\r\n";
    static const char post[] = "POST /b HTTP/1.1\r\nHost: tee.example.com\r\n"
                               "Content-Length: 5\r\n\r\n";
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    exchange(&s, get, get, "", ok, true);
    exchange(&s,
             "POST /b HTTP/1.1\r\nHost: tee.example.com\r\n"
             "Content-Length: 5\r\n\r\nhello",
             post, "hello", ok, true);
    pair_check_client("kept", &s, ASSAY_CLIENT_OPEN);
    exchange(&s, get, get, "", ok, false);
    pair_check_client("closed", &s, ASSAY_CLIENT_CLOSED);
    assert_false(assay_client_truncated(s.client));
    assert_int_equal(assay_server_state(s.server), ASSAY_SERVER_CLOSED);
    pair_free(&s);
}

/* --- nothing before it is open ------------------------------------------ */

static void
check_silent_before_open(struct pair *s)
{
    if (assay_client_state(s->client) != ASSAY_CLIENT_OPEN) {
        pair_check_silent(s);
    }
}

static void
test_nothing_before_open(void **state)
{
    bool moved = true;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    while (moved) {
        check_silent_before_open(&s);
        moved = pair_move(&s, true);
        check_silent_before_open(&s);
        moved = pair_move(&s, false) || moved;
        check_silent_before_open(&s);
        moved = pair_serve(&s) || moved;
    }
    pair_check_client("after all", &s, ASSAY_CLIENT_OPEN);
    pair_free(&s);
}

/* Outside of a message nothing can be written in OPEN either. */
static void
test_message_has_to_begin(void **state)
{
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    assert_int_equal(assay_client_write(s.client, assay_slice_of("x"), &err),
                     ASSAY_INVALID);
    assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_OK);
    assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_INVALID);
    assay_client_end(s.client);
    assert_int_equal(assay_client_write(s.client, assay_slice_of("x"), &err),
                     ASSAY_INVALID);
    pair_free(&s);
}

/* --- quotes of somebody else's ------------------------------------------ */

/* A quote for other report data than this session's: relayed from another
 * session, or a replay of an earlier one. */
static void
test_relayed_quote(void **state)
{
    uint8_t others[64] = {1};
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    s.no_quote = true;
    pair_run(&s);
    assert_int_equal(assay_server_state(s.server), ASSAY_SERVER_QUOTE);
    pair_give_quote(&s, others);
    pair_run(&s);
    pair_check_client("relayed", &s, ASSAY_CLIENT_FAILED);
    assert_true(failed(&s, "report_data"));
    assert_true(assay_client_peer_failed(s.client));
    assert_int_equal(assay_client_error(s.client)->code, ASSAY_NOT_TRUSTED);
    pair_free(&s);
}

/* Every single octet of report_data counts. */
static void
test_all_of_report_data_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < 64; i += 7) {
        uint8_t report_data[64];
        struct pair s;

        pair_make(&s, &platform, policy);
        s.no_quote = true;
        pair_run(&s);
        assay_server_report_data(s.server, report_data);
        report_data[i] ^= 1;
        pair_give_quote(&s, report_data);
        pair_run(&s);
        pair_check_client("one bit", &s, ASSAY_CLIENT_FAILED);
        pair_free(&s);
    }
}

/* --- re-attestation ----------------------------------------------------- */

static void
test_hole_8_reattestation(void **state)
{
    static const uint8_t nonce2[ASSAY_NONCE_BYTES] = {9, 9, 9};
    struct assay_session_facts before;
    struct assay_session_facts after;
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    before = assay_client_facts(s.client);
    s.now.mono_ms += 299999;
    assert_false(assay_client_due(s.client, s.now));
    s.now.mono_ms += 1;
    assert_true(assay_client_due(s.client, s.now));
    assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_STALE);
    assert_int_not_equal(
        assay_client_write(s.client, assay_slice_of("x"), &err), ASSAY_OK);
    assert_int_equal(assay_client_reattest(s.client, s.now, nonce2, &err),
                     ASSAY_OK);
    pair_check_client("asking", &s, ASSAY_CLIENT_QUOTE);
    assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_INVALID);
    pair_run(&s);
    pair_check_client("again", &s, ASSAY_CLIENT_OPEN);
    after = assay_client_facts(s.client);
    assert_int_equal(after.attestations, 2);
    assert_memory_equal(after.exporter, before.exporter, 32);
    assert_memory_not_equal(after.report_data, before.report_data, 64);
    assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_OK);
    pair_free(&s);
}

/* The evidence of before does not do for the nonce of now. */
static void
test_hole_8_replay_of_own_evidence(void **state)
{
    static const uint8_t nonce2[ASSAY_NONCE_BYTES] = {9, 9, 9};
    struct assay_session_facts f;
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    f = assay_client_facts(s.client);
    s.now.mono_ms += 300000;
    assert_int_equal(assay_client_reattest(s.client, s.now, nonce2, &err),
                     ASSAY_OK);
    s.no_quote = true;
    pair_run(&s);
    pair_give_quote(&s, f.report_data);
    pair_run(&s);
    pair_check_client("replayed", &s, ASSAY_CLIENT_FAILED);
    assert_true(failed(&s, "report_data"));
    assert_int_not_equal(assay_client_begin(s.client, s.now, &err), ASSAY_OK);
    pair_free(&s);
}

/* A clock that went back says nothing about the age. */
static void
test_monotonic_clock_goes_back(void **state)
{
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    s.now.mono_ms -= 1;
    assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_STALE);
    pair_free(&s);
}

static void
test_interval_of_zero_is_never(void **state)
{
    struct assay_policy *never =
        pair_policy(&platform, ",\"reattestation_interval_secs\":0");
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, never);
    pair_run(&s);
    s.now.mono_ms += INT64_C(1) << 40;
    assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_OK);
    pair_free(&s);
    assay_policy_free(never);
}

/* Not amid a message, nor while something unread is there. */
static void
test_reattest_only_between_messages(void **state)
{
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_OK);
    assert_int_equal(assay_client_reattest(s.client, s.now, pair_nonce, &err),
                     ASSAY_INVALID);
    pair_check_client("still open", &s, ASSAY_CLIENT_OPEN);
    pair_free(&s);
}

/* The platform becomes worse while a session is open. */
static void
test_hole_8_recovery_cuts_the_session(void **state)
{
    struct mint_machine_state good = *mint_machine_state(platform.machine);
    struct mint_machine_state bad = good;
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    bad.tcb_status = "OutOfDate";
    assert_int_equal(mint_machine_change(platform.machine, &bad, &err),
                     ASSAY_OK);
    pair_take_collateral(&platform);
    s.now.mono_ms += 300000;
    assert_int_equal(assay_client_reattest(s.client, s.now, pair_nonce, &err),
                     ASSAY_OK);
    pair_run(&s);
    pair_check_client("out of date", &s, ASSAY_CLIENT_FAILED);
    assert_true(failed(&s, "tcb_status"));
    pair_free(&s);
    assert_int_equal(mint_machine_change(platform.machine, &good, &err),
                     ASSAY_OK);
    pair_take_collateral(&platform);
}

/* --- clocks and inputs -------------------------------------------------- */

static void
test_clock_before_collateral(void **state)
{
    struct assay_client_options o = pair_client_options(&platform, policy);
    struct assay_now early = {assay_verifier_newest_date(platform.verifier) - 1,
                              0};
    struct assay_client *c = NULL;
    struct assay_error err;

    (void)state;
    assert_true(early.wall_s > 0); /* sessions before this one have opened */
    assert_int_equal(assay_client_new(&o, early, pair_nonce, &c, &err),
                     ASSAY_INVALID);
    assert_null(c);
    assert_non_null(strstr(err.msg, "clock"));
    early.wall_s++;
    assert_int_equal(assay_client_new(&o, early, pair_nonce, &c, &err),
                     ASSAY_OK);
    assay_client_free(c);
}

static void
test_options_are_checked(void **state)
{
    static const char *const names[] = {
        "",
        "a..b",
        "-a.example",
        "a b",
        "tee.example.com:443",
        "[::1]",
        "tee.example.com.",
        "1.2.3",
        "*.example.com",
        "t\xc3\xa9.example",
    };
    struct assay_client_options o = pair_client_options(&platform, policy);
    struct assay_now now = {MINT_NOW_S, 0};
    struct assay_client *c = NULL;
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        o.server_name = names[i];
        CHECK(names[i],
              assay_client_new(&o, now, pair_nonce, &c, &err) == ASSAY_INVALID);
    }
    o.server_name = PAIR_NAME;
    o.wire = ASSAY_WIRE_V1; /* which this policy does not list */
    assert_int_equal(assay_client_new(&o, now, pair_nonce, &c, &err),
                     ASSAY_INVALID);
    o = pair_client_options(&platform, policy);
    o.policy = NULL;
    assert_int_equal(assay_client_new(&o, now, pair_nonce, &c, &err),
                     ASSAY_INVALID);
}

/* --- the end ------------------------------------------------------------ */

static void
test_eof_in_each_state(void **state)
{
    static const enum assay_client_state states[] = {
        ASSAY_CLIENT_HANDSHAKE, ASSAY_CLIENT_QUOTE,
        ASSAY_CLIENT_NEED_COLLATERAL};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(states); i++) {
        struct pair s;

        pair_make(&s, &platform, policy);
        s.no_quote = states[i] == ASSAY_CLIENT_QUOTE;
        s.no_appraisal = true;
        if (states[i] != ASSAY_CLIENT_HANDSHAKE) {
            pair_run(&s);
        }
        pair_check_client("before", &s, states[i]);
        assay_client_eof(s.client);
        pair_check_client("cut", &s, ASSAY_CLIENT_FAILED);
        assert_int_equal(assay_client_error(s.client)->code, ASSAY_NETWORK);
        assert_false(assay_client_peer_failed(s.client));
        pair_free(&s);
    }
}

static void
test_eof_when_open_is_truncation(void **state)
{
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    assay_client_eof(s.client);
    pair_check_client("cut", &s, ASSAY_CLIENT_CLOSED);
    assert_true(assay_client_truncated(s.client));
    pair_free(&s);
}

static void
test_abort(void **state)
{
    struct assay_error why;
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make(&s, &platform, policy);
    pair_run(&s);
    assay_error_clear(&why);
    assay_fail(&why, ASSAY_TIMEOUT, ASSAY_NO_OFFSET, "too slow");
    assay_client_abort(s.client, &why);
    pair_check_client("aborted", &s, ASSAY_CLIENT_FAILED);
    assert_int_equal(assay_client_error(s.client)->code, ASSAY_TIMEOUT);
    assert_int_not_equal(assay_client_begin(s.client, s.now, &err), ASSAY_OK);
    pair_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens),
        cmocka_unit_test(test_binding),
        cmocka_unit_test(test_exchanges),
        cmocka_unit_test(test_nothing_before_open),
        cmocka_unit_test(test_message_has_to_begin),
        cmocka_unit_test(test_relayed_quote),
        cmocka_unit_test(test_all_of_report_data_counts),
        cmocka_unit_test(test_hole_8_reattestation),
        cmocka_unit_test(test_hole_8_replay_of_own_evidence),
        cmocka_unit_test(test_monotonic_clock_goes_back),
        cmocka_unit_test(test_interval_of_zero_is_never),
        cmocka_unit_test(test_reattest_only_between_messages),
        cmocka_unit_test(test_hole_8_recovery_cuts_the_session),
        cmocka_unit_test(test_clock_before_collateral),
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test(test_eof_in_each_state),
        cmocka_unit_test(test_eof_when_open_is_truncation),
        cmocka_unit_test(test_abort),
    };
    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
