/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_attested_evidence.c - evidence over loopback: that of the client, where
 * the server requires it, and evidence that grows old.
 */
#include "harness/attested.h"

static void
evidence_of_the_client(void **state)
{
    struct trial t;

    (void)state;
    open_mutual(&t, policy, true);
    trial_run(&t, on_open, 0);
    check_ended(&t, ASSAY_OK, "");
    assert_int_equal(t.opened, 1);
    assert_int_equal(t.got, BODY_BYTES);
    assert_true(assay_server_facts(t.far.server).mutual);
    trial_close(&t);
}

static void
no_evidence_of_the_client(void **state)
{
    struct assay_policy *strict = pair_policy(
        &platform, ",\"min_tcb_evaluation_data_number\":4294967295");
    struct trial t;

    (void)state;
    open_mutual(&t, policy, false);
    trial_run(&t, on_open, 0);
    check_ended(&t, ASSAY_MISSING,
                PAIR_NAME ": the server requires evidence of its clients");
    assert_int_equal(t.opened, 0);
    trial_close(&t);

    open_mutual(&t, policy, true);
    t.agent_status = 500;
    trial_run(&t, on_open, 0);
    assert_true(t.failed && !t.peer_failed);
    assert_int_equal(t.opened, 0);
    trial_close(&t);

    open_mutual(&t, strict, true);
    trial_run(&t, on_open, 0);
    check_ended(&t, ASSAY_REFUSED,
                "client evidence: status 403 instead of 200; the server says: "
                "the client's evidence fails the check ");
    assert_int_equal(t.opened, 0);
    trial_close(&t);
    assay_policy_free(strict);
}

/* The session's server refuses a request on evidence that has grown old; asked
 * anew, it lets the client in again, on the same connection. */
static void
on_done_in_time(void *user, bool reusable)
{
    struct trial *t = user;
    struct assay_error err;

    assert_true(reusable);
    t->got = 0; /* of this answer */
    if (t->answers == 1) {
        t->ahead_ms = (300 + ASSAY_CLIENT_EVIDENCE_GRACE_S) * INT64_C(1000);
        begin_exchange(t, on_done_in_time);
    } else if (t->answers == 2) {
        assert_int_equal(assay_attested_reattest(t->conn, &err), ASSAY_OK);
    } else {
        leave(t);
    }
}

static void
on_open_in_time(void *user)
{
    struct trial *t = user;

    t->opened++;
    begin_exchange(t, on_done_in_time);
}

static void
evidence_of_the_client_grows_old(void **state)
{
    struct trial t;

    (void)state;
    open_mutual(&t, policy, true);
    trial_run(&t, on_open_in_time, 0);
    check_ended(&t, ASSAY_OK, "");
    assert_int_equal(t.opened, 2);
    assert_int_equal(t.answers, 3);
    assert_int_equal(t.statuses[0], 200);
    assert_int_equal(t.statuses[1], 403);
    assert_int_equal(t.statuses[2], 200);
    assert_int_equal(assay_server_facts(t.far.server).attestations, 2);
    trial_close(&t);
}

/* Evidence that is too old whenever it is there is asked for twice, and not on
 * and on. */
static void
evidence_that_is_always_old(void **state)
{
    struct assay_policy *hasty =
        pair_policy(&platform, ",\"reattestation_interval_secs\":1");
    struct trial t;

    (void)state;
    trial_open(&t, PROVES_LATE);
    t.session.policy = hasty;
    trial_run(&t, on_open, 0);
    check_ended(&t, ASSAY_STALE, "session: the evidence is older than");
    assert_int_equal(t.opened, 2);
    trial_close(&t);
    assay_policy_free(hasty);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_of_the_client),
        cmocka_unit_test(no_evidence_of_the_client),
        cmocka_unit_test(evidence_of_the_client_grows_old),
        cmocka_unit_test(evidence_that_is_always_old),
    };
    return cmocka_run_group_tests(tests, attested_setup, attested_teardown);
}
