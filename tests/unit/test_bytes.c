/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_bytes.c - the bounded reader, comparing slices, and what an octet is.
 */
#include <ctype.h>

#include "base/ascii.h"
#include "base/bytes.h"
#include "harness/unit.h"

static const uint8_t data[15] = {1, 2,  3,  4,  5,  6,  7, 8,
                                 9, 10, 11, 12, 13, 14, 15};

static void
reads_little_endian(void **state)
{
    struct assay_error err;
    struct assay_reader r = {.in = ASSAY_SLICE(data), .err = &err};

    (void)state;
    assay_error_clear(&err);
    assert_int_equal(assay_read_u8(&r, "u8"), 1);
    assert_int_equal(assay_read_le16(&r, "le16"), 0x0302);
    assert_int_equal(assay_read_le32(&r, "le32"), 0x07060504);
    assert_true(assay_read_le64(&r, "le64") == UINT64_C(0x0f0e0d0c0b0a0908));
    assert_int_equal(assay_read_left(&r), 0);
    assert_int_equal(assay_read(&r, 0, "nothing").len, 0);
    assay_read_end(&r, "data");
    assert_int_equal(err.code, ASSAY_OK);
}

/* Each kind of read with one byte too few, and with just enough. */
static void
never_leaves_its_slice(void **state)
{
    static const size_t sizes[] = {1, 2, 4, 8, 11, SIZE_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        for (size_t have = 0; have <= 11; have++) {
            struct assay_slice in =
                exact_copy((struct assay_slice){data, have});
            struct assay_error err;
            struct assay_reader r = {.in = in, .base = 100, .err = &err};
            struct assay_slice got;

            assay_error_clear(&err);
            got = assay_read(&r, sizes[i], "f");
            if (sizes[i] <= have) {
                assert_ptr_equal(got.ptr, in.ptr);
                assert_int_equal(got.len, sizes[i]);
                assert_int_equal(r.pos, sizes[i]);
            } else {
                assert_int_equal(got.len, 0);
                assert_int_equal(r.pos, 0);
                check_error("short", &err, ASSAY_TRUNCATED, "f: need ", 100);
            }
            free((void *)(uintptr_t)in.ptr);
        }
    }
}

static void
first_failure_sticks(void **state)
{
    struct assay_error err;
    struct assay_reader r = {.in = ASSAY_SLICE(data), .err = &err};

    (void)state;
    assay_error_clear(&err);
    (void)assay_read(&r, 14, "head");
    assert_int_equal(assay_read_le16(&r, "version"), 0);
    assert_int_equal(assay_read_u8(&r, "later"), 0); /* one byte is there */
    assert_int_equal(assay_read(&r, 1, "later").len, 0);
    assert_int_equal(r.pos, 14);
    assay_read_end(&r, "data");
    check_error("first", &err, ASSAY_TRUNCATED, "version: need 2 bytes, have 1",
                14);
}

static void
end_refuses_what_is_left(void **state)
{
    struct assay_error err;
    struct assay_reader r = {.in = ASSAY_SLICE(data), .base = 5, .err = &err};

    (void)state;
    assay_error_clear(&err);
    (void)assay_read(&r, 13, "head");
    assay_read_end(&r, "data");
    check_error("left", &err, ASSAY_MALFORMED, "data: 2 bytes left over", 18);
}

static void
compares(void **state)
{
    static const struct {
        const char *a, *b;
        bool is, nocase;
        size_t found; /* b in a */
    } rows[] = {
        {"", "", true, true, 0},
        {"", "a", false, false, ASSAY_NO_OFFSET},
        {"a", "", false, false, 0},
        {"abc", "abc", true, true, 0},
        {"aBc", "AbC", false, true, ASSAY_NO_OFFSET},
        {"abc", "abd", false, false, ASSAY_NO_OFFSET},
        {"abc", "ab", false, false, 0},
        {"ab", "abc", false, false, ASSAY_NO_OFFSET},
        {"@[`{", "`{@[", false, false, ASSAY_NO_OFFSET}, /* no letters */
        {"aab", "ab", false, false, 1},
        {"aaaab", "aab", false, false, 2},
        {"aaaa", "b", false, false, ASSAY_NO_OFFSET},
        {"xyz", "z", false, false, 2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_slice a = exact_copy(assay_slice_of(rows[i].a));

        CHECK(rows[i].a, assay_slice_is(a, rows[i].b) == rows[i].is);
        CHECK(rows[i].a, assay_slice_is_nocase(a, rows[i].b) == rows[i].nocase);
        CHECK(rows[i].a,
              assay_slice_equal(a, assay_slice_of(rows[i].b)) == rows[i].is);
        CHECK(rows[i].a, assay_slice_find(a, rows[i].b) == rows[i].found);
        free((void *)(uintptr_t)a.ptr);
    }
}

static void
empty_and_zero(void **state)
{
    static const uint8_t zeros[9] = {0};
    uint8_t last[9] = {0};

    (void)state;
    last[8] = 0x80;
    assert_true(assay_slice_is_zero(ASSAY_EMPTY));
    assert_true(assay_slice_is_zero(ASSAY_SLICE(zeros)));
    assert_false(assay_slice_is_zero(ASSAY_SLICE(last)));
    assert_true(assay_slice_equal(ASSAY_EMPTY, ASSAY_EMPTY));
    assert_true(assay_slice_is(ASSAY_EMPTY, ""));
    assert_true(assay_slice_is_nocase(ASSAY_EMPTY, ""));
    assert_true(assay_slice_find(ASSAY_EMPTY, "x") == ASSAY_NO_OFFSET);
    assay_copy(NULL, ASSAY_EMPTY);
    assay_copy(last, ASSAY_SLICE(zeros));
    assert_memory_equal(last, zeros, sizeof(zeros));
}

/* Every octet, beside the C library in the locale "C". */
static void
ascii(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        uint8_t octet = (uint8_t)c;
        const char text[] = {(char)c, '\0'};
        uint32_t value = isxdigit(c) ? (uint32_t)strtoul(text, NULL, 16) : 16;

        CHECK(text, assay_is_digit(octet) == (isdigit(c) != 0));
        CHECK(text, assay_is_letter(octet) == (isalpha(c) != 0));
        CHECK(text, assay_is_hex(octet) == (isxdigit(c) != 0));
        CHECK(text, assay_to_lower(octet) == tolower(c));
        CHECK(text, assay_hex_value(octet) == value);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_little_endian),
        cmocka_unit_test(never_leaves_its_slice),
        cmocka_unit_test(first_failure_sticks),
        cmocka_unit_test(end_refuses_what_is_left),
        cmocka_unit_test(compares),
        cmocka_unit_test(empty_and_zero),
        cmocka_unit_test(ascii),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
