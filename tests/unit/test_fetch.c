/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_fetch.c - headers of an answer. What needs a peer: tests/e2e.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "io/fetch.h"

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
    static uint8_t bytes[sizeof(text) - 1];
    struct assay_response r = {.headers = {.ptr = bytes, .len = sizeof(bytes)}};

    (void)state;
    memcpy(bytes, text, sizeof(bytes));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(assay_slice_is(assay_response_header(&r, rows[i].name),
                                   rows[i].want));
    }
}

static void
no_headers(void **state)
{
    struct assay_response r = {.headers = {.ptr = NULL, .len = 0}};

    (void)state;
    assert_int_equal(assay_response_header(&r, "a").len, 0);
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
