/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_evidence_write.c - what a session keeps of its evidence, and what is not
 * written down.
 */
#include "assay/compose.h"
#include "harness/stored_test.h"

static void
test_unwritten(void **state)
{
    static uint8_t large[ASSAY_EVIDENCE_TEXT_MAX_BYTES + 1];
    const struct assay_slice above[] = {
        {large, sizeof(large)},
        {large, ASSAY_POLICY_MAX_BYTES + 1},
        {large, ASSAY_COMPOSE_MAX_BYTES + 1},
        {large, 64u * 1024 + 1},
        {large, ASSAY_EVIDENCE_SUMMARY_MAX_BYTES + 1},
    };
    struct {
        const char *member;
        struct assay_evidence_view view;
    } rows[] = {
        {"quote", good.view},
        {"collateral", good.view},
        {"session.nonce", good.view},
        {"session.certificate", good.view},
        {"session.certificate", good.view},
        {"claims.server_name", good.view},
        {"claims.server_name", good.view},
        {"claims.policy ", good.view},
        {"claims.policy ", good.view},
        {"claims.policy.compose_file", good.view},
        {"app_compose", good.view},
        {"vm_config", good.view},
        {"claims.verdict.summary", good.view},
        {"session.wire", good.view},
    };

    (void)state;
    rows[0].view.quote = NULL;
    rows[1].view.collateral = NULL;
    rows[2].view.nonce_len = 64;
    rows[3].view.certificate = ASSAY_EMPTY;
    rows[4].view.certificate = above[3];
    rows[5].view.server_name = NULL;
    rows[6].view.server_name = "a b";
    rows[7].view.policy = ASSAY_EMPTY;
    rows[8].view.policy = above[1];
    rows[9].view.compose_file = above[2];
    rows[10].view.app_compose = above[0];
    rows[11].view.vm_config = above[0];
    rows[12].view.summary = above[4];
    rows[13].view.wire = ASSAY_WIRE_COUNT;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf out;
        struct assay_error err;
        char want[64];

        (void)snprintf(want, sizeof(want), "evidence: %s", rows[i].member);
        assay_buf_init(&out, ASSAY_EVIDENCE_MAX_BYTES);
        CHECK(rows[i].member,
              assay_evidence_write(&rows[i].view, &out, &err) == ASSAY_INVALID);
        CHECK(rows[i].member, strncmp(err.msg, want, strlen(want)) == 0);
        CHECK(rows[i].member, out.len == 0);
    }
}

/* --- what a session keeps ----------------------------------------------- */

static void
test_kept(void **state)
{
    struct assay_client_options o =
        pair_client_options(&good.platform, good.policy);
    struct assay_evidence_view view;
    struct assay_now later;
    struct assay_error err;
    struct pair s;

    (void)state;
    pair_make_by(&s, &good.platform, &o); /* keep_evidence is false */
    pair_run(&s);
    assert_int_equal(assay_client_state(s.client), ASSAY_CLIENT_OPEN);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_INVALID);
    assert_null(view.quote);
    pair_free(&s);

    o.keep_evidence = true;
    pair_make_by(&s, &good.platform, &o);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_INVALID);
    pair_run(&s);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_OK);
    /* Asked anew: the old evidence and the new nonce do not go together. */
    s.no_quote = true;
    later = s.now;
    assert_int_equal(
        assay_client_reattest(s.client, later, good.view.nonce, &err),
        ASSAY_OK);
    pair_run(&s);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_INVALID);
    assay_client_eof(s.client);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_INVALID);
    pair_free(&s);
}

/* A text that the measured hash contradicts, and that no rule has used: the
 * session is trusted, so its bundle must be. */
static void
test_idle_compose(void **state)
{
    struct assay_client_options o =
        pair_client_options(&good.platform, good.policy);
    struct assay_evidence_view view;
    struct assay_error err;
    struct pair s;

    (void)state;
    o.keep_evidence = true;
    pair_make_by(&s, &good.platform, &o);
    s.tcb_info = "{\"app_compose\":\"{}\"}";
    pair_run(&s);
    assert_int_equal(assay_client_state(s.client), ASSAY_CLIENT_OPEN);
    assert_int_equal(assay_client_offered(s.client).app_compose.len, 2);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_OK);
    assert_int_equal(view.app_compose.len, 0);
    assert_true(view.vm_config.len > 0);
    pair_free(&s);
}

/* Evidence that was refused is evidence too. */
static void
test_refused_is_kept(void **state)
{
    struct assay_policy *p =
        pair_policy(&good.platform, ",\"min_tcb_date\":\"2100-01-01\"");
    struct assay_client_options o = pair_client_options(&good.platform, p);
    struct assay_evidence_view view;
    struct assay_error err;
    struct pair s;

    (void)state;
    o.keep_evidence = true;
    pair_make_by(&s, &good.platform, &o);
    pair_run(&s);
    assert_int_equal(assay_client_state(s.client), ASSAY_CLIENT_FAILED);
    assert_int_equal(
        assay_evidence_of_client(good.platform.ctx, s.client, &view, &err),
        ASSAY_OK);
    assert_false(view.trusted);
    assert_non_null(view.event_log);
    pair_free(&s);
    assay_policy_free(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unwritten),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_idle_compose),
        cmocka_unit_test(test_refused_is_kept),
    };

    return cmocka_run_group_tests(tests, stored_setup, stored_teardown);
}
