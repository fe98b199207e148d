/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_timestamp.c - dates as Unix seconds and back.
 */
#include <stdio.h>
#include <time.h>

#include "base/timestamp.h"
#include "harness/unit.h"

#define YEAR_0000_S INT64_C(-62167219200)
#define YEAR_9999_S INT64_C(253402300799)

enum form { STRICT, LOOSE, UTC, GENERAL };

static enum assay_code
parse(enum form form, struct assay_slice text, int64_t *out,
      struct assay_error *err)
{
    switch (form) {
    case STRICT:
        return assay_time_parse(text, out, "f", err);
    case LOOSE:
        return assay_time_parse_loose(text, out, "f", err);
    case UTC:
        return assay_time_parse_utctime(text, out, "f", err);
    case GENERAL:
        return assay_time_parse_generalized(text, out, "f", err);
    }
    return ASSAY_INVALID;
}

static const struct {
    enum form form;
    const char *text;
    int64_t want;
} good[] = {
    {STRICT, "1970-01-01T00:00:00Z", 0},
    {STRICT, "1969-12-31T23:59:59Z", -1},
    {STRICT, "2026-11-20T11:12:13Z", 1795173133},
    {STRICT, "2000-02-29T00:00:00Z", 951782400},
    {STRICT, "2024-02-29T23:59:59Z", 1709251199},
    {STRICT, "2038-01-19T03:14:08Z", 2147483648},
    {STRICT, "2100-03-01T00:00:00Z", 4107542400},
    {STRICT, "0000-01-01T00:00:00Z", YEAR_0000_S},
    {STRICT, "9999-12-31T23:59:59Z", YEAR_9999_S},
    {LOOSE, "0", 0},
    {LOOSE, "1795173133", 1795173133},
    {LOOSE, "0000000000001795173133", 1795173133},
    {LOOSE, "253402300799", YEAR_9999_S},
    {LOOSE, "2026-11-20", 1795132800},
    {LOOSE, "2026-11-20T11:12:13Z", 1795173133},
    {LOOSE, "2026-11-20t11:12:13z", 1795173133},
    {LOOSE, "2026-11-20 11:12:13Z", 1795173133},
    {LOOSE, "2026-11-20T11:12:13.9Z", 1795173133},
    {LOOSE, "2026-11-20T11:12:13.000000000001+00:00", 1795173133},
    {LOOSE, "2026-11-20T12:12:13+01:00", 1795173133},
    {LOOSE, "2026-11-20T05:42:13-05:30", 1795173133},
    {LOOSE, "2026-11-21T11:11:13+23:59", 1795173133},
    {LOOSE, "1970-01-01T00:00:00+00:01", -60},
    {UTC, "261120111213Z", 1795173133},
    {UTC, "700101000000Z", 0},
    {UTC, "500101000000Z", -631152000}, /* 1950 */
    {UTC, "491231235959Z", 2524607999}, /* 2049 */
    {UTC, "000229000000Z", 951782400},  /* 2000 */
    {UTC, "991231235959Z", 946684799},  /* 1999 */
    {GENERAL, "20261120111213Z", 1795173133},
    {GENERAL, "20500101000000Z", 2524608000},
    {GENERAL, "19491231235959Z", -631152001},
    {GENERAL, "99991231235959Z", YEAR_9999_S},
};

static const struct {
    enum form form;
    const char *text;
    size_t offset;
} bad[] = {
    {STRICT, "", 0},
    {STRICT, "2026-11-20", 10},
    {STRICT, "2026-11-20T11:12:13", 19},
    {STRICT, "2026-11-20T11:12:13ZZ", 20},
    {STRICT, "2026-11-20T11:12:13Z ", 20},
    {STRICT, " 2026-11-20T11:12:13Z", 0},
    {STRICT, "2026-11-20t11:12:13Z", 10},
    {STRICT, "2026-11-20 11:12:13Z", 10},
    {STRICT, "2026-11-20T11:12:13z", 19},
    {STRICT, "2026-11-20T11:12:13.0Z", 19},
    {STRICT, "2026-11-20T11:12:13+00:00", 19},
    {STRICT, "2026-11-20T11:12Z", 16},
    {STRICT, "2026/11-20T11:12:13Z", 4},
    {STRICT, "2026-11/20T11:12:13Z", 7},
    {STRICT, "20261-1-20T11:12:13Z", 4},
    {STRICT, "-026-11-20T11:12:13Z", 0},
    {STRICT, "+026-11-20T11:12:13Z", 0},
    {STRICT, "2026-1 -20T11:12:13Z", 6},
    {STRICT, "2026-00-20T11:12:13Z", 5},
    {STRICT, "2026-13-20T11:12:13Z", 5},
    {STRICT, "2026-11-00T11:12:13Z", 8},
    {STRICT, "2026-11-31T11:12:13Z", 8},
    {STRICT, "2026-12-32T11:12:13Z", 8},
    {STRICT, "2025-02-29T11:12:13Z", 8},
    {STRICT, "2100-02-29T11:12:13Z", 8},
    {STRICT, "1900-02-29T11:12:13Z", 8},
    {STRICT, "2024-02-30T11:12:13Z", 8},
    {STRICT, "2026-11-20T24:00:00Z", 11},
    {STRICT, "2026-11-20T11:60:13Z", 14},
    {STRICT, "2026-11-20T11:12:60Z", 17},
    {STRICT, "1795173133", 4},
    {LOOSE, "", 0},
    {LOOSE, "-1", 0},
    {LOOSE, "1.5", 1},
    {LOOSE, "now", 0},
    {LOOSE, "0x10", 1},
    {LOOSE, "253402300800", 0},
    {LOOSE, "1795173133000", 0},
    {LOOSE, "99999999999999999999999999999999999999", 0},
    {LOOSE, "9999-12-31T23:59:59-00:01", 0},
    {LOOSE, "0000-01-01T00:00:00+00:01", 0},
    {LOOSE, "2026-11", 7},
    {LOOSE, "2026-11-20T11:12Z", 16},
    {LOOSE, "2026-11-20Z", 10},
    {LOOSE, "2026-11-20T11:12:13", 19},
    {LOOSE, "2026-11-20T11:12:13.", 20},
    {LOOSE, "2026-11-20T11:12:13.Z", 20},
    {LOOSE, "2026-11-20T11:12:13.5", 21},
    {LOOSE, "2026-11-20T11:12:13,5Z", 19},
    {LOOSE, "2026-11-20T11:12:13+0100", 22},
    {LOOSE, "2026-11-20T11:12:13+01", 22},
    {LOOSE, "2026-11-20T11:12:13+1:00", 21},
    {LOOSE, "2026-11-20T11:12:13+24:00", 20},
    {LOOSE, "2026-11-20T11:12:13+01:60", 20},
    {LOOSE, "2026-11-20T11:12:13+01:00Z", 25},
    {LOOSE, "2026-11-20T11:12:60Z", 17},
    {LOOSE, "2026-02-29", 8},
    {LOOSE, "2026-11-20T11:12:13.00000000000000000000000000000000000000000000Z",
     64},
    {UTC, "", 0},
    {UTC, "2611201112Z", 10},
    {UTC, "261120111213", 12},
    {UTC, "261120111213+0000", 12},
    {UTC, "261120111213ZZ", 13},
    {UTC, "261120111213.0Z", 12},
    {UTC, "20261120111213Z", 12},
    {UTC, "261320111213Z", 2},
    {UTC, "260229111213Z", 4},
    {UTC, "261120241213Z", 6},
    {UTC, "261120116013Z", 8},
    {UTC, "261120111260Z", 10},
    {UTC, "26112011121-Z", 11},
    {GENERAL, "", 0},
    {GENERAL, "261120111213Z", 12},
    {GENERAL, "202611201112Z", 12},
    {GENERAL, "20261120111213", 14},
    {GENERAL, "20261120111213.0Z", 14},
    {GENERAL, "20261120111213+0000", 14},
    {GENERAL, "20261131111213Z", 6},
    {GENERAL, "20260011111213Z", 4},
};

static void
good_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct assay_slice in = exact_copy(assay_slice_of(good[i].text));
        struct assay_error err;
        int64_t t = 77;

        assay_error_clear(&err);
        CHECK(good[i].text, parse(good[i].form, in, &t, &err) == ASSAY_OK);
        CHECK(good[i].text, t == good[i].want);
        free((void *)(uintptr_t)in.ptr);
    }
}

static void
bad_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct assay_slice in = exact_copy(assay_slice_of(bad[i].text));
        struct assay_error err;
        int64_t t = 77;

        assay_error_clear(&err);
        CHECK(bad[i].text, parse(bad[i].form, in, &t, &err) == ASSAY_MALFORMED);
        check_error(bad[i].text, &err, ASSAY_MALFORMED, "f: ", bad[i].offset);
        CHECK(bad[i].text, t == 77);
        free((void *)(uintptr_t)in.ptr);
    }
}

static void
earlier_failure_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct assay_error err;
        int64_t t = 77;

        assay_error_clear(&err);
        assay_fail(&err, ASSAY_IO, 1, "before");
        CHECK(good[i].text, parse(good[i].form, assay_slice_of(good[i].text),
                                  &t, &err) == ASSAY_IO);
        CHECK(good[i].text, t == 77);
    }
}

/* Of the good rows, whatever is cut, and whatever byte becomes a NUL. */
static void
edited_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        size_t len = strlen(good[i].text);

        for (size_t at = 0; at < len && good[i].form != LOOSE; at++) {
            struct assay_slice in = exact_copy(
                (struct assay_slice){(const uint8_t *)good[i].text, at});
            char edited[64] = {0};
            struct assay_error err;
            int64_t t = 77;

            assay_error_clear(&err);
            CHECK(good[i].text,
                  parse(good[i].form, in, &t, &err) == ASSAY_MALFORMED);
            CHECK(good[i].text, err.offset <= at);
            memcpy(edited, good[i].text, len);
            edited[at] = '\0';
            assay_error_clear(&err);
            CHECK(good[i].text,
                  parse(good[i].form,
                        (struct assay_slice){(uint8_t *)edited, len}, &t,
                        &err) == ASSAY_MALFORMED);
            CHECK(good[i].text, err.offset == at && t == 77);
            free((void *)(uintptr_t)in.ptr);
        }
    }
}

/* Every day of ten thousand years, against the C library. */
static void
agrees_with_libc(void **state)
{
    int64_t second_of_day = 0;

    (void)state;
    for (int64_t t = YEAR_0000_S; t < YEAR_9999_S; t += 86400) {
        time_t libc_t;
        struct tm tm;
        char want[64];
        char got[ASSAY_TIME_TEXT];
        struct assay_error err;
        int64_t back = 0;

        second_of_day = (second_of_day + 3607) % 86400;
        libc_t = (time_t)(t + second_of_day);
        assert_non_null(gmtime_r(&libc_t, &tm));
        (void)snprintf(want, sizeof(want), "%04d-%02d-%02dT%02d:%02d:%02dZ",
                       tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                       tm.tm_min, tm.tm_sec);
        assay_time_format(t + second_of_day, got);
        assert_string_equal(got, want);
        assay_error_clear(&err);
        assert_int_equal(
            assay_time_parse(assay_slice_of(got), &back, "t", &err), ASSAY_OK);
        assert_true(back == t + second_of_day);
    }
}

static void
days_outside_of_four_digits(void **state)
{
    (void)state;
    assert_true(assay_days_from_civil(1970, 1, 1) == 0);
    assert_true(assay_days_from_civil(-1, 12, 31) == -719529);
    assert_true(assay_days_from_civil(-4, 2, 29) ==
                assay_days_from_civil(-4, 3, 1) - 1);
    assert_true(assay_days_from_civil(10000, 1, 1) * 86400 == YEAR_9999_S + 1);
    assert_true(assay_days_from_civil(-400000, 1, 1) ==
                assay_days_from_civil(0, 1, 1) - INT64_C(146097) * 1000);
}

static void
formats_only_four_digits(void **state)
{
    static const int64_t outside[] = {YEAR_0000_S - 1, YEAR_9999_S + 1,
                                      INT64_MIN, INT64_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(outside); i++) {
        char text[ASSAY_TIME_TEXT];

        assay_time_format(outside[i], text);
        assert_string_equal(text, "?");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_rows),
        cmocka_unit_test(bad_rows),
        cmocka_unit_test(earlier_failure_is_kept),
        cmocka_unit_test(edited_rows),
        cmocka_unit_test(agrees_with_libc),
        cmocka_unit_test(days_outside_of_four_digits),
        cmocka_unit_test(formats_only_four_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
