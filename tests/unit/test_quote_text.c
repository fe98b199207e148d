/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_quote_text.c - raw, hex or base64, told apart by content.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "io/quote_text.h"

#define TEXT(s) {(const uint8_t *)(s), sizeof(s) - 1}

static void
recognised_and_decoded(void **state)
{
    static const struct {
        struct assay_slice in;
        enum assay_quote_form form;
        enum assay_code want;
        struct assay_slice out;
        const char *message; /* its start */
    } rows[] = {
        {TEXT("\x04\x00\x02\x00"), ASSAY_QUOTE_RAW, ASSAY_OK,
         TEXT("\x04\x00\x02\x00"), ""},
        {TEXT("hello\x80"), ASSAY_QUOTE_RAW, ASSAY_OK, TEXT("hello\x80"), ""},
        {TEXT("0400ff"), ASSAY_QUOTE_HEX, ASSAY_OK, TEXT("\x04\x00\xff"), ""},
        {TEXT("0x0400FF\n"), ASSAY_QUOTE_HEX, ASSAY_OK, TEXT("\x04\x00\xff"),
         ""},
        {TEXT(" 04 00\r\n\tf\nf "), ASSAY_QUOTE_HEX, ASSAY_OK,
         TEXT("\x04\x00\xff"), ""},
        {TEXT("0X04"), ASSAY_QUOTE_HEX, ASSAY_OK, TEXT("\x04"), ""},
        {TEXT("040"), ASSAY_QUOTE_HEX, ASSAY_MALFORMED, TEXT(""),
         "hex text: 3 digits, an odd number"},
        {TEXT("0x"), ASSAY_QUOTE_HEX, ASSAY_TRUNCATED, TEXT(""),
         "only white space"},
        {TEXT(" \n"), ASSAY_QUOTE_HEX, ASSAY_TRUNCATED, TEXT(""),
         "only white space"},
        {TEXT(""), ASSAY_QUOTE_HEX, ASSAY_TRUNCATED, TEXT(""), "empty"},
        {TEXT("BAACAA=="), ASSAY_QUOTE_BASE64, ASSAY_OK,
         TEXT("\x04\x00\x02\x00"), ""},
        {TEXT("BAA\r\nCAA=\n=\n"), ASSAY_QUOTE_BASE64, ASSAY_OK,
         TEXT("\x04\x00\x02\x00"), ""},
        {TEXT("+/+/"), ASSAY_QUOTE_BASE64, ASSAY_OK, TEXT("\xfb\xff\xbf"), ""},
        {TEXT("-_-_"), ASSAY_QUOTE_BASE64, ASSAY_OK, TEXT("\xfb\xff\xbf"), ""},
        {TEXT("-_-_BA"), ASSAY_QUOTE_BASE64, ASSAY_OK, TEXT("\xfb\xff\xbf\x04"),
         ""},
        {TEXT("BAACAZ"), ASSAY_QUOTE_BASE64, ASSAY_MALFORMED, TEXT(""),
         "text that is neither hex nor base64"},
        {TEXT("<html></html>"), ASSAY_QUOTE_BASE64, ASSAY_MALFORMED, TEXT(""),
         "text that is neither hex nor base64"},
        {TEXT("{\"quote\": 1}"), ASSAY_QUOTE_BASE64, ASSAY_MALFORMED, TEXT(""),
         "text that is neither hex nor base64"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct assay_buf out;
        struct assay_error err;
        assert_int_equal(assay_quote_text_sniff(rows[i].in), rows[i].form);
        assert_int_equal(assay_quote_text_decode(rows[i].in, &out, &err),
                         rows[i].want);
        assert_true(assay_slice_equal(assay_buf_slice(&out), rows[i].out));
        if (rows[i].want != ASSAY_OK) {
            assert_memory_equal(err.msg, rows[i].message,
                                strlen(rows[i].message));
        }
        assay_buf_free(&out);
    }
}

static void
too_large(void **state)
{
    static uint8_t in[ASSAY_QUOTE_TEXT_MAX_BYTES + 1];
    struct assay_buf out;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_quote_text_decode(ASSAY_SLICE(in), &out, &err),
                     ASSAY_TOO_LARGE);
    assert_int_equal(out.len, 0);
    assay_buf_free(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recognised_and_decoded),
        cmocka_unit_test(too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
