/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_dstack_reply_oom.c - every allocation of the reading refused in turn.
 */
#include "harness/oom.h"

#include "base/buf.h"
#include "harness/unit.h"
#include "io/dstack_reply.h"

static void
test_quote(void **state)
{
    static const char body[] =
        "{\"quote\":\"00ff\",\"event_log\":\"[{\\\"a\\\":1}]\","
        "\"vm_config\":\"{\\\"b\\\":2}\"}";
    long n = 0;

    (void)state;
    for (;; n++) {
        struct assay_dstack_quote q;
        struct assay_error err;
        enum assay_code code;

        oom_fail_after(n);
        code = assay_dstack_read_quote(assay_slice_of(body), &q, &err);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            assay_dstack_quote_free(&q);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
        assert_true(q.quote.ptr == NULL && q.event_log.ptr == NULL);
    }
    assert_true(n > 5);
}

static void
test_tcb_info(void **state)
{
    static const char body[] = "{\"tcb_info\":\"{\\\"a\\\":1}\"}";
    long n = 0;

    (void)state;
    for (;; n++) {
        struct assay_buf out;
        struct assay_error err;
        enum assay_code code;

        oom_fail_after(n);
        code = assay_dstack_read_tcb_info(assay_slice_of(body), &out, &err);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            assay_buf_free(&out);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
        assert_null(out.ptr);
    }
    assert_true(n > 3);
}

/* What is refused is refused without memory too, if with fewer words. */
static void
test_status(void **state)
{
    long n = 0;

    (void)state;
    for (;; n++) {
        struct assay_error err;

        oom_fail_after(n);
        assert_int_equal(
            assay_dstack_check_status(
                500, assay_slice_of("{\"error\":\"unknown method\"}"), &err),
            ASSAY_NOT_FOUND);
        if (!oom_stop()) {
            break;
        }
    }
    assert_true(n > 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_tcb_info),
        cmocka_unit_test(test_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
