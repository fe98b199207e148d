/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_places_oom.c - without memory nobody comes in, and nothing of a
 * place that was not given is held.
 */
#include "harness/oom.h"

#include "harness/ctx.h"
#include "programs/bridge/places.h"

static const struct place_limits limits = {
    .connections = 9, .per_address = 9, .per_target = 9};

static void
at_start(void **state)
{
    struct assay_error err;
    struct places *p;

    (void)state;
    oom_fail_after(0);
    assert_int_equal(places_new(&limits, ctx, &p, &err), ASSAY_NO_MEMORY);
    assert_true(oom_stop());
    assert_null(p);
    places_free(p);
}

static void
assert_counts(struct places *p, unsigned connections, unsigned entered)
{
    struct places_counts c = places_count(p);

    assert_int_equal(c.connections, connections);
    assert_int_equal(c.entered, entered);
}

static void
coming_in(void **state)
{
    struct place place = {0};
    struct assay_error err;
    struct places *p;
    struct target t;
    struct cidr_ip ip;

    (void)state;
    assert_int_equal(places_new(&limits, ctx, &p, &err), ASSAY_OK);
    assert_true(cidr_ip_of("192.0.2.1:1", &ip));
    assert_int_equal(target_parse(assay_slice_of("tee.example"), &t, &err),
                     ASSAY_OK);
    oom_fail_after(0);
    assert_int_equal(places_knock(p, &ip, 0, &place), DENIED_INTERNAL);
    assert_true(oom_stop());
    assert_false(place.taken);
    assert_null(place.address);
    assert_counts(p, 0, 0);

    assert_int_equal(places_knock(p, NULL, 0, &place), ADMITTED);
    oom_fail_after(0);
    assert_int_equal(places_name(p, &ip, 0, &place), DENIED_INTERNAL);
    assert_int_equal(places_enter(p, &t, &place), DENIED_INTERNAL);
    assert_true(oom_stop());
    assert_null(place.address);
    assert_null(place.target);
    assert_counts(p, 1, 0);

    assert_int_equal(places_name(p, &ip, 0, &place), ADMITTED);
    assert_int_equal(places_enter(p, &t, &place), ADMITTED);
    assert_counts(p, 1, 1);
    places_leave(p, &place);
    assert_counts(p, 0, 0);
    places_free(p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_start),
        cmocka_unit_test(coming_in),
    };

    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
