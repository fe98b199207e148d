/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_address.c - where to connect to, as people write it.
 */
#include "harness/unit.h"
#include "io/address.h"

#define LABEL_63                                                               \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PATH_107                                                               \
    "/23456789/23456789/23456789/23456789/23456789/23456789/23456789/23456789" \
    "/23456789/23456789/23456789/2345678"

static void
accepted(void **state)
{
    static const struct {
        const char *text;
        const char *default_port;
        const char *host;
        const char *port;
        const char *path; /* NULL: TCP */
    } rows[] = {
        {"x.example:443", NULL, "x.example", "443", NULL},
        {"x.example", "443", "x.example", "443", NULL},
        {"x.example.:443", NULL, "x.example.", "443", NULL},
        {"X_1.Example:0", NULL, "X_1.Example", "0", NULL},
        {"localhost:65535", "1", "localhost", "65535", NULL},
        {"127.0.0.1:1", NULL, "127.0.0.1", "1", NULL},
        {"127.0.0.1", "8443", "127.0.0.1", "8443", NULL},
        {"1.example:1", NULL, "1.example", "1", NULL},
        {"0x.example:1", NULL, "0x.example", "1", NULL},
        {"[::1]:443", NULL, "::1", "443", NULL},
        {"[::1]", "443", "::1", "443", NULL},
        {"[2001:db8::192.0.2.1]:1", NULL, "2001:db8::192.0.2.1", "1", NULL},
        {LABEL_63 ".example:1", NULL, LABEL_63 ".example", "1", NULL},
        {"unix:/run/a.sock", NULL, "", "", "/run/a.sock"},
        {"unix:a:b", "1", "", "", "a:b"},
        {"unix:" PATH_107, NULL, "", "", PATH_107},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_address a;
        struct assay_error err;

        CHECK(rows[i].text,
              assay_address_parse(rows[i].text, rows[i].default_port, &a,
                                  &err) == ASSAY_OK);
        CHECK(rows[i].text, strcmp(a.host, rows[i].host) == 0);
        CHECK(rows[i].text, strcmp(a.port, rows[i].port) == 0);
        CHECK(rows[i].text, a.is_unix == (rows[i].path != NULL));
        CHECK(rows[i].text,
              rows[i].path == NULL || strcmp(a.path, rows[i].path) == 0);
    }
}

static void
refused(void **state)
{
    static const struct {
        const char *text;
        const char *default_port;
        const char *message;
    } rows[] = {
        {"", "443", "'': no host"},
        {":443", NULL, "':443': no host"},
        {"x.example", NULL, "'x.example': no port"},
        {"x.example:", NULL, "'x.example:': the port is no number"},
        {"x.example:", "443", "'x.example:': the port is no number"},
        {"x.example:65536", NULL, "'x.example:65536': the port is no"},
        {"x.example:99999999999999999999", NULL, "'x.example:999"},
        {"x.example:080", NULL, "'x.example:080': the port is no"},
        {"x.example:-1", NULL, "'x.example:-1': the port is no"},
        {"x.example:+1", NULL, "'x.example:+1': the port is no"},
        {"x.example: 1", NULL, "'x.example: 1': the port is no"},
        {"x.example:1 ", NULL, "'x.example:1 ': the port is no"},
        {"x.example:https", NULL, "'x.example:https': the port is no"},
        {"x.example", "no", "'x.example': the port is no"},
        {"::1", "443", "'::1': an IPv6 address needs brackets"},
        {"::1:443", NULL, "'::1:443': an IPv6 address needs brackets"},
        {"a:b:c", NULL, "'a:b:c': an IPv6 address needs brackets"},
        {"[::1", "443", "'[::1': a bracket is not closed"},
        {"[]:443", NULL, "'[]:443': not an IPv6 address"},
        {"[x.example]:443", NULL, "'[x.example]:443': not an IPv6"},
        {"[127.0.0.1]:443", NULL, "'[127.0.0.1]:443': not an IPv6"},
        {"[::g]:443", NULL, "'[::g]:443': not an IPv6"},
        {"[::1\r\n]:443", NULL, "'[::1?\?]:443': not an IPv6"},
        {"[::1]443", NULL, "'[::1]443': only a port may stand"},
        {"[::1]:", NULL, "'[::1]:': the port is no"},
        {"[::1]", NULL, "'[::1]': no port"},
        {"9000", NULL, "'9000': a number alone is no address: write HOST:PORT"},
        {"9000", "443", "'9000': a number alone"},
        {"256.1.1.1:1", NULL, "'256.1.1.1:1': not an IPv4"},
        {"127.1:1", NULL, "'127.1:1': not an IPv4"},
        {"2130706433:1", NULL, "'2130706433:1': not an IPv4"},
        {"0x7f000001:1", NULL, "'0x7f000001:1': not an IPv4"},
        {"127.0.0.01:1", NULL, "'127.0.0.01:1': not an IPv4"},
        {"a..b:1", NULL, "'a..b:1': an empty label"},
        {".a:1", NULL, "'.a:1': an empty label"},
        {LABEL_63 "a:1", NULL, "'" LABEL_63 "a:1': a label"},
        {"a b:1", NULL, "'a b:1': a character"},
        {"a\r\nb:1", NULL, "'a?\?b:1': a character"},
        {"u@h:1", NULL, "'u@h:1': a character"},
        {"h/p:1", NULL, "'h/p:1': a character"},
        {"http://h:1", NULL, "'http://h:1': an IPv6 address needs"},
        {"b\xc3\xbc:1", NULL, "'b?\?:1': a character"},
        {"unix:", NULL, "'unix:': no path"},
        {"unix:" PATH_107 "7", NULL, "'unix:/23456789"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        static const struct assay_address zero;
        struct assay_address a;
        struct assay_error err;

        CHECK(rows[i].text,
              assay_address_parse(rows[i].text, rows[i].default_port, &a,
                                  &err) == ASSAY_INVALID);
        check_error(rows[i].text, &err, ASSAY_INVALID, rows[i].message,
                    ASSAY_NO_OFFSET);
        CHECK(rows[i].text, memcmp(&a, &zero, sizeof(a)) == 0);
    }
}

static void
long_host(void **state)
{
    char text[ASSAY_HOST_MAX_BYTES + 8];
    struct assay_address a;
    struct assay_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = i % 32 == 31 ? '.' : 'a';
    }
    text[ASSAY_HOST_MAX_BYTES + 1] = '\0';
    assert_int_equal(assay_address_parse(text, "1", &a, &err), ASSAY_INVALID);
    check_error("long", &err, ASSAY_INVALID, "'aaaa", ASSAY_NO_OFFSET);
    text[ASSAY_HOST_MAX_BYTES] = '\0';
    assert_int_equal(assay_address_parse(text, "1", &a, &err), ASSAY_OK);
    assert_string_equal(a.host, text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),
        cmocka_unit_test(refused),
        cmocka_unit_test(long_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
