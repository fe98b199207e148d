/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_buf.c - the growable buffer and its maximum.
 */
#include "base/buf.h"
#include "harness/unit.h"

static void
appends_all_kinds(void **state)
{
    static const uint8_t want[] = "\x01\x03\x02\x07\x06\x05\x04\x0f\x0e\x0d"
                                  "\x0c\x0b\x0a\x09\x08text7-x";
    static const uint8_t dash[] = {'-'};
    struct assay_buf b;
    struct assay_error err;

    (void)state;
    assay_error_clear(&err);
    assay_buf_init(&b, 100);
    assert_null(b.ptr);
    assay_buf_add_u8(&b, 1);
    assay_buf_add_le16(&b, 0x0203);
    assay_buf_add_le32(&b, 0x04050607);
    assay_buf_add_le64(&b, UINT64_C(0x08090a0b0c0d0e0f));
    assay_buf_add_text(&b, "text");
    assay_buf_printf(&b, "%d", 7);
    assay_buf_add(&b, ASSAY_SLICE(dash));
    assay_buf_add(&b, ASSAY_EMPTY);
    *assay_buf_extend(&b, 1) = 'x';
    assert_int_equal(assay_buf_check(&b, "b", &err), ASSAY_OK);
    assert_int_equal(b.len, sizeof(want) - 1);
    assert_memory_equal(assay_buf_slice(&b).ptr, want, sizeof(want) - 1);
    assay_buf_free(&b);
    assert_null(b.ptr);
    assert_int_equal(b.len, 0);
    assert_int_equal(b.max, 100);
    assay_buf_add_u8(&b, 9);
    assert_int_equal(b.len, 1);
    assay_buf_free(&b);
}

/* At the maximum and one past it, for maxima around every growth step. */
static void
stops_at_its_maximum(void **state)
{
    (void)state;
    for (size_t max = 0; max < 300; max++) {
        struct assay_buf b;
        struct assay_error err;

        assay_error_clear(&err);
        assay_buf_init(&b, max);
        for (size_t i = 0; i < max; i++) {
            assay_buf_add_u8(&b, (uint8_t)i);
        }
        assert_int_equal(assay_buf_check(&b, "b", &err), ASSAY_OK);
        assert_int_equal(b.len, max);
        assert_true(b.cap <= max);
        for (size_t i = 0; i < max; i++) {
            assert_int_equal(b.ptr[i], (uint8_t)i);
        }
        assert_non_null(assay_buf_extend(&b, 0));
        assert_null(assay_buf_extend(&b, 1));
        assert_int_equal(assay_buf_check(&b, "thing", &err), ASSAY_TOO_LARGE);
        check_error("max", &err, ASSAY_TOO_LARGE, "thing: more than ",
                    ASSAY_NO_OFFSET);
        assay_buf_free(&b);
        assert_false(b.failed);
    }
}

/* Room in advance changes when memory is asked for, and nothing else. */
static void
reserves(void **state)
{
    struct assay_buf b;
    const uint8_t *at;

    (void)state;
    assay_buf_init(&b, 100);
    assay_buf_add_text(&b, "ab");
    assay_buf_reserve(&b, 90);
    at = b.ptr;
    assert_int_equal(b.len, 2);
    for (size_t i = 2; i < 92; i++) {
        assay_buf_add_u8(&b, 'x');
    }
    assert_ptr_equal(b.ptr, at);
    assert_memory_equal(b.ptr, "abxx", 4);
    assay_buf_reserve(&b, SIZE_MAX); /* as much as there may be */
    assert_int_equal(b.cap, 100);
    assert_false(b.failed);
    assay_buf_reserve(&b, 8);
    assert_int_equal(b.len, 92);
    assay_buf_add_text(&b, "123456789");
    assert_true(b.failed);
    assay_buf_reserve(&b, 1);
    assert_true(b.failed);
    assay_buf_free(&b);
    assay_buf_reserve(&b, 0);
    assert_null(b.ptr);
}

static void
failure_sticks(void **state)
{
    struct assay_buf b;

    (void)state;
    assay_buf_init(&b, 4);
    assay_buf_add_text(&b, "abcde");
    assert_true(b.failed);
    assay_buf_add_text(&b, "a");
    assay_buf_printf(&b, "a");
    assert_null(assay_buf_extend(&b, 0));
    assert_int_equal(b.len, 0);
    assay_buf_free(&b);

    assay_buf_init(&b, SIZE_MAX);
    assay_buf_add_text(&b, "a");
    assert_null(assay_buf_extend(&b, SIZE_MAX));
    assert_true(b.failed && !b.no_memory);
    assay_buf_free(&b);
}

/* Around the size of the internal array, and at the maximum. */
static void
prints_any_length(void **state)
{
    (void)state;
    for (int n = 250; n <= 262; n++) {
        struct assay_buf b;

        assay_buf_init(&b, (size_t)n);
        assay_buf_printf(&b, "%*d", n, 42);
        assert_false(b.failed);
        assert_int_equal(b.len, n);
        assert_memory_equal(b.ptr + n - 3, " 42", 3);
        assay_buf_printf(&b, "%s", "x");
        assert_true(b.failed);
        assay_buf_free(&b);
        assay_buf_init(&b, (size_t)n - 1);
        assay_buf_printf(&b, "%*d", n, 42);
        assert_true(b.failed);
        assert_null(b.ptr);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_all_kinds),
        cmocka_unit_test(stops_at_its_maximum),
        cmocka_unit_test(reserves),
        cmocka_unit_test(failure_sticks),
        cmocka_unit_test(prints_any_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
