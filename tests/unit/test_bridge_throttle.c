/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bridge_throttle.c - how many octets a second; the clock is the test's.
 */
#include "programs/bridge/throttle.h"

#include "harness/unit.h"

#define START_MS 5000000u

/* What is taken in so long by somebody who takes as much as he may, a piece at
 * a time. */
static uint64_t
taken(struct throttle *t, uint32_t rate, size_t piece, uint64_t from_ms,
      uint64_t ms)
{
    size_t most = throttle_read_max(rate, piece);
    uint64_t total = 0;
    uint64_t now = from_ms;

    while (now <= from_ms + ms) {
        uint64_t due = throttle_due(t, rate);

        if (due > now) {
            now = due;
            continue;
        }
        throttle_take(t, rate, now, most);
        total += most;
    }
    return total;
}

static const struct {
    const char *name;
    uint32_t rate;
    size_t piece;
    uint64_t ms;
} rows[] = {
    {"one octet", 1, 65536, 10000},
    {"slow", 1000, 65536, 10000},
    {"slow, small pieces", 1000, 7, 10000},
    {"a piece a second", 65536, 65536, 10000},
    {"fast", 10000000, 65536, 10000},
    {"fast, large pieces", 10000000, 262144, 10000},
    {"fast, small pieces", 1000000, 3, 2000},
    {"as fast as can be", UINT32_MAX, 262144, 100},
};

/* What was saved, what the time is for, and one piece more. */
static void
rates(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t rate = rows[i].rate;
        uint64_t right = rate + rate * rows[i].ms / 1000;
        struct throttle t = {0};
        uint64_t got =
            taken(&t, rows[i].rate, rows[i].piece, START_MS, rows[i].ms);

        CHECK(rows[i].name, got <= right + rows[i].piece);
        CHECK(rows[i].name, got + got / 50 + rows[i].piece >= right);
    }
}

/* A second, and no more, is saved by silence. */
static void
silence(void **state)
{
    struct throttle t = {0};

    (void)state;
    (void)taken(&t, 1000, 100, START_MS, 5000);
    assert_true(throttle_due(&t, 1000) > START_MS + 5000);
    assert_int_equal(taken(&t, 1000, 100, START_MS + 3600000, 0), 1100);
}

/* Nobody waits for longer than a second, whatever a read may take. */
static void
waits(void **state)
{
    static const uint32_t some[] = {1, 999, 65536, 1000000, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(some); i++) {
        struct throttle t = {0};

        (void)taken(&t, some[i], 262144, START_MS, 1);
        assert_true(throttle_due(&t, some[i]) <= START_MS + 1 + 1000);
    }
}

static void
off(void **state)
{
    struct throttle t = {0};

    (void)state;
    throttle_take(&t, 0, START_MS, SIZE_MAX);
    assert_int_equal(t.paid_us, 0);
    assert_int_equal(throttle_due(&t, 0), 0);
    assert_int_equal(throttle_read_max(0, 65536), 65536);
    /* switched off while somebody has to wait */
    throttle_take(&t, 1, START_MS, 1000);
    assert_int_equal(throttle_due(&t, 0), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates),
        cmocka_unit_test(silence),
        cmocka_unit_test(waits),
        cmocka_unit_test(off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
