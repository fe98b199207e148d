/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_proxy_header.c - PROXY headers: good ones, every way to refuse, every
 * truncation; and those that are written are read again.
 */
#include "io/proxy_header.h"

#include "harness/unit.h"

#define T(text) {(const uint8_t *)(text), sizeof(text) - 1}
#define SIG     "\r\n\r\n\0\r\nQUIT\n"
#define V4      "\x01\x02\x03\x04\x05\x06\x07\x08\x04\xd2\x01\xbb"
#define V6                                                                     \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"                               \
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x04\xd2\x01\xbb"

static const struct {
    const char *row;
    struct assay_slice in; /* "more" follows it */
    const char *source;    /* NULL: not known */
    const char *destination;
} good[] = {
    {"v1 TCP4", T("PROXY TCP4 1.2.3.4 5.6.7.8 1234 443\r\n"), "1.2.3.4:1234",
     "5.6.7.8:443"},
    {"v1 TCP6", T("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n"), "[2001:db8::1]:0",
     "[::1]:65535"},
    {"v1 UNKNOWN", T("PROXY UNKNOWN\r\n"), NULL, NULL},
    {"v1 UNKNOWN with more", T("PROXY UNKNOWN ffff::1 x y\r\n"), NULL, NULL},
    {"v2 IPv4", T(SIG "\x21\x11\0\x0c" V4), "1.2.3.4:1234", "5.6.7.8:443"},
    {"v2 IPv6", T(SIG "\x21\x21\0\x24" V6), "[2001:db8::1]:1234", "[::1]:443"},
    {"v2 with TLVs", T(SIG "\x21\x11\0\x14" V4 "\x01\0\x02h2\xee\0\0"),
     "1.2.3.4:1234", "5.6.7.8:443"},
    {"v2 LOCAL", T(SIG "\x20\x11\0\x0c" V4), NULL, NULL},
    {"v2 LOCAL, empty", T(SIG "\x20\0\0\0"), NULL, NULL},
    {"v2 LOCAL, whose addresses nobody reads", T(SIG "\x20\x11\0\0"), NULL,
     NULL},
    {"v2 LOCAL of any family", T(SIG "\x20\x12\0\x02xx"), NULL, NULL},
    {"v2 unspecified", T(SIG "\x21\0\0\x03\x04\0\0"), NULL, NULL},
};

static const struct {
    const char *row;
    struct assay_slice in;
    enum assay_code code;
    const char *msg;
} bad[] = {
    {"TLS", T("\x16\x03\x01"), ASSAY_MALFORMED, "PROXY header: not there"},
    {"HTTP", T("GET / HTTP/1.1\r\n"), ASSAY_MALFORMED,
     "PROXY header: not there"},
    {"lower case", T("proxy TCP4"), ASSAY_MALFORMED, "PROXY header: not there"},
    {"UDP4", T("PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n"), ASSAY_MALFORMED,
     "PROXY header: none of"},
    {"no protocol", T("PROXY \r\n"), ASSAY_MALFORMED, "PROXY header: none of"},
    {"other family", T("PROXY TCP4 ::1 ::1 1 2\r\n"), ASSAY_MALFORMED,
     "PROXY header: no address"},
    {"no address", T("PROXY TCP4\r\n"), ASSAY_MALFORMED,
     "PROXY header: no address"},
    {"one address", T("PROXY TCP4 1.2.3.4\r\n"), ASSAY_MALFORMED,
     "PROXY header: no address"},
    {"leading zero", T("PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n"), ASSAY_MALFORMED,
     "PROXY header: no address"},
    {"two spaces", T("PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n"), ASSAY_MALFORMED,
     "PROXY header: no address"},
    {"one port", T("PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"), ASSAY_MALFORMED,
     "PROXY header: not two ports"},
    {"three ports", T("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n"), ASSAY_MALFORMED,
     "PROXY header: not two ports"},
    {"great port", T("PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n"), ASSAY_MALFORMED,
     "PROXY header: not two ports"},
    {"port with a zero", T("PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n"),
     ASSAY_MALFORMED, "PROXY header: not two ports"},
    {"signed port", T("PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n"), ASSAY_MALFORMED,
     "PROXY header: not two ports"},
    {"bare LF", T("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n"), ASSAY_MALFORMED,
     "PROXY header: its line"},
    {"bare CR", T("PROXY UNKNOWN\rx\r\n"), ASSAY_MALFORMED,
     "PROXY header: its line"},
    {"long line",
     T("PROXY UNKNOWN "
       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
       "\r\n"),
     ASSAY_TOO_LARGE, "PROXY header: line too long"},
    {"version 3", T(SIG "\x31\x11\0\x0c" V4), ASSAY_UNSUPPORTED,
     "PROXY header: version and command 0x31"},
    {"command 2", T(SIG "\x22\x11\0\x0c" V4), ASSAY_UNSUPPORTED,
     "PROXY header: version and command 0x22"},
    {"UDP", T(SIG "\x21\x12\0\x0c" V4), ASSAY_UNSUPPORTED,
     "PROXY header: family and transport 0x12"},
    {"too short", T(SIG "\x21\x11\0\x0b" V4), ASSAY_MALFORMED,
     "PROXY header: too short"},
    {"too long", T(SIG "\x21\x11\x10\0" V4), ASSAY_TOO_LARGE,
     "PROXY header: 4112 bytes"},
    {"TLV too long", T(SIG "\x21\x11\0\x10" V4 "\x01\0\x02x"), ASSAY_MALFORMED,
     "PROXY header: TLVs"},
    {"TLV without a length", T(SIG "\x21\x11\0\x0e" V4 "\x01\0"),
     ASSAY_MALFORMED, "PROXY header: TLVs"},
};

static void
good_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct assay_slice whole = good[i].in;
        struct assay_proxy_header h;
        struct assay_error err;
        size_t used;

        for (size_t n = 0; n <= whole.len; n++) {
            struct assay_slice in =
                exact_copy((struct assay_slice){whole.ptr, n});

            CHECK(good[i].row,
                  assay_proxy_header_read(in, &h, &used, &err) == ASSAY_OK);
            CHECK(good[i].row, used == (n == whole.len ? n : 0));
            free((void *)(uintptr_t)in.ptr);
        }
        CHECK(good[i].row, h.known == (good[i].source != NULL));
        if (h.known) {
            assert_string_equal(h.source, good[i].source);
            assert_string_equal(h.destination, good[i].destination);
        }
    }
}

static void
bad_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct assay_proxy_header h;
        struct assay_error err;
        size_t used;

        CHECK(bad[i].row, assay_proxy_header_read(bad[i].in, &h, &used, &err) ==
                              bad[i].code);
        CHECK(bad[i].row, used == 0);
        CHECK(bad[i].row,
              strncmp(err.msg, bad[i].msg, strlen(bad[i].msg)) == 0);
    }
}

static void
behind_it(void **state)
{
    struct assay_slice in = assay_slice_of("PROXY UNKNOWN\r\nGET /");
    struct assay_proxy_header h;
    struct assay_error err;
    size_t used;

    (void)state;
    assert_int_equal(assay_proxy_header_read(in, &h, &used, &err), ASSAY_OK);
    assert_int_equal(used, in.len - 5);
}

static void
written(void **state)
{
    static const struct {
        const char *source;
        const char *destination;
        bool known;
    } rows[] = {
        {"1.2.3.4:5", "6.7.8.9:10", true},
        {"[2001:db8::1]:5", "[::1]:10", true},
        {"1.2.3.4:5", "[::1]:10", false},
        {"unix", "unix", false},
        {"unknown", "1.2.3.4:5", false},
        {"[fe80::1%eth0]:5", "[::1]:10", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (unsigned version = 1; version <= 2; version++) {
            struct assay_proxy_header h;
            struct assay_error err;
            struct assay_buf b;
            size_t used;

            assay_buf_init(&b, ASSAY_PROXY_V1_MAX_BYTES);
            assay_proxy_header_write(&b, version, rows[i].source,
                                     rows[i].destination);
            CHECK(rows[i].source, !b.failed);
            CHECK(rows[i].source,
                  assay_proxy_header_read(assay_buf_slice(&b), &h, &used,
                                          &err) == ASSAY_OK);
            CHECK(rows[i].source, used == b.len && h.known == rows[i].known);
            if (h.known) {
                assert_string_equal(h.source, rows[i].source);
                assert_string_equal(h.destination, rows[i].destination);
            }
            assay_buf_free(&b);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rows),
        cmocka_unit_test(bad_rows),
        cmocka_unit_test(behind_it),
        cmocka_unit_test(written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
