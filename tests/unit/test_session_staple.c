/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_session_staple.c - collateral that comes with a quote: only where the
 * policy asks for it, and not believed for that.
 */
#include "harness/pair_test.h"
#include "harness/raw_client.h"
#include "harness/unit.h"

#define BUNDLE "{\"tcb_info\":{\"a\":[1, 2]}}"

static const uint8_t quote[] = {4, 0}; /* of which the client makes nothing */

/* A session whose server has been asked, and answers with collateral. */
static void
ask(struct pair *s, const struct assay_policy *with)
{
    pair_make(s, &platform, with);
    s->no_quote = true;
    s->no_appraisal = true;
    pair_run(s);
    assert_int_equal(assay_server_state(s->server), ASSAY_SERVER_QUOTE);
}

static void
test_only_where_the_policy_asks(void **state)
{
    (void)state;
    for (int asks = 0; asks < 2; asks++) {
        struct assay_policy *with = pair_policy(
            &platform, asks == 0 ? ",\"staple\":false" : ",\"staple\":true");
        uint8_t report_data[64];
        struct pair s;

        ask(&s, with);
        assert_int_equal(assay_server_wants_collateral(s.server), asks == 1);
        assert_int_equal(assay_client_stapled(s.client).len, 0);
        s.collateral = assay_slice_of(BUNDLE);
        assay_server_report_data(s.server, report_data);
        pair_give_quote(&s, report_data);
        assert_false(assay_server_wants_collateral(s.server));
        pair_run(&s);
        assert_int_equal(assay_client_state(s.client),
                         ASSAY_CLIENT_NEED_COLLATERAL);
        assert_true(assay_slice_is(assay_client_stapled(s.client),
                                   asks == 0 ? "" : BUNDLE));
        /* It opens on what the caller gives, and nothing of it stays. */
        s.no_appraisal = false;
        pair_run(&s);
        assert_int_equal(assay_client_state(s.client), ASSAY_CLIENT_OPEN);
        assert_int_equal(assay_client_stapled(s.client).len, 0);
        pair_free(&s);
        assay_policy_free(with);
    }
}

/* Nor does a server send what was not asked for. */
static void
test_server_leaves_it_out(void **state)
{
    static const char *const more[] = {"", ",\"want_collateral\":false",
                                       ",\"want_collateral\":true"};
    const struct assay_quote_reply reply = {
        .quote = ASSAY_SLICE(quote), .collateral = assay_slice_of(BUNDLE)};
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(more); i++) {
        struct raw_client r;
        size_t at;

        raw_client_make(&r, &platform, NULL);
        raw_client_ask(&r, RAW_CLIENT_NONCE, more[i]);
        assert_int_equal(assay_server_give_quote(r.server, &reply, &err),
                         ASSAY_OK);
        raw_client_run(&r);
        at = assay_slice_find(assay_buf_slice(&r.heard),
                              ",\"collateral\":" BUNDLE);
        CHECK(more[i], (at != ASSAY_NO_OFFSET) == (i == 2));
        raw_client_free(&r);
    }
}

/* Whatever a server sends unasked: tests/unit/test_session_hostile.c. */

static void
test_a_reply_may_be_given_again(void **state)
{
    const struct assay_quote_reply broken = {
        .quote = ASSAY_SLICE(quote), .collateral = assay_slice_of("[]")};
    struct assay_policy *with = pair_policy(&platform, ",\"staple\":true");
    uint8_t report_data[64];
    struct assay_error err;
    struct pair s;

    (void)state;
    ask(&s, with);
    assert_int_equal(assay_server_give_quote(s.server, &broken, &err),
                     ASSAY_INVALID);
    assert_true(assay_server_wants_collateral(s.server));
    assay_server_report_data(s.server, report_data);
    pair_give_quote(&s, report_data);
    s.no_appraisal = false;
    pair_run(&s);
    assert_int_equal(assay_client_state(s.client), ASSAY_CLIENT_OPEN);
    pair_free(&s);
    assay_policy_free(with);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_where_the_policy_asks),
        cmocka_unit_test(test_server_leaves_it_out),
        cmocka_unit_test(test_a_reply_may_be_given_again),
    };
    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
