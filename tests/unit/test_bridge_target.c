/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_target.c - where clients want to go, may go, and must not.
 */
#include "programs/bridge/allow.h"

#include "harness/unit.h"

/* --- targets ------------------------------------------------------------ */

static const struct {
    const char *text;
    const char *same; /* NULL: no target */
} spelled[] = {
    {"tee.example.com:8443", "tee.example.com:8443"},
    {"tee.example.com", "tee.example.com:443"},
    {"TEE.Example.COM:443", "tee.example.com:443"},
    {"tee.example.com.", "tee.example.com:443"},
    {"tee.example.com.:1", "tee.example.com:1"},
    {"under_score.example:80", "under_score.example:80"},
    {"localhost:8443", "localhost:8443"},
    {"127.0.0.1:8443", "127.0.0.1:8443"},
    {"127.0.0.1.:8443", "127.0.0.1:8443"},
    {"[::1]:8443", "[::1]:8443"},
    {"[::1]", "[::1]:443"},
    {"[0:0:0:0:0:0:0:1]:8443", "[::1]:8443"},
    {"[2001:DB8::A]:1", "[2001:db8::a]:1"},
    {"[::ffff:127.0.0.1]:8443", "127.0.0.1:8443"},
    {"[::ffff:7f00:1]:8443", "127.0.0.1:8443"},
    {"a:65535", "a:65535"},
    {"", NULL},
    {":443", NULL},
    {".", NULL},
    {".:443", NULL},
    {"a..", NULL},
    {"a:", NULL},
    {"a:0", NULL},
    {"a:00443", NULL},
    {"a:65536", NULL},
    {"a:999999", NULL},
    {"a:+443", NULL},
    {"a:44 3", NULL},
    {"a:443:444", NULL},
    {"::1", NULL}, /* which colon is the port's? */
    {"[::1", NULL},
    {"[::1]443", NULL},
    {"[::1]:", NULL},
    {"[127.0.0.1]:443", NULL},
    {"[::1%25eth0]:443", NULL},
    {"[fe80::1%eth0]:443", NULL},
    {"127.1:80", NULL},
    {"2130706433:80", NULL},
    {"0x7f000001:80", NULL},
    {"0177.0.0.1:80", NULL},
    {"1.2.3.4.5:80", NULL},
    {"user@host:80", NULL},
    {"http://host:80", NULL},
    {"host/path:80", NULL},
    {"ho st:80", NULL},
    {"b\xc3\xbc"
     "cher.example:443",
     NULL}, /* write xn--bcher-kva.example */
    {"*.example.com:443", NULL},
};

static void
targets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(spelled); i++) {
        char text[TARGET_TEXT_BYTES];
        struct assay_error err;
        struct target t;
        enum assay_code code =
            target_parse(assay_slice_of(spelled[i].text), &t, &err);

        CHECK(spelled[i].text, (code == ASSAY_OK) == (spelled[i].same != NULL));
        CHECK(spelled[i].text, code == ASSAY_OK || code == ASSAY_INVALID);
        if (code == ASSAY_OK) {
            target_text(&t, text);
            assert_string_equal(text, spelled[i].same);
        }
    }
}

static const struct {
    const char *query;
    enum assay_code code;
    const char *target; /* NULL: there is none */
} queries[] = {
    {"/", ASSAY_OK, NULL},
    {"/?", ASSAY_OK, NULL},
    {"/?x=y", ASSAY_OK, NULL},
    {"/?Target=a:1", ASSAY_OK, NULL},
    {"/?target=a:1", ASSAY_OK, "a:1"},
    {"/any/path?target=a:1", ASSAY_OK, "a:1"},
    {"/?target=a", ASSAY_OK, "a:443"},
    {"/?x=y&target=a%3A8443&z", ASSAY_OK, "a:8443"},
    {"/?%74arget=a%3a1", ASSAY_OK, "a:1"},
    {"/?target=%5B%3A%3A1%5D%3A8443", ASSAY_OK, "[::1]:8443"},
    {"/?target=[::1]:8443", ASSAY_OK, "[::1]:8443"},
    {"/?&&target=a&&", ASSAY_OK, "a:443"},
    {"/?x=?target=b", ASSAY_OK, NULL},
    {"/?target", ASSAY_INVALID, NULL},
    {"/?target=", ASSAY_INVALID, NULL},
    {"/?target=a&target=a", ASSAY_INVALID, NULL},
    {"/?target=a&%74arget=b", ASSAY_INVALID, NULL},
    {"/?target=a%3", ASSAY_MALFORMED, NULL},
    {"/?target=a%zz", ASSAY_MALFORMED, NULL},
    {"/?target=a%00", ASSAY_MALFORMED, NULL},
    {"/?target=a%2500", ASSAY_INVALID, NULL}, /* unescaped once */
    {"/?target=a+b:1", ASSAY_INVALID, NULL},
    {"/?target=a=b", ASSAY_INVALID, NULL},
    {"/?%7=a", ASSAY_MALFORMED, NULL},
};

static void
of_queries(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        char text[TARGET_TEXT_BYTES];
        struct assay_error err;
        struct target t;
        bool found;
        enum assay_code code =
            target_of_query(assay_slice_of(queries[i].query), &t, &found, &err);

        CHECK(queries[i].query, code == queries[i].code);
        if (code == ASSAY_OK) {
            CHECK(queries[i].query, found == (queries[i].target != NULL));
        }
        if (code == ASSAY_OK && found) {
            target_text(&t, text);
            assert_string_equal(text, queries[i].target);
        }
    }
}

static void
long_ones(void **state)
{
    char query[2048] = "/?target=";
    struct assay_error err;
    struct target t;
    bool found;
    size_t at = strlen(query);

    (void)state;
    memset(query + at, 'a', sizeof(query) - at - 1);
    assert_int_equal(target_of_query(assay_slice_of(query), &t, &found, &err),
                     ASSAY_TOO_LARGE);
    query[at + 254] = '\0'; /* one more than a name of DNS may have */
    assert_int_equal(target_of_query(assay_slice_of(query), &t, &found, &err),
                     ASSAY_INVALID);
}

/* --- allowed ------------------------------------------------------------ */

static const struct {
    const char *list;
    const char *target;
    const char *by; /* the entry's target; NULL: denied */
} allowed[] = {
    {"a:443", "a:443", "a:443"},
    {"a", "a:443", "a:443"},
    {"a:443", "a", "a:443"},
    {"a:443", "a:8443", NULL},
    {"a:443", "b:443", NULL},
    {"A.Example.:443", "a.example", "a.example:443"},
    {"a.example", "b.a.example", NULL},
    {" a:1 ,, b:2 ,", "b:2", "b:2"},
    {"*.example.com:8443", "x.example.com:8443", "example.com:8443"},
    {"*.example.com:8443", "x.y.example.com:8443", "example.com:8443"},
    {"*.example.com:8443", "example.com:8443", NULL},
    {"*.example.com:8443", "x.example.com:443", NULL},
    {"*.example.com:8443", "xexample.com:8443", NULL},
    {"*.example.com:8443", "x.example.com.evil:8443", NULL},
    {"*.example.com", "x.example.com", "example.com:443"},
    {"*.example.com, x.example.com", "x.example.com", "x.example.com:443"},
    {"*.4:80", NULL, NULL},
    {"[::1]:8443", "[0::1]:8443", "[::1]:8443"},
    {"127.0.0.1:8443", "[::ffff:127.0.0.1]:8443", "127.0.0.1:8443"},
    {"127.0.0.1:8443", "localhost:8443", NULL},
    {"localhost:8443", "127.0.0.1:8443", NULL},
    {"*.localhost:8443", "app.localhost:8443", "localhost:8443"},
    {"", NULL, NULL},
    {" , ,", NULL, NULL},
    {"a:443, b:", NULL, NULL},
    {"*:443", NULL, NULL},
    {"*", NULL, NULL},
    {"*.", NULL, NULL},
    {"*.*.a:443", NULL, NULL},
    {"*.127.0.0.1:443", NULL, NULL},
    {"x*.example.com:443", NULL, NULL},
    {"a b:443", NULL, NULL},
};

static void
allowlists(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(allowed); i++) {
        const struct allow_entry *by;
        char text[TARGET_TEXT_BYTES];
        struct assay_error err;
        struct allow *a;
        struct target t;
        enum assay_code code = allow_new(allowed[i].list, &a, &err);

        if (allowed[i].target == NULL) {
            CHECK(allowed[i].list, code == ASSAY_INVALID && a == NULL);
            continue;
        }
        CHECK(allowed[i].list, code == ASSAY_OK);
        CHECK(allowed[i].target, target_parse(assay_slice_of(allowed[i].target),
                                              &t, &err) == ASSAY_OK);
        by = allow_find(a, &t);
        CHECK(allowed[i].list, (by != NULL) == (allowed[i].by != NULL));
        if (by != NULL) {
            target_text(&by->target, text);
            assert_string_equal(text, allowed[i].by);
        }
        allow_free(a);
    }
    allow_free(NULL);
}

static void
too_many(void **state)
{
    static char list[3 * (ALLOW_ENTRIES_MAX + 1)];
    struct assay_error err;
    struct allow *a;

    (void)state;
    for (size_t i = 0; i < ALLOW_ENTRIES_MAX; i++) {
        memcpy(list + 2 * i, "a,", 3);
    }
    assert_int_equal(allow_new(list, &a, &err), ASSAY_OK);
    assert_int_equal(allow_count(a), ALLOW_ENTRIES_MAX);
    allow_free(a);
    memcpy(list + 2u * ALLOW_ENTRIES_MAX, "b", 2);
    assert_int_equal(allow_new(list, &a, &err), ASSAY_TOO_LARGE);
}

/* --- addresses ---------------------------------------------------------- */

static const struct {
    const char *entry;
    const char *private_ok;
    const char *address;
    const char *what; /* NULL: let through */
} met[] = {
    /* the public internet */
    {"a:80", "", "8.8.8.8:80", NULL},
    {"a:80", "", "[2606:4700::1]:80", NULL},
    {"a:80", "", "[64:ff9b::808:808]:80", NULL},
    {"a:80", "", "[2002:808:808::1]:80", NULL},
    {"a:80", "", "172.15.0.1:80", NULL},
    {"a:80", "", "172.32.0.1:80", NULL},
    {"a:80", "", "100.63.255.255:80", NULL},
    {"a:80", "", "100.128.0.0:80", NULL},
    /* what a name must not lead to */
    {"a:80", "", "127.0.0.1:80", "loopback"},
    {"a:80", "", "127.255.255.254:80", "loopback"},
    {"a:80", "", "[::1]:80", "loopback"},
    {"a:80", "", "[::ffff:127.0.0.1]:80", "loopback"},
    {"a:80", "", "[::7f00:1]:80", "loopback"},
    {"a:80", "", "[64:ff9b::7f00:1]:80", "loopback"},
    {"a:80", "", "[64:ff9b::a00:1]:80", "private"},
    {"a:80", "", "[64:ff9b:1::808:808]:80", "NAT64 of a site"},
    {"a:80", "", "[2002:7f00:1::]:80", "loopback"},
    {"a:80", "", "[2002:c0a8:1::]:80", "private"},
    {"a:80", "", "0.0.0.0:80", "unspecified"},
    {"a:80", "", "0.1.2.3:80", "unspecified"},
    {"a:80", "", "[::]:80", "unspecified"},
    {"a:80", "", "10.0.0.1:80", "private"},
    {"a:80", "", "172.16.0.1:80", "private"},
    {"a:80", "", "172.31.255.255:80", "private"},
    {"a:80", "", "192.168.1.1:80", "private"},
    {"a:80", "", "[::ffff:192.168.1.1]:80", "private"},
    {"a:80", "", "169.254.169.254:80", "link-local"}, /* clouds' metadata */
    {"a:80", "", "[fd00:ec2::254]:80", "unique local"},
    {"a:80", "", "100.64.0.1:80", "carrier-grade NAT"},
    {"a:80", "", "[fe80::1]:80", "link-local"},
    {"a:80", "", "[febf::1]:80", "link-local"},
    {"a:80", "", "[fec0::1]:80", "site-local"},
    {"a:80", "", "[fc00::1]:80", "unique local"},
    {"a:80", "", "224.0.0.1:80", "multicast"},
    {"a:80", "", "[ff02::1]:80", "multicast"},
    {"a:80", "", "255.255.255.255:80", "reserved"},
    {"a:80", "", "[2001::1]:80", "reserved"},
    /* written as that address */
    {"127.0.0.1:80", "", "127.0.0.1:80", NULL},
    {"127.0.0.1:80", "", "127.0.0.2:80", "loopback"},
    {"[::1]:80", "", "[::1]:80", NULL},
    {"[::1]:80", "", "127.0.0.1:80", "loopback"},
    {"10.1.2.3:80", "", "[::ffff:10.1.2.3]:80", NULL},
    {"169.254.169.254:80", "", "169.254.169.254:80", NULL},
    /* localhost */
    {"localhost:80", "", "127.0.0.1:80", NULL},
    {"localhost:80", "", "[::1]:80", NULL},
    {"localhost:80", "", "10.0.0.1:80", "private"},
    {"app.localhost:80", "", "127.0.0.1:80", NULL},
    {"*.localhost:80", "", "127.0.0.1:80", NULL},
    {"localhost.example:80", "", "127.0.0.1:80", "loopback"},
    /* --allow-private */
    {"a:80", "10.0.0.0/8", "10.0.0.1:80", NULL},
    {"a:80", "10.0.0.0/8", "192.168.0.1:80", "private"},
    {"a:80", "10.0.0.0/8,192.168.0.0/16", "192.168.0.1:80", NULL},
    {"a:80", "fd00::/8", "[fd00::1]:80", NULL},
    {"a:80", "10.0.0.0/8", "[64:ff9b::a00:1]:80", "private"},
    /* the bridge's own doors: 127.0.0.1:9000, [::1]:9000 and 0.0.0.0:9002 */
    {"127.0.0.1:9000", "", "127.0.0.1:9000", "the bridge itself"},
    {"localhost:9000", "", "[::1]:9000", "the bridge itself"},
    {"a:9000", "0.0.0.0/0", "127.0.0.1:9000", "the bridge itself"},
    {"a:9000", "0.0.0.0/0", "0.0.0.0:9000", "the bridge itself"},
    {"a:9000", "::/0", "[::]:9000", "the bridge itself"},
    {"localhost:9001", "", "127.0.0.1:9001", NULL},
    {"127.0.0.2:9000", "", "127.0.0.2:9000", NULL},
    {"127.0.0.2:9002", "", "127.0.0.2:9002", "the bridge itself"},
    {"a:9002", "0.0.0.0/0", "127.255.0.1:9002", "the bridge itself"},
    {"127.0.0.2:9003", "", "127.0.0.2:9003", NULL},
};

static void
guards(void **state)
{
    struct guard g = {.own_count = 3,
                      .own = {{.port = 9000}, {.port = 9000}, {.port = 9002}}};

    (void)state;
    assert_true(cidr_ip_of("127.0.0.1:9000", &g.own[0].ip));
    assert_true(cidr_ip_of("[::1]:9000", &g.own[1].ip));
    assert_true(cidr_ip_of("0.0.0.0:9002", &g.own[2].ip));
    for (size_t i = 0; i < COUNT_OF(met); i++) {
        uint16_t port =
            (uint16_t)strtoul(strrchr(met[i].address, ':') + 1, NULL, 10);
        struct assay_error err;
        struct cidr_ip ip;
        struct allow *a;
        const char *what;

        assert_int_equal(allow_new(met[i].entry, &a, &err), ASSAY_OK);
        assert_true(cidr_ip_of(met[i].address, &ip));
        g.private_ok = met[i].private_ok;
        what = guard_refuses(&g, allow_entry(a, 0), &ip, port);
        CHECK(met[i].address, (what == NULL) == (met[i].what == NULL));
        if (what != NULL) {
            assert_string_equal(what, met[i].what);
        }
        allow_free(a);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),   cmocka_unit_test(of_queries),
        cmocka_unit_test(long_ones), cmocka_unit_test(allowlists),
        cmocka_unit_test(too_many),  cmocka_unit_test(guards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
