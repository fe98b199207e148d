/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_rate.c - buckets of tokens: how many, when again, and that
 * sharing a counter never gives anybody more.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/unit.h"
#include "io/rate.h"

#define SECOND 1000000

static struct assay_rate table; /* it is large */

/* Digests whose four columns are these. */
static void
who(uint8_t out[ASSAY_RATE_DIGEST_BYTES], unsigned a, unsigned b, unsigned c,
    unsigned d)
{
    const unsigned columns[] = {a, b, c, d};

    memset(out, 0, ASSAY_RATE_DIGEST_BYTES);
    for (size_t i = 0; i < 4; i++) {
        out[2 * i] = (uint8_t)(columns[i] >> 8);
        out[2 * i + 1] = (uint8_t)columns[i];
    }
}

static void
test_bucket(void **state)
{
    static const struct {
        int64_t at_us;
        int64_t want; /* 0: taken */
    } rows[] = {
        {0, 0},
        {0, 0},
        {0, 0}, /* the burst */
        {0, SECOND / 2},
        {SECOND / 2 - 1, 1},
        {SECOND / 2, 0}, /* one has come */
        {SECOND / 2, SECOND / 2},
        {SECOND, 0},
        {100 * SECOND, 0}, /* no more than a burst has been saved */
        {100 * SECOND, 0},
        {100 * SECOND, 0},
        {100 * SECOND, SECOND / 2},
        {99 * SECOND, SECOND / 2 + SECOND}, /* a clock that runs backwards */
    };
    uint8_t me[ASSAY_RATE_DIGEST_BYTES];

    (void)state;
    who(me, 1, 2, 3, 4);
    assay_rate_init(&table, 2, 3);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t got = assay_rate_take(&table, me, rows[i].at_us);

        if (got != rows[i].want) {
            fail_msg("row %zu: %lld", i, (long long)got);
        }
    }
}

static void
test_extremes(void **state)
{
    uint8_t me[ASSAY_RATE_DIGEST_BYTES];

    (void)state;
    who(me, 0xffff, 0xffff, 0xffff, 0xffff);
    assay_rate_init(&table, 0, 1); /* no limit */
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(assay_rate_take(&table, me, 0), 0);
    }
    assay_rate_init(&table, 1, 1);
    assert_int_equal(assay_rate_take(&table, me, INT64_MAX / 2), 0);
    assert_int_equal(assay_rate_take(&table, me, INT64_MAX / 2), SECOND);
    assay_rate_init(&table, 5000000, 1); /* finer than time is told */
    assert_int_equal(assay_rate_take(&table, me, 7), 0);
    assert_int_equal(assay_rate_take(&table, me, 7), 1);
}

/* Who shares some counters with a busy one is not held back; who shares all of
 * them is. */
static void
test_shared_counters(void **state)
{
    static const struct {
        unsigned columns[4];
        bool free;
    } rows[] = {
        {{1, 2, 3, 5}, true},
        {{9, 9, 9, 4}, true},
        {{1 + ASSAY_RATE_COLUMNS, 2, 3, 4}, false},
    };
    uint8_t busy[ASSAY_RATE_DIGEST_BYTES];
    uint8_t other[ASSAY_RATE_DIGEST_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const unsigned *c = rows[i].columns;

        assay_rate_init(&table, 1, 1);
        who(busy, 1, 2, 3, 4);
        who(other, c[0], c[1], c[2], c[3]);
        assert_int_equal(assay_rate_take(&table, busy, 0), 0);
        assert_int_equal(assay_rate_take(&table, other, 0) == 0, rows[i].free);
    }
}

/* No library's, so that the test is the same everywhere. */
static unsigned
next_number(void)
{
    static uint32_t x = 1;

    x = x * 1664525u + 1013904223u;
    return x >> 16;
}

/* Whatever a million others do, one's own bucket is not forgotten. */
static void
test_no_bypass(void **state)
{
    uint8_t me[ASSAY_RATE_DIGEST_BYTES];
    uint8_t other[ASSAY_RATE_DIGEST_BYTES];

    (void)state;
    who(me, 10, 20, 30, 40);
    assay_rate_init(&table, 1, 2);
    assert_int_equal(assay_rate_take(&table, me, 0), 0);
    assert_int_equal(assay_rate_take(&table, me, 0), 0);
    for (int i = 0; i < 1000000; i++) {
        who(other, next_number(), next_number(), next_number(), next_number());
        (void)assay_rate_take(&table, other, i / 2);
        assert_true(i % 1000 != 0 || assay_rate_take(&table, me, i / 2) > 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_shared_counters),
        cmocka_unit_test(test_no_bypass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
