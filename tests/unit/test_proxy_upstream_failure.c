/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_upstream_failure.c - the pool of attested connections of the
 * proxy: what a refusal cuts, what an outage does not, who is told what, and
 * when it is tried again.
 */
#include "harness/upstream.h"

/* --- refusals ----------------------------------------------------------- */

#define REFUSED_START "Attestation verification failed: TEE not trusted: "

static void
check_refused(const struct failure *why, const char *code)
{
    assert_int_equal(why->kind, FAILURE_REFUSED);
    assert_string_equal(why->code, code);
    assert_memory_equal(why->message, REFUSED_START, strlen(REFUSED_START));
}

static void
a_refusal_cuts_the_pool(void **state)
{
    struct assay_policy *own;
    struct near n;
    struct ask busy;
    struct failure why;

    (void)state;
    near_open(&n);
    with_interval(&n, &own, 1);
    n.o.warm = 3;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 3);
    n.far.holds = true;
    ask_begin(&busy, &n);
    UNTIL(&n, n.far.requests == 1);
    UNTIL(&n, GAUGE(&n, idle) == 3);
    n.far.lies = true;
    UNTIL(&n, n.untrusted > 0);
    assert_int_equal(GAUGE(&n, idle), 0);
    assert_int_equal(GAUGE(&n, attesting), 0);
    assert_int_equal(GAUGE(&n, refused), 1);
    UNTIL(&n, far_open_count(&n.far) == 1); /* the busy one */
    /* who comes now is told at once */
    assert_int_equal(ask_once(&n, &why), 0);
    check_refused(&why, "report_data_mismatch");
    assert_int_equal(why.retry_after_s, 0);
    assert_int_equal(n.far.requests, 1);
    /* what is under way ends, on a connection that nobody gets any more */
    n.far.lies = false;
    n.far.holds = false;
    far_go_on(&n.far);
    UNTIL(&n, busy.done);
    assert_int_equal(busy.status, 200);
    ask_end(&busy);
    assert_int_equal(GAUGE(&n, busy), 0);
    assert_int_equal(GAUGE(&n, idle), 0);
    /* a server that recovers is found again, without a restart */
    UNTIL(&n, GAUGE(&n, idle) == 3);
    assert_int_equal(ask_once(&n, NULL), 200);
    near_end(&n);
    assay_policy_free(own);
}

static void
all_who_wait_are_refused(void **state)
{
    struct near n;
    struct ask all[6];
    unsigned accepted;

    (void)state;
    near_open(&n);
    n.far.lies = true;
    near_start(&n);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        ask_begin(&all[i], &n);
    }
    UNTIL(&n, done(all, COUNT_OF(all)) == (1u << COUNT_OF(all)) - 1);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        check_refused(&all[i].failure, "report_data_mismatch");
        ask_end(&all[i]);
    }
    assert_int_equal(n.far.requests, 0);
    assert_int_equal(n.untrusted, 1); /* the others were not waited for */
    /* nobody is asked again for a while */
    accepted = n.far.accepted;
    for (int i = 0; i < 5; i++) {
        struct failure why;

        assert_int_equal(ask_once(&n, &why), 0);
        check_refused(&why, "report_data_mismatch");
    }
    assert_int_equal(n.far.accepted, accepted);
    near_end(&n);
}

/* The pauses grow, but a request finds out once they are over. */
static void
one_request_tries_again(void **state)
{
    struct near n;
    struct ask busy;
    struct failure why;

    (void)state;
    near_open(&n);
    n.far.lies = true;
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    n.far.lies = false;
    while (ask_once(&n, &why) == 0) {
        check_refused(&why, "report_data_mismatch");
        near_step(&n);
    }
    assert_int_equal(n.far.requests, 1);
    /* all is as it was before, also while nothing is idle */
    n.far.holds = true;
    ask_begin(&busy, &n);
    assert_int_equal(GAUGE(&n, idle), 0);
    ask_end(&busy);
    near_end(&n);
}

/* --- platforms that are not as they should be ---------------------------- */

static void
change_platform(const struct mint_machine_state *to)
{
    struct assay_error err;

    pthread_mutex_lock(&pccs.lock);
    assert_int_equal(mint_machine_change(platform.machine, to, &err), ASSAY_OK);
    pccs.parts = mint_world_collateral_parts(
        mint_machine_world(platform.machine, MINT_MACHINE_TDX));
    pthread_mutex_unlock(&pccs.lock);
}

static void
platforms_that_are_refused(void **state)
{
    static const struct {
        const char *code;
        const char *tcb_status;
        bool revoked;
        bool debug;
    } rows[] = {
        {"tcb_status_not_allowed", "OutOfDate", false, false},
        {"tcb_status_not_allowed", "ConfigurationNeeded", false, false},
        {"platform_revoked", "UpToDate", true, false},
        {"debug_not_allowed", "UpToDate", false, true},
    };
    const struct mint_machine_state good =
        *mint_machine_state(platform.machine);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct near n;
        struct failure why;
        struct mint_machine_state bad = good;

        bad.tcb_status = rows[i].tcb_status;
        bad.revoked = rows[i].revoked;
        bad.debug = rows[i].debug;
        change_platform(&bad);
        near_open(&n);
        near_start(&n);
        assert_int_equal(ask_once(&n, &why), 0);
        check_refused(&why, rows[i].code);
        assert_int_equal(n.far.requests, 0);
        near_end(&n);
    }
    change_platform(&good);
}

/* --- outages ------------------------------------------------------------ */

static void
an_outage_is_another_thing(void **state)
{
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    far_deafen(&n.far);
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    assert_int_equal(why.kind, FAILURE_OUTAGE);
    assert_string_equal(why.code, "upstream_unreachable");
    assert_int_equal(why.retry_after_s, 1);
    assert_int_equal(GAUGE(&n, failed), 1);
    assert_int_equal(GAUGE(&n, refused), 0);
    far_listen(&n.far);
    while (ask_once(&n, &why) == 0) {
        assert_int_equal(why.kind, FAILURE_OUTAGE);
        near_step(&n);
    }
    near_end(&n);
}

static void
the_warm_ones_come_back_by_themselves(void **state)
{
    struct near n;

    (void)state;
    near_open(&n);
    n.o.warm = 2;
    far_deafen(&n.far);
    near_start(&n);
    UNTIL(&n, GAUGE(&n, failed) == 2);
    far_listen(&n.far);
    UNTIL(&n, GAUGE(&n, idle) == 2);
    near_end(&n);
}

static void
a_server_that_is_busy(void **state)
{
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    n.far.refuses = 503;
    n.far.retry_s = 7;
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    assert_int_equal(why.kind, FAILURE_OUTAGE);
    assert_string_equal(why.code, "evidence_unavailable");
    assert_int_equal(why.retry_after_s, 7);
    near_end(&n);
}

static void
a_server_without_evidence(void **state)
{
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    n.far.refuses = 500;
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    check_refused(&why, "no_evidence");
    near_end(&n);
}

static void
a_server_that_hangs(void **state)
{
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    n.far.silent = true;
    n.o.attest_ms = SOON_MS;
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    assert_int_equal(why.kind, FAILURE_TIMEOUT);
    assert_string_equal(why.code, "upstream_timeout");
    near_end(&n);
}

static void
another_name(void **state)
{
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    n.provider.server_name = "other.example.com";
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    check_refused(&why, "tls_certificate_invalid");
    near_end(&n);
}

static void
no_collateral(void **state)
{
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    atomic_store(&pccs.down, true);
    near_start(&n);
    assert_int_equal(ask_once(&n, &why), 0);
    assert_int_equal(why.kind, FAILURE_OUTAGE);
    assert_string_equal(why.code, "collateral_unavailable");
    atomic_store(&pccs.down, false);
    while (ask_once(&n, &why) == 0) {
        assert_string_equal(why.code, "collateral_unavailable");
        near_step(&n);
    }
    near_end(&n);
}

/* An outage concerns those who have none yet: what is open stays. */
static void
an_outage_leaves_what_is_open(void **state)
{
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    near_start(&n);
    assert_int_equal(ask_once(&n, NULL), 200);
    far_deafen(&n.far);
    n.far.holds = true;
    ask_begin(&a, &n); /* has the only one */
    UNTIL(&n, n.far.requests == 2);
    struct ask b;

    ask_begin(&b, &n);
    UNTIL(&n, GAUGE(&n, failed) == 1);
    assert_false(b.done); /* waits on, for that one */
    n.far.holds = false;
    far_go_on(&n.far);
    UNTIL(&n, a.done && b.done);
    assert_int_equal(a.status, 200);
    assert_int_equal(b.status, 200);
    ask_end(&a);
    ask_end(&b);
    near_end(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_cuts_the_pool),
        cmocka_unit_test(all_who_wait_are_refused),
        cmocka_unit_test(one_request_tries_again),
        cmocka_unit_test(platforms_that_are_refused),
        cmocka_unit_test(an_outage_is_another_thing),
        cmocka_unit_test(the_warm_ones_come_back_by_themselves),
        cmocka_unit_test(a_server_that_is_busy),
        cmocka_unit_test(a_server_without_evidence),
        cmocka_unit_test(a_server_that_hangs),
        cmocka_unit_test(another_name),
        cmocka_unit_test(no_collateral),
        cmocka_unit_test(an_outage_leaves_what_is_open),
    };

    return cmocka_run_group_tests(tests, upstream_setup, upstream_teardown);
}
