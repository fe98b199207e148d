/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_lint_oom.c - every allocation of ours refused in turn: nothing is found
 * to be good for want of memory.
 */
#include "harness/oom.h"

#include "base/error.h"
#include "harness/unit.h"
#include "programs/assay/lint/lint.h"

static void
test_policy(void **state)
{
    static const char text[] =
        "{\"type\":\"dstack_tdx\",\"partial\":true,\"app_compose\":{"
        "\"pre_launch_script\":\"x\",\"docker_compose_file\":"
        "\"services: {a: {image: b}}\"}}";
    struct assay_policy *p = NULL;
    struct assay_ctx *ctx = NULL;
    struct assay_error err;
    long n = 0;

    (void)state;
    assert_int_equal(assay_ctx_new(&ctx, &err), ASSAY_OK);
    assert_int_equal(assay_policy_parse(assay_slice_of(text), &p, &err),
                     ASSAY_OK);
    for (;; n++) {
        struct lint l = {.ctx = ctx, .err = &err};

        assay_error_clear(&err);
        oom_fail_after(n);
        lint_policy(&l, p, ASSAY_EMPTY);
        if (!oom_stop()) {
            assert_int_equal(err.code, ASSAY_OK);
            assert_true(l.count > 5);
            lint_free(&l);
            break;
        }
        assert_true(err.code == ASSAY_NO_MEMORY || err.code == ASSAY_CRYPTO);
        lint_free(&l);
    }
    assert_true(n > 20);
    assay_policy_free(p);
    assay_ctx_free(ctx);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_policy)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
