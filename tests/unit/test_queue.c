/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_queue.c - order, the maximum of what waits, and partial takers.
 */
#include "base/queue.h"
#include "harness/unit.h"

#define MAX 100u

/* What is written and taken in these steps comes out in order, and only what
 * waits counts, whatever was taken before. */
static const struct {
    size_t write;
    size_t take;
} steps[] = {
    {1, 1}, {100, 100}, {100, 1}, {30, 30}, {99, 98}, {50, 49}, {7, 3},
};

static void
only_what_waits_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct assay_queue q;
        uint8_t in = 0;
        uint8_t out = 0;

        assay_queue_init(&q, MAX);
        for (size_t round = 0; round < 1000; round++) {
            size_t n = MAX - assay_queue_len(&q);
            uint8_t *room;

            n = n < steps[i].write ? n : steps[i].write;
            assert_null(assay_queue_extend(&q, MAX + 1 - assay_queue_len(&q)));
            room = assay_queue_extend(&q, n);
            assert_true(room != NULL || n == 0);
            for (size_t k = 0; k < n; k++) {
                room[k] = in++;
            }
            assert_true(q.buf.cap <= (size_t)2 * MAX);
            n = assay_queue_len(&q);
            n = n < steps[i].take ? n : steps[i].take;
            for (size_t k = 0; k < n; k++) {
                assert_int_equal(assay_queue_slice(&q).ptr[k], out++);
            }
            assay_queue_take(&q, n);
        }
        assay_queue_free(&q);
    }
}

static void
shrinks_and_is_usable_after_free(void **state)
{
    struct assay_queue q;

    (void)state;
    assay_queue_init(&q, MAX);
    assert_int_equal(assay_queue_slice(&q).len, 0);
    for (int i = 0; i < 2; i++) {
        assert_non_null(assay_queue_extend(&q, 10));
        assay_queue_shrink(&q, 4);
        assert_int_equal(assay_queue_len(&q), 6);
        assay_queue_take(&q, 5);
        assay_queue_shrink(&q, 1);
        assert_int_equal(assay_queue_len(&q), 0);
        assay_queue_take(&q, 5);
        assert_int_equal(assay_queue_len(&q), 0);
        assert_non_null(assay_queue_extend(&q, MAX));
        assert_null(assay_queue_extend(&q, 1));
        assay_buf_add_u8(assay_queue_writer(&q), 1);
        assert_true(assay_queue_writer(&q)->failed);
        assay_queue_free(&q);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_waits_counts),
        cmocka_unit_test(shrinks_and_is_usable_after_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
