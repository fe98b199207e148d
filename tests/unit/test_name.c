/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_name.c - what a server may be called.
 */
#include "harness/unit.h"

#include "assay/session.h"
#include "atls/name.h"

#define TEN      "abcdefghij"
#define SIXTY    TEN TEN TEN TEN TEN TEN
#define LABEL_63 SIXTY "abc"
#define LABEL_64 SIXTY "abcd"
/* 3 * 64 + 61 = 253 */
#define NAME_253 LABEL_63 "." LABEL_63 "." LABEL_63 "." SIXTY "k"
#define NAME_254 LABEL_63 "." LABEL_63 "." LABEL_63 "." SIXTY "kl"

static const struct {
    const char *name;
    bool valid;
    bool ip; /* of valid ones */
} names[] = {
    /* DNS */
    {"example.com", true, false},
    {"EXAMPLE.Com", true, false},
    {"localhost", true, false},
    {"a", true, false},
    {"a.b.c.d.e.f", true, false},
    {"xn--bcher-kva.example", true, false},
    {"a--b.example", true, false},
    {"_dmarc.example.com", true, false},
    {"a_b.example", true, false},
    {"_.x", true, false},
    {"1.example", true, false},
    {"1.2.3.4.example", true, false},
    {"1a", true, false},
    {"a1", true, false},
    {"1.2.3.4a", true, false},
    {"0x", false, false},
    {"0xg", true, false},
    {"x0x1", true, false},
    {"dead.beef", true, false},
    {LABEL_63 ".x", true, false},
    {NAME_253, true, false},

    {"", false, false},
    {".", false, false},
    {"..", false, false},
    {"example.com.", false, false},
    {".example.com", false, false},
    {"a..b", false, false},
    {"-a.b", false, false},
    {"a-.b", false, false},
    {"a.-b", false, false},
    {"a.b-", false, false},
    {"-", false, false},
    {"a b", false, false},
    {" a", false, false},
    {"a\t", false, false},
    {"a\n", false, false},
    {"a\r\nHost: b", false, false},
    {"a/b", false, false},
    {"a@b", false, false},
    {"a:443", false, false},
    {"a%2eb", false, false},
    {"*.example.com", false, false},
    {"a,b", false, false},
    {"a;b", false, false},
    {"a?b", false, false},
    {"a#b", false, false},
    {"a\\b", false, false},
    {"a\x7f", false, false},
    {"b\xc3\xbc"
     "cher.example",
     false, false},
    {LABEL_64 ".x", false, false},
    {NAME_254, false, false},
    /* what resolvers take for addresses */
    {"1", false, false},
    {"127.1", false, false},
    {"2130706433", false, false},
    {"0x7f000001", false, false},
    {"0X7F000001", false, false},
    {"127.0.0.0x1", false, false},
    {"a.1", false, false},
    {"a.0x1f", false, false},
    {"0177.0.0.1", false, false},

    /* IPv4 */
    {"1.2.3.4", true, true},
    {"0.0.0.0", true, true},
    {"255.255.255.255", true, true},
    {"256.1.1.1", false, false},
    {"1.2.3.04", false, false},
    {"1.2.3.4.", false, false},
    {"1.2.3.4.5", false, false},
    {"1.2.3.4:80", false, false},

    /* IPv6 */
    {"::", true, true},
    {"::1", true, true},
    {"2001:DB8::8:800:200C:417A", true, true},
    {"::ffff:192.0.2.1", true, true},
    {"1:2:3:4:5:6:7:8", true, true},
    {"1:2:3:4:5:6:7:8::", false, false},
    {"::1:2:3:4:5:6:7:8", false, false},
    {"[::1]", false, false},
    {"[::1]:80", false, false},
    {"fe80::1%eth0", false, false},
    {"1::2::3", false, false},
    {":1", false, false},
    {":", false, false},
    {"1:2", false, false},
    {"a:b", false, false},
    {"::1\n", false, false},
};

static void
test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        bool valid = assay_name_is_valid(names[i].name);

        CHECK(names[i].name, valid == names[i].valid);
        if (valid) {
            CHECK(names[i].name,
                  assay_name_is_ip(names[i].name) == names[i].ip);
        }
    }
    assert_int_equal(strlen(NAME_253), ASSAY_SERVER_NAME_MAX_BYTES);
}

/* Each octet alone, first, amid and last. */
static void
test_octets(void **state)
{
    (void)state;
    for (unsigned c = 1; c < 256; c++) {
        const char alone[] = {(char)c, '\0'};
        const char first[] = {(char)c, 'a', '\0'};
        const char amid[] = {'a', (char)c, 'a', '\0'};
        const char last[] = {'a', (char)c, '\0'};
        bool digit = c >= '0' && c <= '9';
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

        assert_int_equal(assay_name_is_valid(alone), letter || c == '_');
        assert_int_equal(assay_name_is_valid(first),
                         letter || digit || c == '_');
        assert_int_equal(assay_name_is_valid(amid),
                         letter || digit || c == '_' || c == '-' || c == '.');
        assert_int_equal(assay_name_is_valid(last),
                         letter || digit || c == '_');
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_octets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
