/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_upstream_clock.c - the pool of attested connections of the proxy
 * while clocks jump. io/moment.c is not in this program: its clocks are these.
 */
#include <sys/random.h>
#include <time.h>

#include "harness/upstream.h"

#define YEAR_S (INT64_C(365) * 86400)

static int64_t wall_ahead_s;
static int64_t mono_ahead_ms;

struct assay_now
assay_now(void)
{
    struct timespec wall;
    struct timespec mono;

    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &mono);
    return (struct assay_now){
        .wall_s = (int64_t)wall.tv_sec + wall_ahead_s,
        .mono_ms = (int64_t)mono.tv_sec * 1000 + mono.tv_nsec / 1000000 +
                   mono_ahead_ms,
    };
}

void
assay_random_bytes(uint8_t *to, size_t n)
{
    assert_int_equal(getrandom(to, n, 0), n);
}

static int
put_right(void **state)
{
    (void)state;
    wall_ahead_s = 0;
    mono_ahead_ms = 0;
    return 0;
}

static void
run_for(struct near *n, int64_t ms)
{
    int64_t until_ms = assay_now().mono_ms + ms;

    while (assay_now().mono_ms < until_ms) {
        uv_run(&n->loop.uv, UV_RUN_NOWAIT);
    }
}

/* Evidence is as old as it is, whatever the date. */
static void
the_date_jumps(void **state)
{
    static const int64_t jumps_s[] = {3600, -3600, 10 * YEAR_S, -10 * YEAR_S};
    struct near n;

    (void)state;
    near_open(&n);
    n.o.warm = 2;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 2);
    for (size_t i = 0; i < COUNT_OF(jumps_s); i++) {
        wall_ahead_s = jumps_s[i];
        run_for(&n, 50);
        assert_int_equal(ask_once(&n, NULL), 200);
        UNTIL(&n, GAUGE(&n, idle) >= 2);
    }
    for (const struct far_conn *c = n.far.conns; c != NULL; c = c->next) {
        assert_non_null(c->stream); /* none was closed for that */
        assert_int_equal(c->quotes, 1);
    }
    assert_int_equal(n.far.requests, COUNT_OF(jumps_s));
    assert_int_equal(n.untrusted, 0);
    near_end(&n);
}

/* Dates cannot be compared with a clock that is behind what was verified: that
 * is nobody's fault but ours, and passes. */
static void
a_renewal_with_a_wrong_date(void **state)
{
    struct assay_policy *own =
        pair_policy(&platform, ",\"reattestation_interval_secs\":1");
    struct near n;
    struct failure why;

    (void)state;
    near_open(&n);
    n.provider.policy = own;
    n.o.warm = 2;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 2);
    wall_ahead_s = -10 * YEAR_S;
    UNTIL(&n, n.untrusted > 0);
    UNTIL(&n, GAUGE(&n, idle) == 0);
    assert_int_equal(ask_once(&n, &why), 0);
    assert_int_equal(why.kind, FAILURE_OUTAGE);
    assert_string_equal(why.code, "local_failure");
    assert_int_equal(n.far.requests, 0);
    wall_ahead_s = 0;
    UNTIL(&n, GAUGE(&n, idle) == 2);
    assert_int_equal(ask_once(&n, NULL), 200);
    near_end(&n);
    assay_policy_free(own);
}

/* Collateral of today has run out then: that is not trusted. */
static void
a_renewal_far_ahead(void **state)
{
    struct assay_policy *own =
        pair_policy(&platform, ",\"reattestation_interval_secs\":1");
    struct near n;

    (void)state;
    near_open(&n);
    n.provider.policy = own;
    n.o.warm = 2;
    near_start(&n);
    UNTIL(&n, GAUGE(&n, idle) == 2);
    wall_ahead_s = 10 * YEAR_S;
    UNTIL(&n, n.untrusted > 0);
    assert_int_equal(n.far.requests, 0);
    wall_ahead_s = 0;
    UNTIL(&n, GAUGE(&n, idle) == 2);
    assert_int_equal(ask_once(&n, NULL), 200);
    near_end(&n);
    assay_policy_free(own);
}

/* The machine has slept: timers have not gone off, but nothing that is too old
 * is used. */
static void
the_machine_slept(void **state)
{
    struct near n;

    (void)state;
    for (int by_evidence = 0; by_evidence < 2; by_evidence++) {
        mono_ahead_ms = 0;
        near_open(&n);
        n.o.warm = 1;
        if (by_evidence == 0) {
            n.o.keep_alive_ms = 60000;
        }
        near_start(&n);
        UNTIL(&n, GAUGE(&n, idle) == 1);
        /* the policy's interval is 300 s */
        mono_ahead_ms = by_evidence == 0 ? 61000 : 301000;
        assert_int_equal(ask_once(&n, NULL), 200);
        assert_true(n.far.quotes >= 2);
        assert_int_equal(n.far.requests, 1);
        assert_true(assay_now().mono_ms - n.proof.attested_ms < 60000);
        near_end(&n);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_date_jumps, put_right),
        cmocka_unit_test_setup(a_renewal_with_a_wrong_date, put_right),
        cmocka_unit_test_setup(a_renewal_far_ahead, put_right),
        cmocka_unit_test_setup(the_machine_slept, put_right),
    };

    return cmocka_run_group_tests(tests, upstream_setup, upstream_teardown);
}
