/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_text.c - hex, base64 and PEM.
 */
#include "base/text.h"
#include "harness/unit.h"

static void
hex_decodes(void **state)
{
    static const struct {
        const char *name, *hex;
        size_t n;
        enum assay_code code;
        const char *msg;
        size_t offset;
        uint8_t want[4];
    } rows[] = {
        {"empty", "", 0, ASSAY_OK, "", 0, {0}},
        {"both cases", "00fFaB19", 4, ASSAY_OK, "", 0, {0, 255, 0xab, 0x19}},
        {"short",
         "00",
         2,
         ASSAY_INVALID,
         "f: need 2 bytes in hex, have 2",
         0,
         {0}},
        {"long", "000000", 2, ASSAY_INVALID, "f: need 2", 0, {0}},
        {"odd", "000", 2, ASSAY_INVALID, "f: need 2", 0, {0}},
        {"huge", "00", SIZE_MAX / 2 + 2, ASSAY_INVALID, "f: need ", 0, {0}},
        {"letter", "0g", 1, ASSAY_MALFORMED, "f: 'g' is no hex digit", 1, {0}},
        {"first", "/0", 1, ASSAY_MALFORMED, "f: '/'", 0, {0}},
        {"colon", ":0", 1, ASSAY_MALFORMED, "f: ':'", 0, {0}},
        {"at", "@0", 1, ASSAY_MALFORMED, "f: '@'", 0, {0}},
        {"backtick", "0`", 1, ASSAY_MALFORMED, "f: '`'", 1, {0}},
        {"control", "0\x01", 1, ASSAY_MALFORMED, "f: '?'", 1, {0}},
        {"0x11 is no 1", "0\x11", 1, ASSAY_MALFORMED, "f: '?'", 1, {0}},
        {"prefix", "0x00", 2, ASSAY_MALFORMED, "f: 'x'", 1, {0}},
        {"space", "0 00", 2, ASSAY_MALFORMED, "f: ' '", 1, {0}},
        {"high", "0\xc1", 1, ASSAY_MALFORMED, "f: '?'", 1, {0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_slice in = exact_copy(assay_slice_of(rows[i].hex));
        uint8_t out[4] = {0xee, 0xee, 0xee, 0xee};
        struct assay_error err;

        assay_error_clear(&err);
        CHECK(rows[i].name,
              assay_hex_decode(in, out, rows[i].n, "f", &err) == rows[i].code);
        if (rows[i].code == ASSAY_OK) {
            CHECK(rows[i].name, memcmp(out, rows[i].want, rows[i].n) == 0);
        } else {
            size_t at = rows[i].code == ASSAY_INVALID ? ASSAY_NO_OFFSET
                                                      : rows[i].offset;

            check_error(rows[i].name, &err, rows[i].code, rows[i].msg, at);
            CHECK(rows[i].name, out[0] == 0xee && out[1] == 0xee);
        }
        free((void *)(uintptr_t)in.ptr);
    }
}

static void
hex_encodes(void **state)
{
    uint8_t all[256];
    uint8_t back[256];
    char text[513];
    struct assay_buf b;
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    for (size_t i = 0; i < sizeof(all); i++) {
        all[i] = (uint8_t)i;
    }
    assay_buf_init(&b, 512);
    assay_hex_encode(&b, ASSAY_SLICE(all));
    assay_hex_to(text, ASSAY_SLICE(all));
    assert_int_equal(b.len, 512);
    assert_memory_equal(b.ptr, text, 512);
    assert_int_equal(text[512], '\0');
    assert_memory_equal(text + 2 * 0xab, "abacad", 6);
    assert_int_equal(
        assay_hex_decode(assay_buf_slice(&b), back, 256, "x", &err), ASSAY_OK);
    assert_memory_equal(back, all, 256);
    assay_hex_encode(&b, ASSAY_SLICE(all));
    assert_true(b.failed);
    assay_buf_free(&b);
}

static void
base64_decodes(void **state)
{
    static const struct {
        const char *name, *text;
        bool lines;
        enum assay_code code;
        const char *msg; /* or what it decodes to */
        size_t offset;
    } rows[] = {
        /* RFC 4648 section 10 */
        {"0", "", false, ASSAY_OK, "", 0},
        {"1", "Zg==", false, ASSAY_OK, "f", 0},
        {"2", "Zm8=", false, ASSAY_OK, "fo", 0},
        {"3", "Zm9v", false, ASSAY_OK, "foo", 0},
        {"4", "Zm9vYg==", false, ASSAY_OK, "foob", 0},
        {"5", "Zm9vYmE=", false, ASSAY_OK, "fooba", 0},
        {"6", "Zm9vYmFy", false, ASSAY_OK, "foobar", 0},
        {"plus, slash", "+/+/", false, ASSAY_OK, "\xfb\xff\xbf", 0},
        {"lines", " Zm9v\r\nYm\tFy\n", true, ASSAY_OK, "foobar", 0},
        {"space inside of padding", "Zg=\n=\n", true, ASSAY_OK, "f", 0},
        {"only space", " \r\n\t", true, ASSAY_OK, "", 0},
        {"space not allowed", "Zm9v Zm9", false, ASSAY_MALFORMED, "f: ' '", 4},
        {"line not allowed", "Zm9v\nZm9", false, ASSAY_MALFORMED, "f: '?'", 4},
        {"only space not allowed", "    ", false, ASSAY_MALFORMED, "f: ' '", 0},
        {"1 character", "Z", false, ASSAY_MALFORMED, "f: 1 characters", 1},
        {"2 characters", "Zg", false, ASSAY_MALFORMED, "f: 2 char", 2},
        {"no padding", "Zm9vZm8", true, ASSAY_MALFORMED, "f: 7 char", 7},
        {"too much padding", "Z===", false, ASSAY_MALFORMED, "f: '='", 1},
        {"only padding", "====", false, ASSAY_MALFORMED, "f: '='", 0},
        {"padding, then data", "Zg=v", false, ASSAY_MALFORMED, "f: 'v'", 3},
        {"padding in the middle", "Zg==Zm9v", false, ASSAY_MALFORMED, "f: '='",
         2},
        {"padding in 4th place", "Zm9=Zm9v", false, ASSAY_MALFORMED, "f: '='",
         3},
        {"unused bits, 1 byte", "Zh==", false, ASSAY_MALFORMED,
         "f: the unused bits", 3},
        {"unused bits, 2 bytes", "Zm9=", false, ASSAY_MALFORMED,
         "f: the unused bits", 3},
        {"URL alphabet", "Zm-v", false, ASSAY_MALFORMED, "f: '-'", 2},
        {"URL alphabet in a first group", "_m9vZm9v", false, ASSAY_MALFORMED,
         "f: '_'", 0},
        {"high byte", "Zm9\xc3Zm9v", false, ASSAY_MALFORMED, "f: '?'", 3},
        {"control", "Zm9vZm9\x01v", true, ASSAY_MALFORMED, "f: '?'", 7},
        {"control at the end", "Zm9v\x01", true, ASSAY_MALFORMED, "f: '?'", 4},
        {"only control", "\x01", true, ASSAY_MALFORMED, "f: '?'", 0},
        {"vertical tab", "Zm9v\v", true, ASSAY_MALFORMED, "f: '?'", 4},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_slice in = exact_copy(assay_slice_of(rows[i].text));
        struct assay_buf b;
        struct assay_error err;

        assay_error_clear(&err);
        assay_buf_init(&b, 100);
        assay_buf_add_text(&b, "<");
        CHECK(rows[i].name, assay_base64_decode(in, rows[i].lines, &b, "f",
                                                &err) == rows[i].code);
        CHECK(rows[i].name, b.ptr[0] == '<');
        if (rows[i].code == ASSAY_OK) {
            CHECK(rows[i].name, b.len == 1 + strlen(rows[i].msg));
            CHECK(rows[i].name, memcmp(b.ptr + 1, rows[i].msg, b.len - 1) == 0);
        } else {
            check_error(rows[i].name, &err, rows[i].code, rows[i].msg,
                        rows[i].offset);
            CHECK(rows[i].name, b.len == 1);
        }
        assay_buf_free(&b);
        free((void *)(uintptr_t)in.ptr);
    }
}

/* Every length, with line breaks at every distance, and every character in
 * every place of a group. */
static void
base64_round_trips(void **state)
{
    uint8_t data[100];
    struct assay_buf text;
    struct assay_buf lines;
    struct assay_buf back;
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 83 + 7);
    }
    for (size_t n = 0; n <= sizeof(data); n++) {
        assay_buf_init(&text, 1000);
        assay_buf_init(&lines, 1000);
        assay_buf_init(&back, n);
        assay_base64_encode(&text, (struct assay_slice){data, n});
        assert_int_equal(text.len, (n + 2) / 3 * 4);
        for (size_t i = 0; i < text.len; i++) {
            assay_buf_add_u8(&lines, text.ptr[i]);
            assay_buf_add_text(&lines, i % (n + 1) == 0 ? "\r\n" : "");
        }
        assert_int_equal(assay_base64_decode(assay_buf_slice(&text), false,
                                             &back, "x", &err),
                         ASSAY_OK);
        assert_int_equal(back.len, n);
        assert_true(n == 0 || memcmp(back.ptr, data, n) == 0);
        back.len = 0;
        assert_int_equal(assay_base64_decode(assay_buf_slice(&lines), true,
                                             &back, "x", &err),
                         ASSAY_OK);
        assert_int_equal(back.len, n);
        assert_true(n == 0 || memcmp(back.ptr, data, n) == 0);
        assay_buf_free(&text);
        assay_buf_free(&lines);
        assay_buf_free(&back);
    }
}

static void
base64_respects_the_maximum(void **state)
{
    struct assay_buf b;
    struct assay_error err;

    (void)state;
    for (size_t max = 0; max < 9; max++) {
        enum assay_code want = max < 8 ? ASSAY_TOO_LARGE : ASSAY_OK;

        assay_error_clear(&err);
        assay_buf_init(&b, max);
        assert_int_equal(assay_base64_decode(assay_slice_of("Zm9vYmFyZm8="),
                                             false, &b, "x", &err),
                         want);
        assert_int_equal(err.code, want);
        assert_int_equal(b.len, want == ASSAY_OK ? 8 : 0);
        assay_buf_free(&b);
    }
}

#define BEGIN "-----BEGIN X-----"
#define END   "-----END X-----"

static void
pem_reads_blocks(void **state)
{
    static const struct {
        const char *name, *text;
        size_t nuls; /* appended */
        enum assay_code code;
        const char *msg; /* or what the blocks decode to, with '|' between */
        size_t offset;
    } rows[] = {
        {"nothing", "", 0, ASSAY_OK, "", 0},
        {"space", " \r\n\t", 0, ASSAY_OK, "", 0},
        {"NULs", "", 3, ASSAY_OK, "", 0},
        {"one", BEGIN "\nZm9v\n" END "\n", 0, ASSAY_OK, "foo|", 0},
        {"no last line break", BEGIN "\nZm9v\n" END, 0, ASSAY_OK, "foo|", 0},
        {"NUL-terminated", BEGIN "\nZm9v\n" END "\n", 1, ASSAY_OK, "foo|", 0},
        {"CRLF", BEGIN "\r\nZm9v\r\nYmFy\r\n" END "\r\n", 0, ASSAY_OK,
         "foobar|", 0},
        {"blanks", "\n" BEGIN " Zm9v " END " ", 0, ASSAY_OK, "foo|", 0},
        {"two", BEGIN "\nZm9v\n" END "\n\n" BEGIN "\nYg==\n" END "\n", 0,
         ASSAY_OK, "foo|b|", 0},
        {"text before", "a" BEGIN "\nZm9v\n" END "\n", 0, ASSAY_MALFORMED,
         "f: no \"-----BEGIN X-----\" here", 0},
        {"text between", BEGIN "\nZm9v\n" END "\nb", 0, ASSAY_MALFORMED,
         "f: no \"-----BEGIN X", 39},
        {"other label", "-----BEGIN XY-----\nZm9v\n-----END XY-----", 0,
         ASSAY_MALFORMED, "f: no \"-----BEGIN X", 0},
        {"shorter label", "-----BEGIN -----\nZm9v\n-----END -----", 0,
         ASSAY_MALFORMED, "f: no \"-----BEGIN X", 0},
        {"lower case", "-----begin X-----\nZm9v\n" END, 0, ASSAY_MALFORMED,
         "f: no \"-----BEGIN X", 0},
        {"six dashes", "-" BEGIN "\nZm9v\n" END, 0, ASSAY_MALFORMED,
         "f: no \"-----BEGIN X", 0},
        {"six dashes after", BEGIN "-\nZm9v\n" END, 0, ASSAY_MALFORMED,
         "f: no \"-----END X", 17},
        {"END of another", BEGIN "\nZm9v\n-----END Y-----", 0, ASSAY_MALFORMED,
         "f: no \"-----END X-----\" here", 23},
        {"BEGIN again", BEGIN "\nZm9v\n" BEGIN "\nZm9v\n" END, 0,
         ASSAY_MALFORMED, "f: no \"-----END X", 23},
        {"no END", BEGIN "\nZm9v\n", 0, ASSAY_TRUNCATED,
         "f: PEM block has no end", 23},
        {"empty", BEGIN "\n\n" END, 0, ASSAY_MALFORMED, "f: PEM block is empty",
         17},
        {"header lines", BEGIN "\nAB: b\n\nZm9v\n" END, 0, ASSAY_MALFORMED,
         "f: ':'", 20},
        {"bad base64", BEGIN "\nZm9vZm!v\n" END, 0, ASSAY_MALFORMED, "f: '!'",
         24},
        {"cut base64", BEGIN "\nZm9\n" END, 0, ASSAY_MALFORMED,
         "f: 3 characters", 22},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf in;
        struct assay_buf out;
        struct assay_slice text;
        struct assay_error err;
        size_t pos = 0;
        bool found = true;

        assay_error_clear(&err);
        assay_buf_init(&in, 1000);
        assay_buf_init(&out, 1000);
        assay_buf_add_text(&in, rows[i].text);
        for (size_t n = 0; n < rows[i].nuls; n++) {
            assay_buf_add_u8(&in, 0);
        }
        text = exact_copy(assay_buf_slice(&in));
        while (found && assay_pem_next(text, &pos, "X", &out, &found, "f",
                                       &err) == ASSAY_OK) {
            assay_buf_add_text(&out, found ? "|" : "");
        }
        CHECK(rows[i].name, !found);
        if (rows[i].code == ASSAY_OK) {
            CHECK(rows[i].name, err.code == ASSAY_OK && pos == text.len);
            CHECK(rows[i].name,
                  assay_slice_is(assay_buf_slice(&out), rows[i].msg));
        } else {
            check_error(rows[i].name, &err, rows[i].code, rows[i].msg,
                        rows[i].offset);
        }
        assay_buf_free(&in);
        assay_buf_free(&out);
        free((void *)(uintptr_t)text.ptr);
    }
}

/* A NUL ends nothing unless only NULs follow. */
static void
pem_refuses_nul_between(void **state)
{
    static const char text[] = BEGIN "\nZm9v\n" END "\n\0" BEGIN "\nZm9v\n" END;
    struct assay_slice in = {(const uint8_t *)text, sizeof(text) - 1};
    struct assay_buf out;
    struct assay_error err;
    size_t pos = 0;
    bool found;

    (void)state;
    assay_error_clear(&err);
    assay_buf_init(&out, 100);
    assert_int_equal(assay_pem_next(in, &pos, "X", &out, &found, "f", &err),
                     ASSAY_OK);
    assert_true(found);
    assert_int_equal(assay_pem_next(in, &pos, "X", &out, &found, "f", &err),
                     ASSAY_MALFORMED);
    assert_false(found);
    assert_int_equal(err.offset, 39);
    assay_buf_free(&out);
}

static void
pem_round_trips(void **state)
{
    uint8_t data[150];
    struct assay_buf text;
    struct assay_buf back;
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 29);
    }
    for (size_t n = 1; n <= sizeof(data); n++) {
        size_t pos = 0;
        size_t line = 0;
        bool found;

        assay_buf_init(&text, 1000);
        assay_buf_init(&back, n);
        assay_pem_encode(&text, "X509 CRL", (struct assay_slice){data, n});
        for (size_t i = 0; i < text.len; i++) {
            line = text.ptr[i] == '\n' ? 0 : line + 1;
            assert_true(line <= 64);
        }
        assert_int_equal(assay_pem_next(assay_buf_slice(&text), &pos,
                                        "X509 CRL", &back, &found, "x", &err),
                         ASSAY_OK);
        assert_true(found && back.len == n);
        assert_memory_equal(back.ptr, data, n);
        /* Without its last line, or any part of it, it is no block. */
        for (size_t cut = 1; cut < text.len - 1; cut++) {
            struct assay_slice in =
                exact_copy((struct assay_slice){text.ptr, cut});

            pos = 0;
            assert_int_not_equal(
                assay_pem_next(in, &pos, "X509 CRL", &back, &found, "x", &err),
                ASSAY_OK);
            assert_false(found);
            assert_int_equal(pos, 0);
            assert_true(err.offset <= cut);
            assay_error_clear(&err);
            free((void *)(uintptr_t)in.ptr);
        }
        assay_buf_free(&text);
        assay_buf_free(&back);
    }
}

static void
earlier_failure_is_kept(void **state)
{
    struct assay_buf out;
    struct assay_error err;
    uint8_t byte = 0xee;
    size_t pos = 0;
    bool found = true;

    (void)state;
    assay_buf_init(&out, 100);
    assay_error_clear(&err);
    assay_fail(&err, ASSAY_IO, 1, "before");
    assert_int_equal(
        assay_hex_decode(assay_slice_of("00"), &byte, 1, "f", &err), ASSAY_IO);
    assert_int_equal(byte, 0xee);
    assert_int_equal(
        assay_base64_decode(assay_slice_of("Zm9v"), false, &out, "f", &err),
        ASSAY_IO);
    assert_int_equal(assay_pem_next(assay_slice_of(BEGIN "Zm9v" END), &pos, "X",
                                    &out, &found, "f", &err),
                     ASSAY_IO);
    assert_true(!found && pos == 0 && out.len == 0);
    check_error("kept", &err, ASSAY_IO, "before", 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_decodes),
        cmocka_unit_test(hex_encodes),
        cmocka_unit_test(base64_decodes),
        cmocka_unit_test(base64_round_trips),
        cmocka_unit_test(base64_respects_the_maximum),
        cmocka_unit_test(pem_reads_blocks),
        cmocka_unit_test(pem_refuses_nul_between),
        cmocka_unit_test(pem_round_trips),
        cmocka_unit_test(earlier_failure_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
