/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_host.c - IP addresses as inet_pton() reads and inet_ntop() writes them,
 * with random texts and octets too.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "harness/unit.h"

#include "base/host.h"

/* Both readers agree; returns whether it is an address. */
static bool
check_ipv6(const char *text)
{
    uint8_t want[16] = {0};
    uint8_t got[16] = {0};
    struct assay_slice s = exact_copy(assay_slice_of(text));
    bool good = assay_host_ipv6(s, got);

    free((void *)s.ptr);
    CHECK(text, good == (inet_pton(AF_INET6, text, want) == 1));
    CHECK(text, memcmp(got, want, sizeof(want)) == 0); /* or untouched */
    return good;
}

static bool
check_ipv4(const char *text)
{
    uint8_t want[4] = {0};
    uint8_t got[4] = {0};
    struct assay_slice s = exact_copy(assay_slice_of(text));
    bool good = assay_host_ipv4(s, got);

    free((void *)s.ptr);
    CHECK(text, good == (inet_pton(AF_INET, text, want) == 1));
    CHECK(text, memcmp(got, want, sizeof(want)) == 0);
    return good;
}

static const char *const ipv6[] = {
    "::",
    "::1",
    "1::",
    "1::2",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "1:2:3:4::6:7:8",
    "fe80::A:bCd:0:F",
    "0000:0000:0000:0000:0000:0000:0000:0001",
    "::1.2.3.4",
    "::ffff:255.255.255.255",
    "1:2:3:4:5:6:1.2.3.4",
    "1:2:3:4:5::1.2.3.4",
    "1:2::1.2.3.4",
};

static const char *const not_ipv6[] = {
    "",
    ":",
    ":::",
    "::::",
    "1",
    "1:",
    ":1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    ":1:2:3:4:5:6:7",
    ":1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8:",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8",
    "1::2::3",
    "::1::",
    "1:::2",
    ":::1",
    "1:::",
    "::1:",
    "12345::",
    "::00001",
    "g::",
    "::1%eth0",
    "[::1]",
    "::1/64",
    " ::1",
    "::1 ",
    "1.2.3.4",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3",
    "::1.2.3.4.5",
    "::1.2.3.256",
    "::1.2.3.04",
    "::a.2.3.4",
    "::.2.3.4",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5:6::1.2.3.4:",
    "1.2.3.4:2:3:4:5:6:7",
    "::1.2.3.4::",
    "1:2:3:4:5:1.2.3.4",
    "x",
};

static void
test_ipv6(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ipv6); i++) {
        CHECK(ipv6[i], check_ipv6(ipv6[i]));
    }
    for (size_t i = 0; i < COUNT_OF(not_ipv6); i++) {
        CHECK(not_ipv6[i], !check_ipv6(not_ipv6[i]));
    }
}

static const char *const ipv4[] = {
    "0.0.0.0", "1.2.3.4", "255.255.255.255", "10.0.99.100", "127.0.0.1",
};

static const char *const not_ipv4[] = {
    "",
    ".",
    "1",
    "1.2",
    "1.2.3",
    "1.2.3.",
    "1.2.3.4.",
    "1.2.3.4.5",
    ".1.2.3.4",
    "1..2.3.4",
    "1.2..4",
    "1.2.3.256",
    "256.1.1.1",
    "1.2.3.999",
    "1.2.3.1000",
    "01.2.3.4",
    "1.2.3.00",
    "1.2.3.04",
    "1.2.3.x",
    "1.2.3.0x4",
    "1.2.3.-4",
    "1.2.3.+4",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1,2.3.4",
    "1.2.3.4/8",
    "a.b.c.d",
    "::1",
    "1.2.3.4294967297",
};

static void
test_ipv4(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ipv4); i++) {
        CHECK(ipv4[i], check_ipv4(ipv4[i]));
    }
    for (size_t i = 0; i < COUNT_OF(not_ipv4); i++) {
        CHECK(not_ipv4[i], !check_ipv4(not_ipv4[i]));
    }
}

static uint32_t
random_below(uint32_t *seed, uint32_t n)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return (*seed >> 8) % n;
}

/* Texts of pieces that are likely to make sense. */
static void
test_random_texts(void **state)
{
    static const char *const pieces[] = {
        ":",       ":", ":",   "::",  "0", "1", "ffff", "12345",
        "1.2.3.4", ".", "255", "256", "a", "G", "00",
    };
    uint32_t seed = 2463534242u;
    size_t good = 0;

    (void)state;
    for (int i = 0; i < 400000; i++) {
        char text[128] = "";
        uint32_t n = random_below(&seed, 18);

        for (uint32_t k = 0; k < n; k++) {
            /* Mostly group after colon, as otherwise nothing is valid. */
            bool colon = k % 2 == 1 && random_below(&seed, 8) > 0;
            uint32_t p = random_below(&seed, COUNT_OF(pieces));

            size_t at = strlen(text);

            (void)snprintf(text + at, sizeof(text) - at, "%s",
                           colon ? ":" : pieces[p]);
        }
        good += check_ipv6(text) ? 1 : 0;
        good += check_ipv4(text) ? 1 : 0;
    }
    assert_true(good > 1000);
    for (int i = 0; i < 200000; i++) {
        char text[24] = "";
        uint32_t n = random_below(&seed, 12);

        for (uint32_t k = 0; k < n; k++) {
            text[k] = "0123456789....:x"[random_below(&seed, 16)];
        }
        (void)check_ipv4(text);
        (void)check_ipv6(text);
    }
}

/* All texts over a small alphabet, up to seven characters. */
static void
test_all_short_texts(void **state)
{
    static const char alphabet[] = {'1', 'f', ':', '.', '0', 'x'};
    size_t digit[7] = {0};
    char text[8] = "";

    (void)state;
    for (size_t len = 0; len < 8; len++) {
        size_t carry = 0;

        memset(digit, 0, sizeof(digit));
        while (carry < len || (len == 0 && carry == 0)) {
            for (size_t i = 0; i < len; i++) {
                text[i] = alphabet[digit[i]];
            }
            text[len] = '\0';
            (void)check_ipv6(text);
            (void)check_ipv4(text);
            for (carry = 0; carry < len; carry++) {
                if (++digit[carry] < COUNT_OF(alphabet)) {
                    break;
                }
                digit[carry] = 0;
            }
            if (len == 0) {
                break;
            }
        }
    }
}

static const struct {
    const char *in;
    const char *out;
} spelt[] = {
    {"0:0:0:0:0:0:0:0", "::"},
    {"0:0:0:0:0:0:0:1", "::1"},
    {"1:0:0:0:0:0:0:0", "1::"},
    {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
    {"2001:db8:0:0:0:1:0:1", "2001:db8::1:0:1"},
    {"2001:DB8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
    {"0:1:1:1:1:1:1:1", "0:1:1:1:1:1:1:1"},
    {"1:1:1:1:1:1:0:0", "1:1:1:1:1:1::"},
    {"0:0:1:1:1:1:1:1", "::1:1:1:1:1:1"},
    {"1:0:0:1:1:0:0:0", "1:0:0:1:1::"},
    {"::ffff:1.2.3.4", "::ffff:102:304"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
};

static void
test_ipv6_text(void **state)
{
    uint32_t seed = 7;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(spelt); i++) {
        uint8_t ip[16];
        char text[ASSAY_HOST_IPV6_TEXT];

        CHECK(spelt[i].in, assay_host_ipv6(assay_slice_of(spelt[i].in), ip));
        assay_host_ipv6_text(ip, text);
        CHECK(spelt[i].in, strcmp(text, spelt[i].out) == 0);
    }
    for (int i = 0; i < 200000; i++) {
        uint8_t ip[16];
        uint8_t again[16];
        char text[ASSAY_HOST_IPV6_TEXT];
        char want[INET6_ADDRSTRLEN];

        for (size_t k = 0; k < sizeof(ip); k += 2) {
            bool zero = random_below(&seed, 2) == 0;

            ip[k] = (uint8_t)(zero ? 0 : random_below(&seed, 256));
            ip[k + 1] = (uint8_t)(zero ? 0 : random_below(&seed, 256));
        }
        assay_host_ipv6_text(ip, text);
        CHECK(text, assay_host_ipv6(assay_slice_of(text), again));
        CHECK(text, memcmp(ip, again, sizeof(ip)) == 0);
        assert_non_null(inet_ntop(AF_INET6, ip, want, sizeof(want)));
        /* which has dots in addresses that embed IPv4 ones */
        CHECK(text, strchr(want, '.') != NULL || strcmp(text, want) == 0);
    }
}

static void
test_localhost(void **state)
{
    static const char *const local[] = {"localhost", "LocalHost", "a.localhost",
                                        "a.b.LOCALHOST"};
    static const char *const others[] = {
        "",
        "host",
        "localhos",
        "localhostx",
        "xlocalhost",
        "localhost.x",
        "localhost.localdomain",
        "127.0.0.1",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(local); i++) {
        CHECK(local[i], assay_host_is_localhost(assay_slice_of(local[i])));
    }
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        CHECK(others[i], !assay_host_is_localhost(assay_slice_of(others[i])));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_ipv4),
        cmocka_unit_test(test_random_texts),
        cmocka_unit_test(test_all_short_texts),
        cmocka_unit_test(test_ipv6_text),
        cmocka_unit_test(test_localhost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
