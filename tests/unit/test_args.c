/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/error.h"
#include "harness/unit.h"
#include "io/args.h"

static void
test_numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t want; /* 0: refused */
    } rows[] = {
        {"5", 5},   {"100", 100}, {"007", 7},
        {"4", 0},   {"101", 0},   {"", 0},
        {" 6", 0},  {"6 ", 0},    {"+6", 0},
        {"-6", 0},  {"6k", 0},    {"0x10", 0},
        {"1e1", 0}, {"6.0", 0},   {"99999999999999999999", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_error err;
        uint64_t n;

        assay_error_clear(&err);
        n = assay_arg_number(rows[i].text, "--n", 5, 100, &err);
        if (rows[i].want != 0) {
            CHECK(rows[i].text, n == rows[i].want && err.code == ASSAY_OK);
        } else {
            CHECK(rows[i].text, err.code == ASSAY_INVALID);
            CHECK(rows[i].text, strncmp(err.msg, "--n: '", 6) == 0);
        }
    }
}

static void
test_seconds(void **state)
{
    static const struct {
        const char *text;
        uint32_t want; /* milliseconds; 0: refused */
    } rows[] = {
        {"1", 1000}, {"0.5", 500}, {"0.001", 1},  {"60", 60000},
        {"0", 0},    {"60.1", 0},  {"0.0009", 0}, {"-1", 0},
        {"nan", 0},  {"inf", 0},   {"", 0},       {"1s", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_error err;
        uint32_t ms;

        assay_error_clear(&err);
        ms = assay_arg_seconds(rows[i].text, "--s", 60.0, &err);
        CHECK(rows[i].text, ms == rows[i].want);
        CHECK(rows[i].text, (err.code == ASSAY_OK) == (rows[i].want != 0));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
