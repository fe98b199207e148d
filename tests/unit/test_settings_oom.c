/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_settings_oom.c - every allocation refused in turn: of a file, of
 * variables, and of a copy of what was given.
 */
#include "harness/oom.h"

#include <stdlib.h>

#include "harness/settings.h"
#include "harness/unit.h"

static enum assay_code
take(struct assay_error *err)
{
    static const char text[] = "name = 'n'\nlist = ['a', 'b']\ncount = 3\n"
                               "extra = 'e'\nloud = true\n";
    struct given copy = {.kept = NULL};
    struct options o;
    unsigned kinds = 0;

    default_options(&o);
    if (settings_take_text(&test_settings, &o.given, assay_slice_of(text),
                           "file", err) == ASSAY_OK &&
        settings_take_env(&test_settings, &o.given, &kinds, err) == ASSAY_OK &&
        given_copy(&o.given, &copy, err) == ASSAY_OK) {
        assert_string_equal(o.name, "e");
        assert_int_equal(o.list_count, 3);
        assert_int_equal(kinds, VALUE | LIST);
    }
    given_free(&copy);
    given_free(&o.given);
    return err->code;
}

static void
test_take(void **state)
{
    (void)state;
    assert_int_equal(setenv(TEST_ENV_NAME, "e", 1), 0);
    assert_int_equal(setenv(TEST_ENV_LIST, "x,y,z", 1), 0);
    for (long n = 0;; n++) {
        struct assay_error err;
        enum assay_code code;

        oom_fail_after(n);
        code = take(&err);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            assert_true(n > 15);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
        assert_int_equal(err.code, ASSAY_NO_MEMORY);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_take)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
