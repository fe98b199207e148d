/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_queue.c - bytes in at one end, out at the other.
 */
#include "harness/unit.h"

#include "base/queue.h"

/* n bytes that count on from *next. */
static void
put(struct assay_queue *q, size_t n, uint8_t *next)
{
    uint8_t *room = assay_queue_extend(q, n);

    assert_non_null(room);
    for (size_t i = 0; i < n; i++) {
        room[i] = (*next)++;
    }
}

static void
check_waiting(const struct assay_queue *q, size_t len, uint8_t first)
{
    struct assay_slice s = assay_queue_slice(q);

    assert_int_equal(s.len, len);
    assert_int_equal(assay_queue_len(q), len);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(s.ptr[i], (uint8_t)(first + i));
    }
}

static void
test_in_and_out(void **state)
{
    struct assay_queue q;
    uint8_t next = 0;

    (void)state;
    assay_queue_init(&q, 100);
    check_waiting(&q, 0, 0);
    assert_null(assay_queue_slice(&q).ptr);
    assay_queue_take(&q, 0);
    put(&q, 5, &next);
    check_waiting(&q, 5, 0);
    assay_queue_take(&q, 2);
    check_waiting(&q, 3, 2);
    put(&q, 4, &next);
    check_waiting(&q, 7, 2);
    assay_queue_shrink(&q, 3);
    check_waiting(&q, 4, 2);
    assay_queue_shrink(&q, 0);
    check_waiting(&q, 4, 2);
    assay_queue_take(&q, 4);
    check_waiting(&q, 0, 0);
    assert_non_null(assay_queue_extend(&q, 0));
    check_waiting(&q, 0, 0);
    assay_queue_free(&q);
}

/* More is taken than there is: all of it is. */
static void
test_take_too_much(void **state)
{
    struct assay_queue q;
    uint8_t next = 0;

    (void)state;
    assay_queue_init(&q, 100);
    assay_queue_take(&q, 1);
    put(&q, 5, &next);
    assay_queue_take(&q, SIZE_MAX);
    check_waiting(&q, 0, 0);
    put(&q, 3, &next);
    check_waiting(&q, 3, 5);
    assay_queue_free(&q);
}

/* What was taken does not count for the maximum. */
static void
test_maximum(void **state)
{
    struct assay_queue q;
    uint8_t next = 0;
    uint8_t first = 0;

    (void)state;
    assay_queue_init(&q, 100);
    put(&q, 100, &next);
    assert_null(assay_queue_extend(&q, 1));
    assert_null(assay_queue_extend(&q, SIZE_MAX));
    check_waiting(&q, 100, 0);
    for (size_t n = 1; n <= 100; n++) {
        assay_queue_take(&q, n);
        first = (uint8_t)(first + n);
        check_waiting(&q, 100 - n, first);
        assert_null(assay_queue_extend(&q, n + 1));
        put(&q, n, &next);
        check_waiting(&q, 100, first);
        assert_true(q.buf.cap <= 200);
    }
    assay_queue_free(&q);
    assert_null(q.buf.ptr);
    put(&q, 100, &next); /* usable, with the same maximum */
    assert_null(assay_queue_extend(&q, 1));
    assay_queue_free(&q);
}

static void
test_unlimited(void **state)
{
    struct assay_queue q;
    uint8_t next = 0;

    (void)state;
    assay_queue_init(&q, SIZE_MAX);
    put(&q, 10, &next);
    assay_queue_take(&q, 3);
    assert_null(assay_queue_extend(&q, SIZE_MAX - 7));
    assert_true(!q.buf.failed);
    check_waiting(&q, 7, 3);
    assay_queue_free(&q);
}

/* Shrinking to nothing behind taken bytes. */
static void
test_shrink_to_nothing(void **state)
{
    struct assay_queue q;
    uint8_t next = 0;

    (void)state;
    assay_queue_init(&q, 100);
    put(&q, 10, &next);
    assay_queue_take(&q, 4);
    put(&q, 10, &next);
    assay_queue_take(&q, 6);
    assay_queue_shrink(&q, 10);
    check_waiting(&q, 0, 0);
    next = 7;
    put(&q, 2, &next);
    check_waiting(&q, 2, 7);
    assay_queue_free(&q);
}

static void
test_writer(void **state)
{
    struct assay_queue q;
    struct assay_error err;
    uint8_t next = 0;

    (void)state;
    assay_queue_init(&q, 10);
    put(&q, 8, &next);
    assay_queue_take(&q, 3);
    assay_buf_add_u8(assay_queue_writer(&q), 8);
    assay_buf_add_u8(assay_queue_writer(&q), 9);
    check_waiting(&q, 7, 3);
    assay_buf_add_text(assay_queue_writer(&q), "\x0a\x0b\x0c");
    check_waiting(&q, 10, 3);
    /* One too many: that it is missing is not forgotten. */
    assay_buf_add_u8(assay_queue_writer(&q), 13);
    assert_true(assay_queue_writer(&q)->failed);
    assay_queue_take(&q, 5);
    assert_null(assay_queue_extend(&q, 1));
    assert_true(assay_queue_writer(&q)->failed);
    assay_error_clear(&err);
    assert_int_equal(assay_buf_check(assay_queue_writer(&q), "queue", &err),
                     ASSAY_TOO_LARGE);
    check_waiting(&q, 5, 8);
    assay_queue_free(&q);
    assert_false(assay_queue_writer(&q)->failed);
    assay_queue_free(&q);
}

/* Against a plain array, with random steps. */
static void
test_random(void **state)
{
    struct assay_queue q;
    uint32_t seed = 1;
    uint8_t next = 0;
    uint8_t first = 0;
    size_t len = 0;

    (void)state;
    assay_queue_init(&q, 300);
    for (int i = 0; i < 100000; i++) {
        size_t n;

        seed = seed * 1664525u + 1013904223u;
        n = seed >> 24;
        if ((seed >> 8 & 1) != 0) {
            n = n < len ? n : len;
            assay_queue_take(&q, n);
            first = (uint8_t)(first + n);
            len -= n;
        } else if (len + n <= 300) {
            put(&q, n, &next);
            len += n;
        } else {
            assert_null(assay_queue_extend(&q, n));
        }
        check_waiting(&q, len, first);
    }
    assay_queue_free(&q);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_and_out),
        cmocka_unit_test(test_take_too_much),
        cmocka_unit_test(test_maximum),
        cmocka_unit_test(test_unlimited),
        cmocka_unit_test(test_shrink_to_nothing),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
