/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_yaml_tree_oom.c - every allocation of ours refused in turn; libyaml's
 * own are not wrapped.
 */
#include "harness/oom.h"

#include "base/buf.h"
#include "harness/unit.h"
#include "programs/assay/lint/yaml_tree.h"

static void
test_parse(void **state)
{
    struct assay_buf b;
    long n = 0;

    (void)state;
    assay_buf_init(&b, 65536);
    assay_buf_add_text(&b, "a: &a [b, c]\nd: *a\ne:\n");
    for (unsigned i = 0; i < 600; i++) {
        assay_buf_add_text(&b, "  - text\n");
    }
    for (;; n++) {
        struct yaml_tree t;
        struct assay_error err;
        enum assay_code code;

        oom_fail_after(n);
        code = yaml_tree_parse(assay_buf_slice(&b), &t, &err);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            yaml_tree_free(&t);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
        assert_null(t.node);
        assert_int_equal(t.count, 0);
    }
    assert_true(n > 5);
    assay_buf_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
