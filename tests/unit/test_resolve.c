/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_resolve.c - the order in which addresses of a name are tried.
 */
#include <stdio.h>

#include "harness/unit.h"
#include "io/resolve.h"

#define FOUND_MAX 24

/* What a look-up finds: '4' and '6' by family, 'x' is one we do not know. The
 * address of the one at i ends in i. */
struct found {
    struct addrinfo info[FOUND_MAX];
    struct sockaddr_storage address[FOUND_MAX];
};

static const struct addrinfo *
make(struct found *f, const char *families)
{
    size_t n = strlen(families);

    memset(f, 0, sizeof(*f));
    assert_true(n <= FOUND_MAX);
    for (size_t i = 0; i < n; i++) {
        struct addrinfo *a = &f->info[i];
        char ip[32];

        a->ai_addr = (struct sockaddr *)&f->address[i];
        a->ai_family = families[i] == '4'   ? AF_INET
                       : families[i] == '6' ? AF_INET6
                                            : AF_UNIX;
        a->ai_addrlen = families[i] == '4' ? sizeof(struct sockaddr_in)
                                           : sizeof(struct sockaddr_in6);
        (void)snprintf(ip, sizeof(ip),
                       families[i] == '4' ? "192.0.2.%zu" : "2001:db8::%zu", i);
        assert_true(assay_resolve_ip(ip, "443", &f->address[i]));
        a->ai_next = i + 1 < n ? a + 1 : NULL;
    }
    return n > 0 ? f->info : NULL;
}

static void
interleaved(void **state)
{
    static const struct {
        const char *found;
        const char *order; /* letters: a is the first that was found */
    } rows[] = {
        {"", ""},
        {"4", "a"},
        {"6", "a"},
        {"x", ""},
        {"64", "ab"},
        {"46", "ab"},
        {"6644", "acbd"},
        {"4466", "acbd"},
        {"666644", "aebfcd"},
        {"4666", "abcd"},
        {"464646", "abcdef"},
        {"x6x4", "bd"},
        {"444444444444444444446", "aubcdefghijklmno"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct found f;
        struct assay_addresses out;

        assay_resolve_interleave(make(&f, rows[i].found), &out);
        CHECK(rows[i].found, out.count == strlen(rows[i].order));
        for (size_t k = 0; k < out.count; k++) {
            const struct sockaddr_storage *want =
                &f.address[rows[i].order[k] - 'a'];

            CHECK(rows[i].found,
                  memcmp(&out.list[k], want, sizeof(*want)) == 0);
        }
    }
}

static void
too_many_overrides(void **state)
{
    struct assay_dial_resolve overrides[ASSAY_RACE_ADDRESSES_MAX + 1];
    struct assay_address host = {.host = "x.example", .port = "443"};
    struct assay_addresses out;
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(overrides); i++) {
        overrides[i] =
            (struct assay_dial_resolve){"x.example", "443", "192.0.2.1"};
    }
    assay_error_clear(&err);
    assert_int_equal(
        assay_resolve_known(&host, overrides, COUNT_OF(overrides), &out, &err),
        ASSAY_OK);
    assert_int_equal(out.count, ASSAY_RACE_ADDRESSES_MAX);
}

/* No look-up, so that nobody else can answer for these. */
static void
own_machine(void **state)
{
    static const struct {
        const char *host;
        size_t count;
    } rows[] = {
        {"localhost", 2}, {"x.LOCALHOST", 2},       {"127.0.0.1", 1},
        {"x.example", 0}, {"localhost.example", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_address host = {.port = "443"};
        struct sockaddr_storage want[2];
        struct assay_addresses out;
        struct assay_error err;

        (void)snprintf(host.host, sizeof(host.host), "%s", rows[i].host);
        assay_error_clear(&err);
        assert_int_equal(assay_resolve_known(&host, NULL, 0, &out, &err),
                         ASSAY_OK);
        CHECK(rows[i].host, out.count == rows[i].count);
        assert_true(assay_resolve_ip("127.0.0.1", "443", &want[0]));
        assert_true(assay_resolve_ip("::1", "443", &want[1]));
        for (size_t k = 0; k < out.count; k++) {
            CHECK(rows[i].host,
                  memcmp(&out.list[k], &want[k], sizeof(want[k])) == 0);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interleaved),
        cmocka_unit_test(too_many_overrides),
        cmocka_unit_test(own_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
