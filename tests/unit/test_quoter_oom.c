/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_quoter_oom.c - every allocation up to a call under way refused in turn.
 */
#include "harness/oom.h"

#include "harness/unit.h"
#include "io/quoter.h"

static uv_loop_t loop;

struct answer {
    int calls;
    enum assay_code code;
};

static void
on_done(void *user, const struct assay_quoted *quoted,
        const struct assay_error *err)
{
    struct answer *a = user;

    assert_null(quoted);
    a->calls++;
    a->code = err->code;
}

static void
try_new(const char *spec)
{
    long n = 0;

    for (;; n++) {
        struct assay_quoter *q = (struct assay_quoter *)&loop;
        struct assay_error err;
        enum assay_code code;

        oom_fail_after(n);
        code = assay_quoter_new(&loop, spec, 0, &q, &err);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            assay_quoter_free(q);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
        assert_int_equal(err.code, ASSAY_NO_MEMORY);
        assert_null(q);
    }
    assert_true(n > 2);
}

/* NULL, and then no callback; or a call, and then one. */
static void
try_call(const char *spec, bool announce)
{
    static const uint8_t data[64] = {1};
    struct assay_quoter *q = NULL;
    struct assay_error err;
    long n = 0;

    assert_int_equal(assay_quoter_new(&loop, spec, 0, &q, &err), ASSAY_OK);
    for (bool refused = true; refused; n++) {
        struct assay_quoter_call *call;
        struct answer a = {0, ASSAY_OK};

        oom_fail_after(n);
        call = announce ? assay_quoter_announce(q, data, on_done, &a)
                        : assay_quoter_get(q, data, on_done, &a);
        refused = oom_stop();
        assert_true(call != NULL || refused);
        assert_int_equal(a.calls, 0);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(a.calls, call != NULL ? 1 : 0);
        assert_true(call == NULL || !refused || a.code == ASSAY_NO_MEMORY);
        assert_true(refused || a.code != ASSAY_NO_MEMORY);
    }
    assert_true(n > 1);
    assay_quoter_free(q);
}

static void
test_new(void **state)
{
    (void)state;
    try_new("dstack:/absent/socket");
    try_new("configfs:/absent/folder");
}

static void
test_calls(void **state)
{
    (void)state;
    try_call("dstack:/absent/socket", false);
    try_call("dstack:/absent/socket", true);
    try_call("configfs:/absent/folder", false);
    try_call("configfs:/absent/folder", true);
}

static int
make_loop(void **state)
{
    (void)state;
    return uv_loop_init(&loop);
}

static int
close_loop(void **state)
{
    (void)state;
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),
        cmocka_unit_test(test_calls),
    };

    return cmocka_run_group_tests(tests, make_loop, close_loop);
}
