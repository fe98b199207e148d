/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_serve_settings_oom.c - every allocation of reading assay-serve's file
 * refused in turn.
 */
#include "harness/oom.h"

#include "harness/unit.h"
#include "programs/serve/settings.h"

static enum assay_code
read_config(struct assay_error *err)
{
    static const char text[] =
        "backend = 'a:1'\nself-signed = ['a.example', 'b.example']\n"
        "max-quotes = 3\nverbose = true\n"
        "[[certificate]]\ncert = 'c'\nkey = 'k'\nnames = ['x', 'y']\n";
    struct options o;
    enum assay_code code;

    options_default(&o);
    code = settings_take_text(&serve_settings, &o.given, assay_slice_of(text),
                              "file", err);
    assert_true(code != ASSAY_OK ||
                (o.name_count == 2 && o.certificate_count == 1));
    options_free(&o);
    return code;
}

static void
test_config(void **state)
{
    (void)state;
    for (long n = 0;; n++) {
        struct assay_error err;
        enum assay_code code;

        oom_fail_after(n);
        code = read_config(&err);
        if (!oom_stop()) {
            assert_int_equal(code, ASSAY_OK);
            assert_true(n > 10);
            break;
        }
        assert_int_equal(code, ASSAY_NO_MEMORY);
        assert_int_equal(err.code, ASSAY_NO_MEMORY);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_config)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
