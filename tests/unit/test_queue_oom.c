/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_queue_oom.c - a queue that gets no memory is as it was.
 */
#include "harness/oom.h"

#include "base/queue.h"
#include "harness/unit.h"

static void
test_extend(void **state)
{
    struct assay_queue q;
    struct assay_slice s;
    uint8_t *room;

    (void)state;
    assay_queue_init(&q, 10000);
    room = assay_queue_extend(&q, 4);
    assert_non_null(room);
    assay_copy(room, assay_slice_of("abcd"));
    assay_queue_take(&q, 1);
    oom_fail_after(0);
    room = assay_queue_extend(&q, 5000);
    assert_true(oom_stop());
    assert_null(room);
    s = assay_queue_slice(&q);
    assert_true(assay_slice_is(s, "bcd"));
    room = assay_queue_extend(&q, 5000);
    assert_non_null(room);
    memset(room, 'x', 5000);
    assert_int_equal(assay_queue_len(&q), 5003);
    assay_queue_free(&q);
}

static void
test_writer(void **state)
{
    struct assay_queue q;
    struct assay_error err;

    (void)state;
    assay_queue_init(&q, 10000);
    oom_fail_after(0);
    assay_buf_add_text(assay_queue_writer(&q), "text");
    assert_true(oom_stop());
    assert_null(assay_queue_extend(&q, 1));
    assay_error_clear(&err);
    assert_int_equal(assay_buf_check(assay_queue_writer(&q), "queue", &err),
                     ASSAY_NO_MEMORY);
    assay_queue_free(&q);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extend),
        cmocka_unit_test(test_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
