/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_diff_lines_oom.c - every allocation refused in turn: texts that differ
 * are not told to be equal for want of memory.
 */
#include "harness/oom.h"

#include "base/buf.h"
#include "harness/unit.h"
#include "programs/assay/policy/diff_lines.h"

static void
test_lines(void **state)
{
    long n = 0;

    (void)state;
    for (;; n++) {
        struct assay_buf out;
        struct assay_error err;
        enum assay_code code;

        assay_buf_init(&out, 4096);
        oom_fail_after(n);
        code = diff_lines(assay_slice_of("a\nb\nc\n"),
                          assay_slice_of("a\nx\nc\n"), &out, &err);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            assert_true(out.len > 0);
            assay_buf_free(&out);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
        assay_buf_free(&out);
    }
    assert_true(n >= 4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
