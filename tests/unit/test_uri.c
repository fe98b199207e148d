/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_uri.c - http and https URIs: what they say, what is refused, and which
 * are the same.
 */
#include <stdio.h>

#include "harness/unit.h"

#include "http1/uri.h"

#define TEN      "abcdefghij"
#define SIXTY    TEN TEN TEN TEN TEN TEN
#define LABEL_63 SIXTY "abc"
#define NAME_253 LABEL_63 "." LABEL_63 "." LABEL_63 "." SIXTY "k"

static enum assay_code
parse(const char *text, struct assay_uri *u, struct assay_error *err)
{
    struct assay_slice s = exact_copy(assay_slice_of(text));
    enum assay_code code;

    assay_error_clear(err);
    memset(u, 0xaa, sizeof(*u));
    code = assay_uri_parse(s, u, err);
    free((void *)s.ptr);
    assert_int_equal(code, err->code);
    return code;
}

static void
check_uri(const char *row, const struct assay_uri *u, bool https,
          const char *host, unsigned port, const char *target)
{
    if (u->https != https || strcmp(u->host, host) != 0 || u->port != port ||
        strcmp(u->target, target) != 0) {
        fail_msg("row \"%s\": https %d, host \"%s\", port %u, target \"%s\"",
                 row, u->https, u->host, u->port, u->target);
    }
}

static bool
is_blank(const struct assay_uri *u)
{
    return assay_slice_is_zero(
        (struct assay_slice){(const uint8_t *)u, sizeof(*u)});
}

static const struct {
    const char *text;
    bool https;
    const char *host;
    unsigned port;
    const char *target;
} good[] = {
    {"http://a", false, "a", 80, "/"},
    {"https://a", true, "a", 443, "/"},
    {"HTTPS://a/", true, "a", 443, "/"},
    {"hTTp://a/", false, "a", 80, "/"},
    {"https://Example.COM/Path", true, "example.com", 443, "/Path"},
    {"https://example.com./x", true, "example.com", 443, "/x"},
    {"https://example.com.:444/x", true, "example.com", 444, "/x"},
    {"https://xn--bcher-kva.example", true, "xn--bcher-kva.example", 443, "/"},
    {"https://a_b.example", true, "a_b.example", 443, "/"},
    {"https://" NAME_253, true, NAME_253, 443, "/"},
    {"https://" NAME_253 ".", true, NAME_253, 443, "/"},
    {"https://1.2.3.4", true, "1.2.3.4", 443, "/"},
    {"https://1.2.3.4.", true, "1.2.3.4", 443, "/"},
    {"https://[::1]", true, "::1", 443, "/"},
    {"https://[::1]:8443/x", true, "::1", 8443, "/x"},
    {"https://[0:0:0:0:0:0:0:1]/", true, "::1", 443, "/"},
    {"https://[2001:DB8::00:01]/", true, "2001:db8::1", 443, "/"},
    {"https://[::FFFF:1.2.3.4]:1", true, "::ffff:102:304", 1, "/"},
    /* ports */
    {"https://a:443", true, "a", 443, "/"},
    {"https://a:80", true, "a", 80, "/"},
    {"http://a:443/", false, "a", 443, "/"},
    {"https://a:", true, "a", 443, "/"},
    {"http://a:/x", false, "a", 80, "/x"},
    {"https://a:1", true, "a", 1, "/"},
    {"https://a:65535", true, "a", 65535, "/"},
    {"https://a:0000443", true, "a", 443, "/"},
    /* queries and fragments */
    {"https://a?q", true, "a", 443, "/?q"},
    {"https://a?", true, "a", 443, "/?"},
    {"https://a#f", true, "a", 443, "/"},
    {"https://a/#f?x", true, "a", 443, "/"},
    {"https://a/b?q#f", true, "a", 443, "/b?q"},
    {"https://a/b?q?r/../s", true, "a", 443, "/b?q?r/../s"},
    {"https://a:1?x@y", true, "a", 1, "/?x@y"},
    {"https://a/x@y:z", true, "a", 443, "/x@y:z"},
    {"https://a/b#f#g", true, "a", 443, "/b"},
    {"https://a?/../x", true, "a", 443, "/?/../x"},
    /* characters */
    {"https://a/!$&'()*+,;=:@-._~[]", true, "a", 443, "/!$&'()*+,;=:@-._~[]"},
    {"https://a/%41%2F%7e?%20", true, "a", 443, "/%41%2F%7e?%20"},
    {"https://a/%00", true, "a", 443, "/%00"},
    /* dot segments */
    {"https://a/.", true, "a", 443, "/"},
    {"https://a/./", true, "a", 443, "/"},
    {"https://a/..", true, "a", 443, "/"},
    {"https://a/../", true, "a", 443, "/"},
    {"https://a/../../x", true, "a", 443, "/x"},
    {"https://a/b/.", true, "a", 443, "/b/"},
    {"https://a/b/./c", true, "a", 443, "/b/c"},
    {"https://a/b/..", true, "a", 443, "/"},
    {"https://a/b/../", true, "a", 443, "/"},
    {"https://a/b/../c", true, "a", 443, "/c"},
    {"https://a/b/c/..", true, "a", 443, "/b/"},
    {"https://a/b/c/../..", true, "a", 443, "/"},
    {"https://a/b/c/./../../g", true, "a", 443, "/g"},
    {"https://a/mid/content=5/../6", true, "a", 443, "/mid/6"},
    {"https://a/b//c", true, "a", 443, "/b//c"},
    {"https://a//", true, "a", 443, "//"},
    {"https://a//b", true, "a", 443, "//b"},
    {"https://a/b//../c", true, "a", 443, "/b/c"},
    {"https://a//../b", true, "a", 443, "/b"},
    {"https://a//..//b", true, "a", 443, "//b"},
    {"https://a/...", true, "a", 443, "/..."},
    {"https://a/.b/..c/d./e..", true, "a", 443, "/.b/..c/d./e.."},
    {"https://a/%2e", true, "a", 443, "/"},
    {"https://a/%2E/b", true, "a", 443, "/b"},
    {"https://a/b/%2e%2e/c", true, "a", 443, "/c"},
    {"https://a/b/%2E./c", true, "a", 443, "/c"},
    {"https://a/b/.%2e", true, "a", 443, "/"},
    {"https://a/b/%2e%2e%2e", true, "a", 443, "/b/%2e%2e%2e"},
    {"https://a/b/%2f../c", true, "a", 443, "/b/%2f../c"},
    {"https://a/b/..?q", true, "a", 443, "/?q"},
    {"https://a/b/.#f", true, "a", 443, "/b/"},
};

static void
test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct assay_uri u;
        struct assay_error err;

        (void)parse(good[i].text, &u, &err);
        check_error(good[i].text, &err, ASSAY_OK, "", ASSAY_NO_OFFSET);
        check_uri(good[i].text, &u, good[i].https, good[i].host, good[i].port,
                  good[i].target);
    }
}

#define N       ASSAY_NO_OFFSET
#define START   "URL: must start with https:// or http://"
#define MISSING "URL: a host of 1 to 253 characters is missing"
#define NO_HOST                                                                \
    "URL: the host is neither a DNS name (IDNs as xn--...) nor an IP address"
#define NO_PORT  "URL: the port is not a number from 1 to 65535"
#define USER     "URL: user names and passwords do not belong in it"
#define NO_IPV6  "URL: no IPv6 address between the brackets"
#define ESCAPE   "URL: an incomplete escape"
#define MUST_ESC "URL: a character that has to be escaped"

static const struct {
    const char *text;
    enum assay_code code;
    const char *msg;
    size_t offset;
} bad[] = {
    {"", ASSAY_INVALID, START, 0},
    {"a", ASSAY_INVALID, START, 0},
    {"/a", ASSAY_INVALID, START, 0},
    {"//a", ASSAY_INVALID, START, 0},
    {"a.example:443/x", ASSAY_INVALID, START, 0},
    {"http:", ASSAY_INVALID, START, 0},
    {"http:/a", ASSAY_INVALID, START, 0},
    {"http:a", ASSAY_INVALID, START, 0},
    {"https:/", ASSAY_INVALID, START, 0},
    {"://a", ASSAY_INVALID, START, 0},
    {"1http://a", ASSAY_INVALID, START, 0},
    {"x?http://a", ASSAY_INVALID, START, 0},
    {"mailto:a", ASSAY_INVALID, START, 0},
    {"ftp://a", ASSAY_UNSUPPORTED, START, 0},
    {"httpss://a", ASSAY_UNSUPPORTED, START, 0},
    {"a+b-c.1://a", ASSAY_UNSUPPORTED, START, 0},
    {"ws://a", ASSAY_UNSUPPORTED, START, 0},

    {"http://", ASSAY_INVALID, MISSING, N},
    {"http:///x", ASSAY_INVALID, MISSING, N},
    {"http://:80", ASSAY_INVALID, MISSING, N},
    {"http://?x", ASSAY_INVALID, MISSING, N},
    {"http://#x", ASSAY_INVALID, MISSING, N},
    {"http://" NAME_253 "l", ASSAY_INVALID, MISSING, N},

    {"http://.", ASSAY_INVALID, NO_HOST, N},
    {"http://..", ASSAY_INVALID, NO_HOST, N},
    {"http://a..", ASSAY_INVALID, NO_HOST, N},
    {"http://a..b", ASSAY_INVALID, NO_HOST, N},
    {"http://.a", ASSAY_INVALID, NO_HOST, N},
    {"http://-a", ASSAY_INVALID, NO_HOST, N},
    {"http://a-", ASSAY_INVALID, NO_HOST, N},
    {"http://a%41", ASSAY_INVALID, NO_HOST, N},
    {"http://a%2eb", ASSAY_INVALID, NO_HOST, N},
    {"http://a!b", ASSAY_INVALID, NO_HOST, N},
    {"http://a,b", ASSAY_INVALID, NO_HOST, N},
    {"http://a;b", ASSAY_INVALID, NO_HOST, N},
    {"http://a*", ASSAY_INVALID, NO_HOST, N},
    {"http://~a", ASSAY_INVALID, NO_HOST, N},
    {"http://a[", ASSAY_INVALID, NO_HOST, N},
    {"http://a]", ASSAY_INVALID, NO_HOST, N},
    {"http://127.1", ASSAY_INVALID, NO_HOST, N},
    {"http://2130706433", ASSAY_INVALID, NO_HOST, N},
    {"http://0x7f000001", ASSAY_INVALID, NO_HOST, N},
    {"http://0x7f.0.0.0x1", ASSAY_INVALID, NO_HOST, N},
    {"http://1.2.3.4.5", ASSAY_INVALID, NO_HOST, N},
    {"http://1.2.3.04", ASSAY_INVALID, NO_HOST, N},
    {"http://1.2.3.256", ASSAY_INVALID, NO_HOST, N},
    {"http://" LABEL_63 "d", ASSAY_INVALID, NO_HOST, N},

    {"http://a:0", ASSAY_INVALID, NO_PORT, N},
    {"http://a:65536", ASSAY_INVALID, NO_PORT, N},
    {"http://a:4294967376", ASSAY_INVALID, NO_PORT, N}, /* 2^32 + 80 */
    {"http://a:18446744073709551696", ASSAY_INVALID, NO_PORT, N},
    {"http://a:-1", ASSAY_INVALID, NO_PORT, N},
    {"http://a:+1", ASSAY_INVALID, NO_PORT, N},
    {"http://a:8a", ASSAY_INVALID, NO_PORT, N},
    {"http://a:80:80", ASSAY_INVALID, NO_PORT, N},
    {"http://a::", ASSAY_INVALID, NO_PORT, N},
    {"http://::1", ASSAY_INVALID, MISSING, N},
    {"http://a:%38", ASSAY_INVALID, NO_PORT, N},

    {"http://u@a", ASSAY_INVALID, USER, N},
    {"http://u:p@a", ASSAY_INVALID, USER, N},
    {"http://@a", ASSAY_INVALID, USER, N},
    {"http://a@", ASSAY_INVALID, USER, N},
    {"http://good.example@evil.example/", ASSAY_INVALID, USER, N},
    {"http://[::1]@a", ASSAY_INVALID, USER, N},

    {"http://[", ASSAY_INVALID, "URL: '[' without ']'", N},
    {"http://[::1", ASSAY_INVALID, "URL: '[' without ']'", N},
    {"http://[::1/]", ASSAY_INVALID, "URL: '[' without ']'", N},
    {"http://[]", ASSAY_INVALID, NO_IPV6, N},
    {"http://[a]", ASSAY_INVALID, NO_IPV6, N},
    {"http://[1.2.3.4]", ASSAY_INVALID, NO_IPV6, N},
    {"http://[:::::::]", ASSAY_INVALID, NO_IPV6, N},
    {"http://[1:2]", ASSAY_INVALID, NO_IPV6, N},
    {"http://[1:2:3:4:5:6:7:8::]", ASSAY_INVALID, NO_IPV6, N},
    {"http://[fe80::1%25eth0]", ASSAY_INVALID, NO_IPV6, N},
    {"http://[v1.x]", ASSAY_INVALID, NO_IPV6, N},
    {"http://[[::1]]", ASSAY_INVALID, NO_IPV6, N},
    {"http://[::1]x", ASSAY_INVALID, "URL: something stands behind the host",
     N},
    {"http://[::1]]", ASSAY_INVALID, "URL: something stands behind the host",
     N},
    {"http://[::1]:x", ASSAY_INVALID, NO_PORT, N},

    {"http://a/%", ASSAY_INVALID, ESCAPE, 9},
    {"http://a/%4", ASSAY_INVALID, ESCAPE, 9},
    {"http://a/%4g", ASSAY_INVALID, ESCAPE, 9},
    {"http://a/%g4", ASSAY_INVALID, ESCAPE, 9},
    {"http://a/%%41", ASSAY_INVALID, ESCAPE, 9},
    {"http://a/x#%", ASSAY_INVALID, ESCAPE, 11},
    {"http://a/ b", ASSAY_INVALID, MUST_ESC, 9},
    {" http://a", ASSAY_INVALID, MUST_ESC, 0},
    {"http://a ", ASSAY_INVALID, MUST_ESC, 8},
    {"http://a/\t", ASSAY_INVALID, MUST_ESC, 9},
    {"http://a/\r\nX: y", ASSAY_INVALID, MUST_ESC, 9},
    {"http://a/\x7f", ASSAY_INVALID, MUST_ESC, 9},
    {"http://a/\xc3\xa9", ASSAY_INVALID, MUST_ESC, 9},
    {"http://b\xc3\xbc"
     "cher",
     ASSAY_INVALID, MUST_ESC, 8},
    {"http://a\\@b", ASSAY_INVALID, MUST_ESC, 8},
    {"http:\\\\a", ASSAY_INVALID, MUST_ESC, 5},
    {"http://a/\"", ASSAY_INVALID, MUST_ESC, 9},
    {"http://a/<", ASSAY_INVALID, MUST_ESC, 9},
    {"http://a/>", ASSAY_INVALID, MUST_ESC, 9},
    {"http://a/^", ASSAY_INVALID, MUST_ESC, 9},
    {"http://a/`", ASSAY_INVALID, MUST_ESC, 9},
    {"http://a/{", ASSAY_INVALID, MUST_ESC, 9},
    {"http://a/|", ASSAY_INVALID, MUST_ESC, 9},
    {"http://a/}", ASSAY_INVALID, MUST_ESC, 9},
};

static void
test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct assay_uri u;
        struct assay_error err;

        (void)parse(bad[i].text, &u, &err);
        check_error(bad[i].text, &err, bad[i].code, bad[i].msg, bad[i].offset);
        CHECK(bad[i].text, is_blank(&u));
    }
}

/* Octets of every value, NUL too, in every part. */
static void
test_octets(void **state)
{
    static const char text[] = "http://aXa:80/aXa?aXa#aXa";

    (void)state;
    for (size_t at = 0; at < sizeof(text) - 1; at++) {
        for (unsigned c = 0; c < 256; c++) {
            char copy[sizeof(text)];
            struct assay_slice s = {(const uint8_t *)copy, sizeof(text) - 1};
            struct assay_uri u;
            struct assay_error err;

            if (text[at] != 'X') {
                continue;
            }
            memcpy(copy, text, sizeof(text));
            copy[at] = (char)c;
            assay_error_clear(&err);
            if (assay_uri_parse(s, &u, &err) == ASSAY_OK) {
                assert_true(c > ' ' && c < 0x7f);
                assert_true(strpbrk(u.host, "/?#@:%") == NULL);
                assert_true(u.target[0] == '/' &&
                            strchr(u.target, '#') == NULL);
            }
        }
    }
}

static void
test_truncated(void **state)
{
    static const char text[] =
        "https://[2001:db8::1:2.3.4.5]:8443/a/%2e%2e/../b/./c?d=%20#e";
    static const char named[] = "https://user.Example.:443/../a%20b/..?q#";
    static const char *const texts[] = {text, named};

    (void)state;
    for (size_t t = 0; t < COUNT_OF(texts); t++) {
        for (size_t n = 0; n <= strlen(texts[t]); n++) {
            struct assay_slice s =
                exact_copy((struct assay_slice){(const uint8_t *)texts[t], n});
            struct assay_uri base;
            struct assay_uri u;
            struct assay_error err;

            assay_error_clear(&err);
            if (assay_uri_parse(s, &u, &err) != ASSAY_OK) {
                assert_true(is_blank(&u) && err.msg[0] != '\0');
            }
            assert_int_equal(parse("http://b/c?d", &base, &err), ASSAY_OK);
            if (assay_uri_resolve(&base, s, &u, &err) != ASSAY_OK) {
                assert_true(is_blank(&u) && err.msg[0] != '\0');
            }
            free((void *)s.ptr);
        }
    }
}

static void
test_long(void **state)
{
    static char text[ASSAY_URI_MAX_BYTES + 2];
    struct assay_uri u;
    struct assay_uri v;
    struct assay_error err;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "http://a/", 9);
    text[ASSAY_URI_MAX_BYTES] = '\0';
    assert_int_equal(parse(text, &u, &err), ASSAY_TOO_LARGE);
    check_error("long", &err, ASSAY_TOO_LARGE, "URL: longer than 8191 bytes",
                ASSAY_NO_OFFSET);
    text[ASSAY_URI_MAX_BYTES - 1] = '\0';
    assert_int_equal(parse(text, &u, &err), ASSAY_OK);
    assert_int_equal(strlen(u.target), ASSAY_URI_MAX_BYTES - 1 - 8);
    /* against this base */
    assert_int_equal(assay_uri_resolve(&u, assay_slice_of("y"), &v, &err),
                     ASSAY_OK);
    assert_string_equal(v.target, "/y");
    assert_int_equal(assay_uri_resolve(&u, assay_slice_of("?y"), &v, &err),
                     ASSAY_TOO_LARGE);
    assert_true(is_blank(&v));
    assay_error_clear(&err);
    assert_int_equal(assay_uri_resolve(&u, assay_slice_of(text), &v, &err),
                     ASSAY_OK);
    memset(text, '/', sizeof(text) - 1);
    text[ASSAY_URI_MAX_BYTES - 1] = '\0';
    text[0] = '?';
    assert_int_equal(assay_uri_resolve(&u, assay_slice_of(text), &v, &err),
                     ASSAY_TOO_LARGE);
    assay_error_clear(&err);
    text[ASSAY_URI_MAX_BYTES - 1] = '/';
    assert_int_equal(assay_uri_resolve(&u, assay_slice_of(text), &v, &err),
                     ASSAY_TOO_LARGE);
}

/* --- references --------------------------------------------------------- */

/* RFC 3986, section 5.4, for a base of http; its fragments are dropped. */
#define BASE "http://a/b/c/d;p?q"

static const struct {
    const char *base;
    const char *reference;
    const char *want; /* NULL: refused */
    enum assay_code code;
} references[] = {
    /* 5.4.1, normal */
    {BASE, "g:h", NULL, ASSAY_UNSUPPORTED},
    {BASE, "g", "http://a/b/c/g", ASSAY_OK},
    {BASE, "./g", "http://a/b/c/g", ASSAY_OK},
    {BASE, "g/", "http://a/b/c/g/", ASSAY_OK},
    {BASE, "/g", "http://a/g", ASSAY_OK},
    {BASE, "//g", "http://g/", ASSAY_OK},
    {BASE, "?y", "http://a/b/c/d;p?y", ASSAY_OK},
    {BASE, "g?y", "http://a/b/c/g?y", ASSAY_OK},
    {BASE, "#s", "http://a/b/c/d;p?q", ASSAY_OK},
    {BASE, "g#s", "http://a/b/c/g", ASSAY_OK},
    {BASE, "g?y#s", "http://a/b/c/g?y", ASSAY_OK},
    {BASE, ";x", "http://a/b/c/;x", ASSAY_OK},
    {BASE, "g;x", "http://a/b/c/g;x", ASSAY_OK},
    {BASE, "g;x?y#s", "http://a/b/c/g;x?y", ASSAY_OK},
    {BASE, "", "http://a/b/c/d;p?q", ASSAY_OK},
    {BASE, ".", "http://a/b/c/", ASSAY_OK},
    {BASE, "./", "http://a/b/c/", ASSAY_OK},
    {BASE, "..", "http://a/b/", ASSAY_OK},
    {BASE, "../", "http://a/b/", ASSAY_OK},
    {BASE, "../g", "http://a/b/g", ASSAY_OK},
    {BASE, "../..", "http://a/", ASSAY_OK},
    {BASE, "../../", "http://a/", ASSAY_OK},
    {BASE, "../../g", "http://a/g", ASSAY_OK},
    /* 5.4.2, abnormal */
    {BASE, "../../../g", "http://a/g", ASSAY_OK},
    {BASE, "../../../../g", "http://a/g", ASSAY_OK},
    {BASE, "/./g", "http://a/g", ASSAY_OK},
    {BASE, "/../g", "http://a/g", ASSAY_OK},
    {BASE, "g.", "http://a/b/c/g.", ASSAY_OK},
    {BASE, ".g", "http://a/b/c/.g", ASSAY_OK},
    {BASE, "g..", "http://a/b/c/g..", ASSAY_OK},
    {BASE, "..g", "http://a/b/c/..g", ASSAY_OK},
    {BASE, "./../g", "http://a/b/g", ASSAY_OK},
    {BASE, "./g/.", "http://a/b/c/g/", ASSAY_OK},
    {BASE, "g/./h", "http://a/b/c/g/h", ASSAY_OK},
    {BASE, "g/../h", "http://a/b/c/h", ASSAY_OK},
    {BASE, "g;x=1/./y", "http://a/b/c/g;x=1/y", ASSAY_OK},
    {BASE, "g;x=1/../y", "http://a/b/c/y", ASSAY_OK},
    {BASE, "g?y/./x", "http://a/b/c/g?y/./x", ASSAY_OK},
    {BASE, "g?y/../x", "http://a/b/c/g?y/../x", ASSAY_OK},
    {BASE, "g#s/./x", "http://a/b/c/g", ASSAY_OK},
    {BASE, "g#s/../x", "http://a/b/c/g", ASSAY_OK},
    {BASE, "http:g", NULL, ASSAY_INVALID}, /* the strict reading */

    /* others */
    {BASE, "https://g/x", "https://g/x", ASSAY_OK},
    {BASE, "HTTPS://G/x", "https://g/x", ASSAY_OK},
    {"https://a/b", "//g:444/x", "https://g:444/x", ASSAY_OK},
    {"https://a/b", "http://a/c", "http://a/c", ASSAY_OK},
    {"https://a:444/b?c", "d", "https://a:444/d", ASSAY_OK},
    {"https://[::1]:444/b", "/d", "https://[::1]:444/d", ASSAY_OK},
    {"https://a", "b", "https://a/b", ASSAY_OK},
    {"https://a?q/r", "b", "https://a/b", ASSAY_OK},
    {"https://a/b?q/r", "?", "https://a/b?", ASSAY_OK},
    {"https://a/b", "%2e%2e/c", "https://a/c", ASSAY_OK},
    {"https://a/b", "c:d", NULL, ASSAY_UNSUPPORTED},
    {"https://a/b", "./c:d", "https://a/c:d", ASSAY_OK},
    {"https://a/b", "1:d", "https://a/1:d", ASSAY_OK},
    {"https://a/b", ":d", "https://a/:d", ASSAY_OK},
    {"https://a/b", "c?d:e", "https://a/c?d:e", ASSAY_OK},
    {"https://a/b", "c/d://e", "https://a/c/d://e", ASSAY_OK},
    {"https://a/b", "javascript:alert(1)", NULL, ASSAY_UNSUPPORTED},
    {"https://a/b", "mailto:x@y", NULL, ASSAY_UNSUPPORTED},
    {"https://a/b", "ftp://a/", NULL, ASSAY_UNSUPPORTED},
    {"https://a/b", "https:", NULL, ASSAY_INVALID},
    {"https://a/b", "https:///c", NULL, ASSAY_INVALID},
    {"https://a/b", "//", NULL, ASSAY_INVALID},
    {"https://a/b", "///c", NULL, ASSAY_INVALID},
    {"https://a/b", "//u@g/", NULL, ASSAY_INVALID},
    {"https://a/b", "/\\g", NULL, ASSAY_INVALID},
    {"https://a/b", "\\\\g", NULL, ASSAY_INVALID},
    {"https://a/b", "c d", NULL, ASSAY_INVALID},
    {"https://a/b", "c\r\nX: y", NULL, ASSAY_INVALID},
    {"https://a/b", "\xc3\xa9", NULL, ASSAY_INVALID},
    {"https://a/b", "%", NULL, ASSAY_INVALID},
    /* the end of what comes before is no part of the host */
    {"https://a/b", "@g", "https://a/@g", ASSAY_OK},
    {"https://a/b", ".g", "https://a/.g", ASSAY_OK},
    {"https://a/b", ":444", "https://a/:444", ASSAY_OK},
};

static void
render(const struct assay_uri *u, char *to, size_t size)
{
    char authority[ASSAY_URI_HOST_MAX + 10];

    assay_uri_authority(u, authority);
    (void)snprintf(to, size, "%s://%s%s", u->https ? "https" : "http",
                   authority, u->target);
}

static void
test_references(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(references); i++) {
        const char *row = references[i].reference;
        struct assay_slice s = exact_copy(assay_slice_of(row));
        struct assay_uri base;
        struct assay_uri u;
        struct assay_error err;
        static char text[9000];

        CHECK(row, parse(references[i].base, &base, &err) == ASSAY_OK);
        CHECK(row, assay_uri_resolve(&base, s, &u, &err) == references[i].code);
        CHECK(row, err.code == references[i].code);
        if (references[i].want == NULL) {
            CHECK(row, is_blank(&u) && err.msg[0] != '\0');
        } else {
            render(&u, text, sizeof(text));
            if (strcmp(text, references[i].want) != 0) {
                fail_msg("row \"%s\": %s", row, text);
            }
            /* The base may be overwritten by the result. */
            CHECK(row, assay_uri_resolve(&base, s, &base, &err) == ASSAY_OK);
            CHECK(row, assay_uri_same_origin(&base, &u) &&
                           strcmp(base.target, u.target) == 0);
        }
        free((void *)s.ptr);
    }
}

/* --- comparing ---------------------------------------------------------- */

static const struct {
    const char *a;
    const char *b;
    bool same;
} origins[] = {
    {"https://a/x", "https://a/y?z", true},
    {"https://a", "HTTPS://A.:443/", true},
    {"http://a:80", "http://a", true},
    {"https://[::1]/", "https://[0:0::0:01]:443", true},
    {"https://[::ffff:1.2.3.4]", "https://[::FFFF:102:304]", true},
    {"https://a", "http://a", false},
    {"https://a:80", "http://a:80", false},
    {"https://a", "https://a:444", false},
    {"https://a", "https://b", false},
    {"https://a.b", "https://b", false},
    {"https://a", "https://a.b", false},
    {"https://[::ffff:1.2.3.4]", "https://1.2.3.4", false},
};

static void
test_origins(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(origins); i++) {
        struct assay_uri a;
        struct assay_uri b;
        struct assay_error err;

        CHECK(origins[i].a, parse(origins[i].a, &a, &err) == ASSAY_OK);
        CHECK(origins[i].b, parse(origins[i].b, &b, &err) == ASSAY_OK);
        CHECK(origins[i].a, assay_uri_same_origin(&a, &b) == origins[i].same);
        CHECK(origins[i].a, assay_uri_same_origin(&b, &a) == origins[i].same);
        CHECK(origins[i].a, assay_uri_same_origin(&a, &a));
    }
}

static const struct {
    const char *text;
    const char *authority;
} authorities[] = {
    {"https://example.com", "example.com"},
    {"https://example.com:443", "example.com"},
    {"https://example.com:80", "example.com:80"},
    {"http://example.com:80", "example.com"},
    {"http://example.com:443", "example.com:443"},
    {"https://[::1]", "[::1]"},
    {"https://[::1]:8443", "[::1]:8443"},
    {"https://1.2.3.4:1", "1.2.3.4:1"},
    {"https://" NAME_253 ":65535", NAME_253 ":65535"},
    {"https://[1111:2222:3333:4444:5555:6666:7777:8888]:65535",
     "[1111:2222:3333:4444:5555:6666:7777:8888]:65535"},
};

static void
test_authorities(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(authorities); i++) {
        char got[ASSAY_URI_HOST_MAX + 10];
        struct assay_uri u;
        struct assay_error err;

        CHECK(authorities[i].text,
              parse(authorities[i].text, &u, &err) == ASSAY_OK);
        assay_uri_authority(&u, got);
        CHECK(authorities[i].text, strcmp(got, authorities[i].authority) == 0);
    }
}

/* The first failure sticks. */
static void
test_earlier_failure(void **state)
{
    struct assay_uri base;
    struct assay_uri u;
    struct assay_error err;

    (void)state;
    assert_int_equal(parse("https://a/b", &base, &err), ASSAY_OK);
    (void)assay_fail(&err, ASSAY_MISSING, 3, "earlier");
    assert_int_equal(assay_uri_parse(assay_slice_of("https://a"), &u, &err),
                     ASSAY_MISSING);
    assert_true(is_blank(&u));
    assert_int_equal(assay_uri_resolve(&base, assay_slice_of("c"), &u, &err),
                     ASSAY_MISSING);
    assert_true(is_blank(&u));
    check_error("earlier", &err, ASSAY_MISSING, "earlier", 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_octets),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_authorities),
        cmocka_unit_test(test_earlier_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
