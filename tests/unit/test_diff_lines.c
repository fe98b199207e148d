/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_diff_lines.c - two texts, line by line.
 */
#include "base/buf.h"
#include "harness/unit.h"
#include "programs/assay/policy/diff_lines.h"

static void
test_rows(void **state)
{
    static const struct {
        const char *name;
        const char *old;
        const char *new;
        const char *out;
    } rows[] = {
        {"nothing", "", "", ""},
        {"the same", "a\nb\n", "a\nb\n", ""},
        {"one changed", "a\nb\nc\n", "a\nx\nc\n", " a\n-b\n+x\n c\n"},
        {"one added", "a\nb\n", "a\nx\nb\n", " a\n+x\n b\n"},
        {"one gone", "a\nx\nb\n", "a\nb\n", " a\n-x\n b\n"},
        {"all new", "", "a\nb\n", "+a\n+b\n"},
        {"all gone", "a\nb\n", "", "-a\n-b\n"},
        {"the last without a line feed", "a\nb", "a\nc", " a\n-b\n+c\n"},
        {"aligned", "a\nb\nc\nd\n", "b\nc\nx\nd\n", "-a\n b\n c\n+x\n d\n"},
        {"far before", "1\n2\n3\n4\n5\nx\n", "1\n2\n3\n4\n5\ny\n",
         "...\n 4\n 5\n-x\n+y\n"},
        {"far behind", "x\n1\n2\n3\n4\n", "y\n1\n2\n3\n4\n",
         "-x\n+y\n 1\n 2\n...\n"},
        {"far between", "x\n1\n2\n3\n4\n5\nx\n", "y\n1\n2\n3\n4\n5\ny\n",
         "-x\n+y\n 1\n 2\n...\n 4\n 5\n-x\n+y\n"},
        {"near between", "x\n1\n2\n3\n4\nx\n", "y\n1\n2\n3\n4\ny\n",
         "-x\n+y\n 1\n 2\n 3\n 4\n-x\n+y\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_slice old = exact_copy(assay_slice_of(rows[i].old));
        struct assay_slice new = exact_copy(assay_slice_of(rows[i].new));
        struct assay_buf out;
        struct assay_error err;

        assay_buf_init(&out, 4096);
        CHECK(rows[i].name, diff_lines(old, new, &out, &err) == ASSAY_OK);
        if (!assay_slice_is(assay_buf_slice(&out), rows[i].out)) {
            fail_msg("%s:\n%.*s", rows[i].name, (int)out.len,
                     out.len > 0 ? (const char *)out.ptr : "");
        }
        assay_buf_free(&out);
        free((void *)old.ptr);
        free((void *)new.ptr);
    }
}

static size_t
count_lines(const struct assay_buf *b, uint8_t sign)
{
    size_t count = 0;

    for (size_t i = 0; i < b->len; i++) {
        count += (i == 0 || b->ptr[i - 1] == '\n') && b->ptr[i] == sign;
    }
    return count;
}

/* Above the limit the texts are not aligned, and nothing of them is lost. */
static void
test_long(void **state)
{
    static const struct {
        const char *name;
        size_t lines;
        size_t changed; /* lines told as gone, and as new */
    } rows[] = {
        {"aligned", DIFF_ALIGN_MAX, 2},
        {"too long", DIFF_ALIGN_MAX + 1, DIFF_ALIGN_MAX + 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_buf old;
        struct assay_buf new;
        struct assay_buf out;
        struct assay_error err;

        assay_buf_init(&old, 1u << 20);
        assay_buf_init(&new, 1u << 20);
        assay_buf_init(&out, 1u << 20);
        for (size_t n = 0; n < rows[i].lines; n++) {
            bool end = n == 0 || n + 1 == rows[i].lines;

            assay_buf_printf(&old, "%s%zu\n", end ? "old " : "", n);
            assay_buf_printf(&new, "%s%zu\n", end ? "new " : "", n);
        }
        CHECK(rows[i].name,
              diff_lines(assay_buf_slice(&old), assay_buf_slice(&new), &out,
                         &err) == ASSAY_OK);
        CHECK(rows[i].name, count_lines(&out, '-') == rows[i].changed);
        CHECK(rows[i].name, count_lines(&out, '+') == rows[i].changed);
        assay_buf_free(&old);
        assay_buf_free(&new);
        assay_buf_free(&out);
    }
}

static void
test_small_buffer(void **state)
{
    struct assay_buf out;
    struct assay_error err;

    (void)state;
    assay_buf_init(&out, 4);
    assert_int_equal(diff_lines(assay_slice_of("aaaa\n"),
                                assay_slice_of("bbbb\n"), &out, &err),
                     ASSAY_TOO_LARGE);
    assay_buf_free(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_small_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
