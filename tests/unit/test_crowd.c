/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_crowd.c - places for each address.
 */
#include "daemon/crowd.h"

#include <stdio.h>

#include "harness/unit.h"

static struct crowd crowd;

static struct crowd_member *
enter(const char *peer, unsigned max)
{
    struct cidr_ip ip;

    assert_true(cidr_ip_of(peer, &ip));
    return crowd_enter(&crowd, &ip, max);
}

static bool
is_empty(void)
{
    for (size_t i = 0; i < CROWD_BUCKETS; i++) {
        if (crowd.buckets[i] != NULL) {
            return false;
        }
    }
    return true;
}

static void
places(void **state)
{
    struct crowd_member *a = enter("10.0.0.1:1", 2);
    struct crowd_member *b = enter("10.0.0.1:2", 2);
    struct crowd_member *other = enter("10.0.0.2:1", 2);

    (void)state;
    assert_true(a != NULL && a == b && other != NULL && other != a);
    assert_null(enter("10.0.0.1:3", 2));
    crowd_leave(&crowd, a);
    assert_ptr_equal(enter("10.0.0.1:4", 2), b);
    assert_null(enter("10.0.0.1:5", 1)); /* fewer from now on */
    crowd_leave(&crowd, b);
    crowd_leave(&crowd, b);
    crowd_leave(&crowd, other);
    crowd_leave(&crowd, NULL);
    assert_true(is_empty());
    assert_null(enter("10.0.0.1:1", 0));
    assert_true(is_empty());
}

static void
counts(void **state)
{
    struct crowd_member *m = NULL;
    uint8_t key[CROWD_KEY_BYTES];
    struct cidr_ip ip;

    (void)state;
    assert_true(cidr_ip_of("[2001:db8::1]:1", &ip));
    crowd_key(&ip, key);
    assert_int_equal(crowd_count(&crowd, key), 0);
    for (unsigned n = 1; n <= 3; n++) {
        m = n % 2 == 0 ? crowd_enter_as(&crowd, key, 3)
                       : enter("[2001:db8::2]:1", 3);
        assert_non_null(m);
        assert_int_equal(crowd_count(&crowd, key), n);
    }
    assert_null(crowd_enter_as(&crowd, key, 3));
    key[15] = 1; /* what is no address counts by all of its key */
    assert_int_equal(crowd_count(&crowd, key), 0);
    key[15] = 0;
    for (unsigned n = 3; n > 0; n--) {
        assert_int_equal(crowd_count(&crowd, key), n);
        crowd_leave(&crowd, m);
    }
    assert_int_equal(crowd_count(&crowd, key), 0);
    assert_true(is_empty());
}

static void
networks(void **state)
{
    struct crowd_member *a = enter("[2001:db8:0:1::1]:1", 1);
    struct crowd_member *b = enter("[2001:db8:0:2::1]:1", 1);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_null(enter("[2001:db8:0:1:ffff::9]:1", 1));
    crowd_leave(&crowd, a);
    crowd_leave(&crowd, b);
    assert_true(is_empty());
}

/* More addresses than buckets, each found again. */
static void
many(void **state)
{
    static struct crowd_member *members[3 * CROWD_BUCKETS];
    char peer[32];

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(members); i++) {
        (void)snprintf(peer, sizeof(peer), "10.0.%u.%u:1", i / 256, i % 256);
        members[i] = enter(peer, 1);
        assert_non_null(members[i]);
        assert_null(enter(peer, 1));
    }
    for (unsigned i = 0; i < COUNT_OF(members); i++) {
        crowd_leave(&crowd, members[i]);
    }
    assert_true(is_empty());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(counts),
        cmocka_unit_test(networks),
        cmocka_unit_test(many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
