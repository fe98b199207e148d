/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_header_field.c - one field out of what an HTTP library hands out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "http1/header_field.h"

static void
headers(void **state)
{
    static const char text[] = "HTTP/1.1 200 OK\r\n"
                               "A:1\r\n"
                               "Chain-Two: \t second \r\n"
                               "Chain: first\r\n"
                               "chain: later\r\n"
                               "Empty:\r\n"
                               "Not a header\r\n"
                               "\r\n"
                               "Last: cut";
    static const struct {
        const char *name;
        const char *want;
    } rows[] = {
        {"a", "1"},         {"A", "1"},          {"chain-two", "second"},
        {"CHAIN", "first"}, {"Empty", ""},       {"Not a header", ""},
        {"Chai", ""},       {"last", "cut"},     {"HTTP/1.1 200 OK", ""},
        {"", ""},           {"Chain-Two-X", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(assay_slice_is(
            assay_header_field(assay_slice_of(text), rows[i].name),
            rows[i].want));
    }
}

static void
no_headers(void **state)
{
    (void)state;
    assert_int_equal(assay_header_field(ASSAY_EMPTY, "a").len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers),
        cmocka_unit_test(no_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
