/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_ws_encode.c - headers and control frames octet by octet, and what is not
 * written.
 */
#include "harness/unit.h"
#include "ws/ws.h"

static const uint8_t key[ASSAY_WS_KEY_BYTES] = {0x37, 0xfa, 0x21, 0x3d};

#define B(bytes) (bytes), sizeof(bytes) - 1

static const struct {
    const char *row;
    enum assay_ws_opcode opcode;
    bool fin;
    uint64_t n;
    bool masked;
    const char *want;
    size_t len; /* 0: refused */
} headers[] = {
    {"empty", ASSAY_WS_BINARY, true, 0, false, B("\x82\0")},
    {"masked", ASSAY_WS_TEXT, true, 5, true, B("\x81\x85\x37\xfa\x21\x3d")},
    {"first fragment", ASSAY_WS_TEXT, false, 1, false, B("\x01\x01")},
    {"next fragment", ASSAY_WS_CONTINUATION, false, 1, false, B("\0\x01")},
    {"last fragment", ASSAY_WS_CONTINUATION, true, 1, false, B("\x80\x01")},
    {"125", ASSAY_WS_BINARY, true, 125, false, B("\x82\x7d")},
    {"126", ASSAY_WS_BINARY, true, 126, false, B("\x82\x7e\0\x7e")},
    {"126 masked", ASSAY_WS_BINARY, true, 126, true,
     B("\x82\xfe\0\x7e\x37\xfa\x21\x3d")},
    {"65535", ASSAY_WS_BINARY, true, 65535, false, B("\x82\x7e\xff\xff")},
    {"65536", ASSAY_WS_BINARY, true, 65536, false,
     B("\x82\x7f\0\0\0\0\0\1\0\0")},
    {"2^63 - 1", ASSAY_WS_BINARY, true, INT64_MAX, true,
     B("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x37\xfa\x21\x3d")},
    {"2^63", ASSAY_WS_BINARY, true, (uint64_t)INT64_MAX + 1, true, NULL, 0},
    {"2^64 - 1", ASSAY_WS_BINARY, true, UINT64_MAX, false, NULL, 0},
    {"control", ASSAY_WS_PING, true, 1, false, NULL, 0},
    {"Close", ASSAY_WS_CLOSE, true, 2, false, NULL, 0},
    {"reserved", (enum assay_ws_opcode)3, true, 1, false, NULL, 0},
};

static void
header_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        uint8_t out[ASSAY_WS_HEADER_MAX_BYTES + 1];
        size_t n;

        memset(out, 0xa5, sizeof(out));
        n = assay_ws_put_header(out, headers[i].opcode, headers[i].fin,
                                headers[i].n, headers[i].masked ? key : NULL);
        CHECK(headers[i].row, n == headers[i].len);
        CHECK(headers[i].row, n == 0 || memcmp(out, headers[i].want, n) == 0);
        CHECK(headers[i].row, out[n] == 0xa5);
    }
}

static void
control_frames(void **state)
{
    uint8_t out[ASSAY_WS_CONTROL_FRAME_MAX_BYTES];
    uint8_t payload[ASSAY_WS_CONTROL_MAX_BYTES + 1] = {0};
    struct assay_slice hello = assay_slice_of("Hello");
    struct assay_slice s = {payload, sizeof(payload) - 1};

    (void)state;
    /* RFC 6455, section 5.7 */
    assert_int_equal(assay_ws_put_control(out, ASSAY_WS_PING, hello, NULL), 7);
    assert_memory_equal(out, "\x89\x05Hello", 7);
    assert_int_equal(assay_ws_put_control(out, ASSAY_WS_PONG, hello, key), 11);
    assert_memory_equal(out, "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
                        11);
    assert_int_equal(assay_ws_put_control(out, ASSAY_WS_PONG, ASSAY_EMPTY, key),
                     6);
    assert_int_equal(assay_ws_put_control(out, ASSAY_WS_PING, s, key),
                     sizeof(out));
    assert_int_equal(assay_ws_put_control(out, ASSAY_WS_PING, s, NULL),
                     sizeof(out) - 4);
    s.len++;
    assert_int_equal(assay_ws_put_control(out, ASSAY_WS_PING, s, NULL), 0);
    assert_int_equal(assay_ws_put_control(out, ASSAY_WS_CLOSE, hello, NULL), 0);
    assert_int_equal(assay_ws_put_control(out, ASSAY_WS_TEXT, hello, NULL), 0);
}

#define X10  "0123456789"
#define X120 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

static const struct {
    const char *row;
    unsigned code;
    const char *reason;
    size_t reason_len;
    const char *want; /* payload; NULL: refused */
    size_t len;
} closes[] = {
    {"no code", 1005, B(""), B("")},
    {"no code, so no reason", 1005, B("bye"), B("")},
    {"a code", 1000, B(""), B("\x03\xe8")},
    {"a reason", 1011, B("bye"),
     B("\x03\xf3"
       "bye")},
    {"try again later", 1013, B(""), B("\x03\xf5")},
    {"123 octets", 4000, B(X120 "abc"), B("\x0f\xa0" X120 "abc")},
    {"124 octets", 4000, B(X120 "abcd"), B("\x0f\xa0" X120 "abc")},
    {"a character that fits", 4000, B(X120 "\xe2\x82\xac"),
     B("\x0f\xa0" X120 "\xe2\x82\xac")},
    {"a character that does not", 4000, B(X120 "a\xe2\x82\xac"),
     B("\x0f\xa0" X120 "a")},
    {"no UTF-8", 4000,
     B("ab\xff"
       "cd"),
     B("\x0f\xa0"
       "ab")},
    {"half a character", 4000, B("ab\xe2\x82"),
     B("\x0f\xa0"
       "ab")},
    {"0", 0, B(""), NULL, 0},
    {"999", 999, B(""), NULL, 0},
    {"1004", 1004, B(""), NULL, 0},
    {"1006", 1006, B(""), NULL, 0},
    {"1015", 1015, B(""), NULL, 0},
    {"2999", 2999, B(""), NULL, 0},
    {"5000", 5000, B(""), NULL, 0},
    {"1000 in 16 bits", 66536, B(""), NULL, 0},
};

static void
close_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(closes); i++) {
        struct assay_slice reason = {(const uint8_t *)closes[i].reason,
                                     closes[i].reason_len};
        uint8_t out[ASSAY_WS_CONTROL_FRAME_MAX_BYTES];
        size_t n = assay_ws_put_close(out, closes[i].code, reason, NULL);

        if (closes[i].want == NULL) {
            CHECK(closes[i].row, n == 0);
            continue;
        }
        CHECK(closes[i].row, n == 2 + closes[i].len);
        CHECK(closes[i].row, out[0] == 0x88 && out[1] == closes[i].len);
        CHECK(closes[i].row,
              memcmp(out + 2, closes[i].want, closes[i].len) == 0);
        n = assay_ws_put_close(out, closes[i].code, reason, key);
        CHECK(closes[i].row, n == 6 + closes[i].len);
        CHECK(closes[i].row, out[1] == (0x80 | closes[i].len));
        assay_ws_mask(out + 6, closes[i].len, key, 0);
        CHECK(closes[i].row,
              memcmp(out + 6, closes[i].want, closes[i].len) == 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_rows),
        cmocka_unit_test(control_frames),
        cmocka_unit_test(close_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
