/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy.c - URLs of proxies, and the proxy that the environment names.
 */
#include <stdio.h>

#include "harness/unit.h"
#include "io/dial.h"
#include "io/proxy.h"

static void
urls(void **state)
{
    static const struct {
        const char *url;
        const char *host;
        const char *port;
        const char *authorization;
    } rows[] = {
        {"http://p.example:3128", "p.example", "3128", ""},
        {"HTTP://p.example:3128/", "p.example", "3128", ""},
        {"p.example:3128", "p.example", "3128", ""},
        {"http://p.example", "p.example", "1080", ""},
        {"http://[::1]:3128", "::1", "3128", ""},
        {"http://u:p@p.example:1", "p.example", "1", "Basic dTpw"},
        {"u:p@p.example:1", "p.example", "1", "Basic dTpw"},
        {"http://u@p.example:1", "p.example", "1", "Basic dTo="},
        {"http://:p@p.example:1", "p.example", "1", "Basic OnA="},
        {"http://@p.example:1", "p.example", "1", "Basic Og=="},
        {"http://u:p:q@p.example:1", "p.example", "1", "Basic dTpwOnE="},
        {"http://u:p%3aq@p.example:1", "p.example", "1", "Basic dTpwOnE="},
        {"http://u:p@q@p.example:1", "p.example", "1", "Basic dTpwQHE="},
        {"http://%c3%bc:%2F@p.example:1", "p.example", "1", "Basic w7w6Lw=="},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_proxy p;
        struct assay_error err;

        CHECK(rows[i].url,
              assay_proxy_parse(rows[i].url, &p, &err) == ASSAY_OK);
        CHECK(rows[i].url, strcmp(p.at.host, rows[i].host) == 0);
        CHECK(rows[i].url, strcmp(p.at.port, rows[i].port) == 0);
        CHECK(rows[i].url, assay_slice_is(assay_buf_slice(&p.authorization),
                                          rows[i].authorization));
        assay_proxy_free(&p);
    }
}

static void
bad_urls(void **state)
{
    static const struct {
        const char *url;
        enum assay_code code;
        const char *message;
    } rows[] = {
        {"", ASSAY_INVALID, "proxy: '': no host"},
        {"http://", ASSAY_INVALID, "proxy: '': no host"},
        {"http://u:secret@", ASSAY_INVALID, "proxy: '': no host"},
        {"https://u:secret@p.example:1", ASSAY_UNSUPPORTED,
         "proxy: https:// is not supported, only http:// is"},
        {"socks5h://p.example:1", ASSAY_UNSUPPORTED, "proxy: socks5h:// is"},
        {"://p.example:1", ASSAY_UNSUPPORTED, "proxy: :// is"},
        {"http://unix:/run/p", ASSAY_INVALID, "proxy: the URL has a path"},
        {"http://unix:p", ASSAY_UNSUPPORTED, "proxy: a Unix socket"},
        {"http://p.example:0", ASSAY_INVALID, "proxy: port 0"},
        {"http://p.example:x", ASSAY_INVALID, "proxy: 'p.example:x': the port"},
        {"http://p.example:1/x", ASSAY_INVALID, "proxy: the URL has a path"},
        {"http://p.example:1?x", ASSAY_INVALID, "proxy: the URL has a path"},
        {"http://p.example:1#x", ASSAY_INVALID, "proxy: the URL has a path"},
        {"http://p ex:1", ASSAY_INVALID, "proxy: 'p ex:1': a character"},
        {"http://p\r\nX: y:1", ASSAY_INVALID, "proxy: 'p?\?X: y:1': an IPv6"},
        {"http://%3a:secret@p:1", ASSAY_INVALID,
         "proxy: user of the proxy: a colon"},
        {"http://u%:secret@p:1", ASSAY_INVALID,
         "proxy: user of the proxy: bad %XX"},
        {"http://u:secret%00@p:1", ASSAY_INVALID,
         "proxy: password of the proxy: bad %XX"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_proxy p;
        struct assay_error err;

        CHECK(rows[i].url,
              assay_proxy_parse(rows[i].url, &p, &err) == rows[i].code);
        check_error(rows[i].url, &err, rows[i].code, rows[i].message,
                    ASSAY_NO_OFFSET);
        CHECK(rows[i].url, strstr(err.msg, "secret") == NULL);
        assay_proxy_free(&p);
    }
}

static void
long_urls(void **state)
{
    char url[ASSAY_PROXY_URL_MAX_BYTES + 2];
    struct assay_proxy p;
    struct assay_error err;

    (void)state;
    memset(url, 'a', sizeof(url) - 1);
    url[sizeof(url) - 1] = '\0';
    assert_int_equal(assay_proxy_parse(url, &p, &err), ASSAY_INVALID);
    check_error("long", &err, ASSAY_INVALID, "proxy: the URL is too long",
                ASSAY_NO_OFFSET);
    assay_proxy_free(&p);
    url[sizeof(url) - 2] = '\0';
    assert_int_equal(assay_proxy_parse(url, &p, &err), ASSAY_INVALID);
    check_error("host", &err, ASSAY_INVALID, "proxy: the host is too long",
                ASSAY_NO_OFFSET);
    assay_proxy_free(&p);
    url[ASSAY_PROXY_URL_MAX_BYTES - 2] = '@'; /* a very long user */
    assert_int_equal(assay_proxy_parse(url, &p, &err), ASSAY_OK);
    assay_proxy_free(&p);
}

/* --- the environment ---------------------------------------------------- */

static void
set_environment(const char *const values[6])
{
    static const char *const names[6] = {"https_proxy", "HTTPS_PROXY",
                                         "all_proxy",   "ALL_PROXY",
                                         "no_proxy",    "NO_PROXY"};

    for (size_t i = 0; i < 6; i++) {
        if (values[i] != NULL) {
            assert_int_equal(setenv(names[i], values[i], 1), 0);
        } else {
            assert_int_equal(unsetenv(names[i]), 0);
        }
    }
}

static void
variables(void **state)
{
    static const struct {
        const char *values[6];
        const char *want; /* NULL: none */
    } rows[] = {
        {{NULL, NULL, NULL, NULL, NULL, NULL}, NULL},
        {{"a", "b", "c", "d", NULL, NULL}, "a"},
        {{NULL, "b", "c", "d", NULL, NULL}, "b"},
        {{NULL, NULL, "c", "d", NULL, NULL}, "c"},
        {{NULL, NULL, NULL, "d", NULL, NULL}, "d"},
        {{"", "", "", "d", "", ""}, "d"},
        {{"", "", "", "", "", ""}, NULL},
        {{"a", NULL, NULL, NULL, "x.example", NULL}, NULL},
        {{"a", NULL, NULL, NULL, NULL, "x.example"}, NULL},
        {{"a", NULL, NULL, NULL, "y.example", "x.example"}, "a"},
        {{NULL, NULL, NULL, "d", "*", NULL}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char row[16];
        char *got;

        snprintf(row, sizeof(row), "%zu", i);
        set_environment(rows[i].values);
        got = assay_dial_proxy_of_environment("x.example");
        CHECK(row, got != NULL
                       ? rows[i].want != NULL && strcmp(got, rows[i].want) == 0
                       : rows[i].want == NULL);
        free(got);
    }
}

static void
exempt(void **state)
{
    static const struct {
        const char *no_proxy;
        const char *host;
        bool proxied;
    } rows[] = {
        {"", "localhost", false},
        {"", "LOCALHOST", false},
        {"", "127.0.0.1", false},
        {"", "127.1.2.3", false},
        {"", "::1", false},
        {"", "128.0.0.1", true},
        {"", "::2", true},
        {"", "localhost.example", true},
        {"x.example", "x.example", false},
        {"x.example", "X.Example.", false},
        {"x.example.", "x.example", false},
        {".x.example", "x.example", false},
        {"x.example", "a.x.example", false},
        {".x.example", "a.b.x.example", false},
        {"x.example", "ax.example", true},
        {"x.example", "example", true},
        {"x.example", "x.example.org", true},
        {"a,b x.example\t,c", "x.example", false},
        {" , x.example , ", "x.example", false},
        {"*,a", "x.example", true},
        {".", "x.example", true},
        {"192.0.2.1", "192.0.2.1", false},
        {"192.0.2.1", "192.0.2.10", true},
        {"2.1", "192.0.2.1", true},
        {"192.0.2.0/24", "192.0.2.255", false},
        {"192.0.2.0/24", "192.0.3.0", true},
        {"192.0.2.128/25", "192.0.2.127", true},
        {"192.0.2.128/25", "192.0.2.129", false},
        {"0.0.0.0/0", "192.0.2.1", false},
        {"0.0.0.0/0", "2001:db8::1", true},
        {"192.0.2.0/33", "192.0.2.0", true},
        {"192.0.2.0/", "192.0.2.0", true},
        {"192.0.2.0/24x", "192.0.2.0", true},
        {"192.0.2.0/-1", "192.0.2.0", true},
        {"2001:db8::/32", "2001:db8:1::1", false},
        {"2001:db8::/32", "2001:db9::1", true},
        {"[2001:db8::1]", "2001:db8:0::1", false},
        {"[", "2001:db8::1", true},
        {"[]", "2001:db8::1", true},
    };
    const char *values[6] = {"p", NULL, NULL, NULL, NULL, NULL};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *got;

        values[4] = rows[i].no_proxy;
        set_environment(values);
        got = assay_dial_proxy_of_environment(rows[i].host);
        if ((got != NULL) != rows[i].proxied) {
            fail_msg("\"%s\" for %s", rows[i].no_proxy, rows[i].host);
        }
        free(got);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls),      cmocka_unit_test(bad_urls),
        cmocka_unit_test(long_urls), cmocka_unit_test(variables),
        cmocka_unit_test(exempt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
