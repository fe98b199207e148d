/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_refresh.c - when collateral is fetched anew.
 */
#include "harness/unit.h"
#include "io/refresh.h"

#define DAY    INT64_C(86400)
#define NOW    INT64_C(1790000000)
#define ALWAYS UINT32_MAX

static const struct {
    const char *name;
    struct assay_refresh_rule rule;
    int64_t after_s; /* from NOW: with chance 0 */
    int64_t until_s; /* with the highest chance */
} rows[] = {
    {"thirty days: in the last quarter, before half of it is over",
     {NOW, NOW + 32 * DAY, 0},
     24 * DAY,
     28 * DAY - 1},
    {"issued earlier: the same days",
     {NOW - 20 * DAY, NOW + 12 * DAY, 0},
     4 * DAY,
     8 * DAY - 1},
    {"daily", {NOW, NOW + 32 * DAY, DAY}, DAY, DAY - DAY / 8 + 1},
    {"daily, and it ends before",
     {NOW - 31 * DAY, NOW + DAY / 2, DAY},
     3600,
     3600},
    {"in its last quarter already: an hour",
     {NOW - 30 * DAY, NOW + 2 * DAY, 0},
     3600,
     3600},
    {"minutes left: a quarter of them",
     {NOW - 30 * DAY, NOW + 1200, 0},
     300,
     300},
    {"seconds left", {NOW - 30 * DAY, NOW + 4, 0}, 60, 60},
    {"over", {NOW - 30 * DAY, NOW - 4, 0}, 60, 60},
    {"it never lived", {NOW, NOW - 4, 0}, 60, 60},
    {"the longest life there is",
     {0, INT64_C(253402300799), 0},
     INT64_C(253402300799) - 0x7fffffff / 4 - NOW,
     INT64_C(253402300799) - NOW},
};

static void
due(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t first = assay_refresh_due(&rows[i].rule, NOW, 0) - NOW;
        int64_t last = assay_refresh_due(&rows[i].rule, NOW, ALWAYS) - NOW;

        if (first != rows[i].after_s) {
            fail_msg("row \"%s\": %lld", rows[i].name, (long long)first);
        }
        if (first <= last ? last > rows[i].until_s : last < rows[i].until_s) {
            fail_msg("row \"%s\": %lld", rows[i].name, (long long)last);
        }
    }
}

/* Chance spreads those that start together over the whole window. */
static void
spread(void **state)
{
    const struct assay_refresh_rule rule = {NOW, NOW + 32 * DAY, 0};
    unsigned per_day[4] = {0};

    (void)state;
    for (uint32_t i = 0; i < 64; i++) {
        int64_t at = assay_refresh_due(&rule, NOW, i << 26);

        per_day[(at - NOW - 24 * DAY) / DAY]++;
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(per_day[i], 16);
    }
}

static void
retry(void **state)
{
    static const int64_t pauses[] = {120, 120, 240, 480, 960, 1920, 3600, 3600};

    (void)state;
    for (unsigned n = 0; n < COUNT_OF(pauses); n++) {
        assert_int_equal(assay_refresh_retry(n, NOW, 0) - NOW, pauses[n]);
        assert_in_range(assay_refresh_retry(n, NOW, ALWAYS) - NOW,
                        pauses[n] / 2, pauses[n] / 2 + 1);
    }
    assert_int_equal(assay_refresh_retry(UINT32_MAX, NOW, 0) - NOW, 3600);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(due),
        cmocka_unit_test(spread),
        cmocka_unit_test(retry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
