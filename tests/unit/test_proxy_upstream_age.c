/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_upstream_age.c - the pool of attested connections of the proxy:
 * what is renewed, replaced and closed as time passes.
 */
#include "harness/upstream.h"

/* --- evidence that grows old -------------------------------------------- */

static void
evidence_is_renewed_behind_the_scenes(void **state)
{
    struct assay_policy *own;
    struct near n;
    int64_t before_ms;

    (void)state;
    near_open(&n);
    with_interval(&n, &own, 2);
    n.o.warm = 3;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 3);
    before_ms = n.proof.attested_ms;
    while (n.far.quotes < 9) { /* each, twice more */
        near_step(&n);
        assert_true(GAUGE(&n, idle) > 0); /* a request would find one */
    }
    assert_true(n.proof.attested_ms > before_ms);
    assert_int_equal(n.far.accepted, 3); /* in band */
    near_end(&n);
    assay_policy_free(own);
}

/* Where there is only one, another comes first. */
static void
a_single_one_is_renewed_too(void **state)
{
    struct assay_policy *own;
    struct near n;

    (void)state;
    near_open(&n);
    with_interval(&n, &own, 2);
    n.o.warm = 1;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 1);
    while (n.far.quotes < 4) {
        near_step(&n);
        assert_true(GAUGE(&n, idle) > 0);
    }
    assert_int_equal(n.far.accepted, 2);
    near_end(&n);
    assay_policy_free(own);
}

static void
an_interval_of_zero_is_never(void **state)
{
    struct assay_policy *own =
        pair_policy(&platform, ",\"reattestation_interval_secs\":0");
    struct near n;
    int64_t until_ms;

    (void)state;
    near_open(&n);
    n.provider.policy = own;
    n.o.warm = 1;
    n.o.idle_ms = 50; /* wakes the pool */
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 1);
    until_ms = assay_now().mono_ms + SOON_MS;
    n.o.wait_ms = SOON_MS;
    while (assay_now().mono_ms < until_ms) {
        uv_run(&n.loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(n.far.quotes, 1);
    near_end(&n);
    assay_policy_free(own);
}

/* No request goes out on evidence that is due, whatever happens. */
static void
what_is_due_is_not_used(void **state)
{
    struct assay_policy *own;
    struct near n;
    struct ask a;

    (void)state;
    near_open(&n);
    with_interval(&n, &own, 1);
    n.o.max_links = 1;
    near_start(&n);
    assert_int_equal(ask_once(&n, NULL), 200);
    n.far.silent = true;
    while (assay_now().mono_ms - n.proof.attested_ms < 1000) {
        near_step(&n); /* the timer of its age is there */
    }
    ask_begin(&a, &n);
    assert_true(call_wants_link(a.call));
    UNTIL(&n, GAUGE(&n, attesting) == 1);
    UNTIL(&n,
          assay_server_state(n.far.conns->pair.server) == ASSAY_SERVER_QUOTE);
    assert_int_equal(n.far.requests, 1);
    n.far.silent = false;
    far_go_on(&n.far);
    UNTIL(&n, a.done);
    assert_int_equal(a.status, 200);
    assert_true(a.proof.attested_ms >= n.proof.attested_ms);
    assert_int_equal(n.far.accepted, 1);
    assert_int_equal(n.far.quotes, 2);
    ask_end(&a);
    near_end(&n);
    assay_policy_free(own);
}

/* --- rotation ----------------------------------------------------------- */

static void
so_many_requests(void **state)
{
    struct near n;

    (void)state;
    near_open(&n);
    n.o.max_requests = 2;
    near_start(&n);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ask_once(&n, NULL), 200);
    }
    assert_int_equal(n.far.accepted, 3);
    near_end(&n);
}

/* By age, and before the server's own limit: the new one first. */
static void
so_long(void **state)
{
    (void)state;
    for (int by_age = 0; by_age < 2; by_age++) {
        struct near n;

        near_open(&n);
        n.o.warm = 1;
        if (by_age == 1) {
            n.o.max_age_ms = 1500;
        } else {
            n.o.keep_alive_ms = 1500;
        }
        near_start(&n);
        UNTIL(&n, GAUGE(&n, idle) == 1);
        while (n.far.accepted < 3) {
            near_step(&n);
            assert_true(GAUGE(&n, idle) > 0);
            assert_true(GAUGE(&n, idle) <= 2);
        }
        UNTIL(&n, far_open_count(&n.far) == 1);
        near_end(&n);
    }
}

/* What is used does not reach the server's limit. */
static void
use_keeps_alive(void **state)
{
    struct near n;
    int64_t until_ms;

    (void)state;
    near_open(&n);
    n.o.keep_alive_ms = 600;
    n.o.max_requests = 0;
    near_start(&n);
    until_ms = assay_now().mono_ms + 900;
    while (assay_now().mono_ms < until_ms) {
        assert_int_equal(ask_once(&n, NULL), 200);
    }
    assert_int_equal(n.far.accepted, 1);
    near_end(&n);
}

static void
more_than_is_needed(void **state)
{
    struct near n;
    struct ask all[4];

    (void)state;
    near_open(&n);
    n.o.warm = 1;
    n.o.idle_ms = 300;
    n.far.holds = true;
    near_start(&n);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        ask_begin(&all[i], &n);
    }
    UNTIL(&n, n.far.requests == COUNT_OF(all));
    n.far.holds = false;
    far_go_on(&n.far);
    UNTIL(&n, done(all, COUNT_OF(all)) == (1u << COUNT_OF(all)) - 1);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        ask_end(&all[i]);
    }
    assert_true(GAUGE(&n, idle) >= 4);
    UNTIL(&n, GAUGE(&n, idle) == 1);
    UNTIL(&n, far_open_count(&n.far) == 1);
    assert_int_equal(ask_once(&n, NULL), 200);
    near_end(&n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_is_renewed_behind_the_scenes),
        cmocka_unit_test(a_single_one_is_renewed_too),
        cmocka_unit_test(an_interval_of_zero_is_never),
        cmocka_unit_test(what_is_due_is_not_used),
        cmocka_unit_test(so_many_requests),
        cmocka_unit_test(so_long),
        cmocka_unit_test(use_keeps_alive),
        cmocka_unit_test(more_than_is_needed),
    };

    return cmocka_run_group_tests(tests, upstream_setup, upstream_teardown);
}
