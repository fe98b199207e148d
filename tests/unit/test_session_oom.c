/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_session_oom.c - every allocation of both ends of a session refused in
 * turn: it opens on a trusted verdict or fails for want of memory, and that is
 * never held against the peer.
 */
#include "harness/oom.h"

#include "harness/pair_test.h"
#include "harness/unit.h"

static bool mutual; /* the server requires evidence of the client */

/* Refuses from now on, as counted so far; the harness's own allocations, which
 * make quotes, stand outside. */
static void
guard(bool on)
{
    oom.on = on;
}

static bool
is_memory(enum assay_code code)
{
    return code == ASSAY_NO_MEMORY || code == ASSAY_CRYPTO;
}

/* False: one of the ends could not be made, for want of memory. */
static bool
make(struct pair *s)
{
    const struct assay_client_options o =
        pair_client_options(&platform, policy);
    const struct assay_requirement of_clients = {platform.verifier,
                                                 platform.root, policy};
    struct assay_error err;
    enum assay_code code;

    memset(s, 0, sizeof(*s));
    s->p = &platform;
    s->policy = policy;
    s->now = (struct assay_now){MINT_NOW_S, 1000000};
    assay_buf_init(&s->to_server, 1u << 24);
    assay_buf_init(&s->to_client, 1u << 26);
    guard(true);
    code = assay_client_new(&o, s->now, pair_nonce, &s->client, &err);
    if (code == ASSAY_OK) {
        code =
            assay_server_new(platform.ctx, platform.identity, &s->server, &err);
    }
    if (code == ASSAY_OK && mutual) {
        code = assay_server_require(s->server, &of_clients, &err);
    }
    guard(false);
    assert_true(code == ASSAY_OK || is_memory(code));
    return code == ASSAY_OK;
}

/* One way, once; true if something moved. */
static bool
move(struct pair *s, bool up)
{
    struct assay_slice out = exact_copy(up ? assay_client_output(s->client)
                                           : assay_server_output(s->server));
    struct assay_error err;
    size_t used = 0;

    if (up) {
        assay_client_sent(s->client, out.len);
        guard(true);
        (void)!assay_server_feed(s->server, out, &used, &err);
    } else {
        assay_server_sent(s->server, out.len);
        guard(true);
        (void)!assay_client_feed(s->client, out, &used, &err);
    }
    guard(false);
    free((void *)out.ptr);
    return out.len > 0;
}

/* The client's evidence, made outside. */
static void
give_evidence(struct pair *s)
{
    uint8_t report_data[64];
    struct pair_evidence e;
    struct assay_quote_reply reply;
    struct assay_error err;

    assay_client_report_data(s->client, report_data);
    pair_evidence_make(&e, &platform, report_data);
    reply = pair_evidence_reply(&e);
    guard(true);
    if (assay_client_give_evidence(s->client, &reply, &err) != ASSAY_OK) {
        assay_client_abort(s->client, &err);
    }
    guard(false);
    pair_evidence_free(&e);
}

static bool
serve_client(struct pair *s)
{
    struct assay_error err;

    if (assay_client_state(s->client) == ASSAY_CLIENT_NEED_EVIDENCE) {
        give_evidence(s);
        return true;
    }
    if (assay_client_state(s->client) == ASSAY_CLIENT_NEED_COLLATERAL) {
        assay_client_give_collateral(s->client, platform.collateral);
    }
    if (assay_client_state(s->client) == ASSAY_CLIENT_APPRAISE) {
        guard(true);
        (void)!assay_client_appraise(s->client, s->now, &err);
        guard(false);
        return true;
    }
    return false;
}

static bool
serve(struct pair *s)
{
    struct assay_error err;

    if (assay_server_state(s->server) == ASSAY_SERVER_NEED_COLLATERAL) {
        assay_server_give_collateral(s->server, platform.collateral);
    }
    if (assay_server_state(s->server) == ASSAY_SERVER_APPRAISE) {
        guard(true);
        (void)!assay_server_appraise(s->server, s->now, &err);
        guard(false);
        return true;
    }
    return serve_client(s) ||
           (assay_server_state(s->server) == ASSAY_SERVER_QUOTE &&
            pair_serve(s));
}

static void
check(long n, const struct pair *s)
{
    const struct assay_verdict *v = assay_client_verdict(s->client);
    enum assay_client_state state = assay_client_state(s->client);

    if (state == ASSAY_CLIENT_OPEN) {
        assert_true(v != NULL && assay_verdict_trusted(v));
        assert_int_equal(assay_client_facts(s->client).mutual, mutual);
    }
    if (state == ASSAY_CLIENT_FAILED &&
        (assay_client_peer_failed(s->client) ||
         !is_memory(assay_client_error(s->client)->code))) {
        fail_msg("allocation %ld: %s", n, assay_client_error(s->client)->msg);
    }
    if (assay_server_state(s->server) == ASSAY_SERVER_FAILED &&
        !is_memory(assay_server_error(s->server)->code)) {
        fail_msg("allocation %ld: server: %s", n,
                 assay_server_error(s->server)->msg);
    }
}

/* A session with the n-th allocation refused, or the n-th and all after it.
 * False: there are not so many. */
static bool
run(long n, bool once)
{
    bool moved = true;
    struct pair s;
    bool refused;

    if (once) {
        oom_fail_once(n);
    } else {
        oom_fail_after(n);
    }
    guard(false);
    if (make(&s)) {
        while (moved) {
            moved = move(&s, true);
            moved = move(&s, false) || moved;
            moved = serve(&s) || moved;
            check(n, &s);
        }
        if (oom.refused == 0) {
            assert_int_equal(assay_client_state(s.client), ASSAY_CLIENT_OPEN);
        }
    }
    refused = oom_stop();
    pair_free(&s);
    return refused;
}

static void
test_each_allocation_once(void **state)
{
    long n = 0;

    (void)state;
    while (run(n, true)) {
        n++;
    }
    assert_true(n > 20);
}

static void
test_all_after_one(void **state)
{
    long n = 0;

    (void)state;
    while (run(n, false)) {
        n++;
    }
    assert_true(n > 20);
}

/* What could not be written whole is not gone on with, nor ended: the server
 * would take it for all that there was. */
static void
test_a_write_that_fails(void **state)
{
    static char text[100001];
    bool refused = true;

    (void)state;
    (void)snprintf(text, sizeof(text),
                   "POST / HTTP/1.1\r\nHost: a\r\n"
                   "Content-Length: 1000000\r\n\r\n%090000d",
                   0);
    for (long n = 0; refused; n++) {
        struct assay_error err;
        struct pair s;

        pair_make(&s, &platform, policy);
        pair_run(&s);
        assert_int_equal(assay_client_begin(s.client, s.now, &err), ASSAY_OK);
        oom_fail_once(n);
        (void)!assay_client_write(s.client, assay_slice_of(text), &err);
        refused = oom_stop();
        assert_int_equal(err.code, refused ? ASSAY_NO_MEMORY : ASSAY_OK);
        for (int again = 0; again < 2; again++) { /* the same octets, too */
            (void)!assay_client_write(
                s.client, assay_slice_of(again == 0 ? text : "more"), &err);
            assert_int_equal(err.code, refused ? ASSAY_NO_MEMORY : ASSAY_OK);
        }
        assay_client_close(s.client);
        pair_run(&s);
        assay_server_body_taken(s.server, SIZE_MAX);
        pair_run(&s);
        assay_server_eof(s.server);
        assert_false(refused &&
                     assay_server_state(s.server) == ASSAY_SERVER_REQUEST);
        pair_free(&s);
    }
}

static int
all_mutual(void **state)
{
    mutual = true;
    return pair_setup(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_once),
        cmocka_unit_test(test_all_after_one),
    };
    const struct CMUnitTest writing[] = {
        cmocka_unit_test(test_a_write_that_fails),
    };
    int failed = cmocka_run_group_tests(tests, pair_setup, pair_teardown);

    failed += cmocka_run_group_tests_name("writing", writing, pair_setup,
                                          pair_teardown);
    return failed + cmocka_run_group_tests_name("mutual", tests, all_mutual,
                                                pair_teardown);
}
