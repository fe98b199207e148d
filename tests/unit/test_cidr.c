/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_cidr.c - ranges of addresses, and who is in them.
 */
#include "daemon/cidr.h"

#include "harness/unit.h"

static const struct {
    const char *list;
    const char *peer;
    bool in;
} rows[] = {
    {"127.0.0.1", "127.0.0.1:80", true},
    {"127.0.0.1", "127.0.0.2:80", false},
    {"10.0.0.0/8", "10.255.1.2:80", true},
    {"10.0.0.0/8", "11.0.0.1:80", false},
    {"192.168.4.0/22", "192.168.7.255:1", true},
    {"192.168.4.0/22", "192.168.8.0:1", false},
    {"0.0.0.0/0", "8.8.8.8:1", true},
    {"0.0.0.0/0", "[::1]:1", false},
    {"::/0", "[2001:db8::1]:1", true},
    {"2001:db8::/33", "[2001:db8:7fff::1]:1", true},
    {"2001:db8::/33", "[2001:db8:8000::1]:1", false},
    {"::1, 10.0.0.0/8", "10.1.1.1:1", true},
    {"10.0.0.0/8", "[::ffff:a00:1]:1", true},
    {"", "127.0.0.1:1", false},
};

static void
ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_error err;
        struct cidr_ip ip;

        assay_error_clear(&err);
        CHECK(rows[i].list, cidr_check(rows[i].list, &err) == ASSAY_OK);
        CHECK(rows[i].peer, cidr_ip_of(rows[i].peer, &ip));
        CHECK(rows[i].list, cidr_has(rows[i].list, &ip) == rows[i].in);
    }
}

static void
no_ranges(void **state)
{
    static const char *const lists[] = {
        "10.0.0.0/33",  "::/129",     "10.0.0.1/8", "10.0.0.0/",
        "10.0.0.0/-1",  "10.0.0/8",   "localhost",  "10.0.0.0/8/8",
        "10.0.0.0/08x", "::1, nobody"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct assay_error err;

        assay_error_clear(&err);
        CHECK(lists[i], cidr_check(lists[i], &err) == ASSAY_INVALID);
    }
}

static void
no_addresses(void **state)
{
    static const char *const peers[] = {"unix", "unknown", "", "name:80",
                                        "[fe80::1%eth0]:80"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(peers); i++) {
        struct cidr_ip ip;

        CHECK(peers[i], !cidr_ip_of(peers[i], &ip));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),
        cmocka_unit_test(no_ranges),
        cmocka_unit_test(no_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
