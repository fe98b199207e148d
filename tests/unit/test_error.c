/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_error.c - codes, messages and the rule that the first failure stays.
 */
#include "base/error.h"
#include "harness/unit.h"

static void
codes_have_texts(void **state)
{
    static const enum assay_code all[] = {
#define X(code, name, text, hint) code,
        ASSAY_CODES(X)
#undef X
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        const char *name = assay_code_name(all[i]);

        CHECK(name,
              strspn(name, "abcdefghijklmnopqrstuvwxyz_") == strlen(name));
        CHECK(name, assay_code_text(all[i])[0] != '\0');
        CHECK(name,
              (assay_code_hint(all[i])[0] == '\0') == (all[i] == ASSAY_OK));
        for (size_t k = 0; k < i; k++) {
            CHECK(name, strcmp(name, assay_code_name(all[k])) != 0);
        }
    }
    assert_string_equal(assay_code_name(ASSAY_TOO_LARGE), "too_large");
    assert_string_equal(assay_code_name((enum assay_code)99), "unknown");
    assert_string_equal(assay_code_text((enum assay_code)99), "unknown code");
    assert_string_equal(assay_code_hint((enum assay_code)99), "");
}

static void
first_failure_stays(void **state)
{
    struct assay_error err;

    (void)state;
    memset(&err, 0xff, sizeof(err));
    assay_error_clear(&err);
    check_error("clear", &err, ASSAY_OK, "", ASSAY_NO_OFFSET);
    assert_string_equal(err.msg, "");
    assert_int_equal(assay_fail(&err, ASSAY_TRUNCATED, 7, "a: %d", 1),
                     ASSAY_TRUNCATED);
    assert_int_equal(assay_fail(&err, ASSAY_MALFORMED, 9, "b: %d", 2),
                     ASSAY_TRUNCATED);
    check_error("first", &err, ASSAY_TRUNCATED, "a: 1", 7);
}

static void
message_is_one_safe_line(void **state)
{
    struct assay_error err;
    char longer[600];

    (void)state;
    assay_error_clear(&err);
    assay_fail(&err, ASSAY_MALFORMED, 0, "a\nb\x1b[31m\xc3\xa4\x7f%cz", 0);
    assert_string_equal(err.msg, "a?b?[31m????z");

    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assay_error_clear(&err);
    assay_fail(&err, ASSAY_MALFORMED, 0, "%s", longer);
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
}

static void
prefix_says_where(void **state)
{
    struct assay_error err;
    char longer[600];

    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assay_error_clear(&err);
    assay_error_prefix(&err, "nothing");
    assert_string_equal(err.msg, "");

    assay_fail(&err, ASSAY_MALFORMED, 3, "field: bad");
    assay_error_prefix(&err, "file %d\n", 4);
    check_error("prefix", &err, ASSAY_MALFORMED, "file 4?: field: bad", 3);
    assay_error_prefix(&err, "%s", longer);
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
    assert_string_equal(err.msg + strlen(err.msg) - 2, ": ");

    assay_error_clear(&err);
    assay_fail(&err, ASSAY_MALFORMED, 3, "%s", longer);
    assay_error_prefix(&err, "w");
    assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
    check_error("kept start", &err, ASSAY_MALFORMED, "w: xxx", 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_texts),
        cmocka_unit_test(first_failure_stays),
        cmocka_unit_test(message_is_one_safe_line),
        cmocka_unit_test(prefix_says_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
