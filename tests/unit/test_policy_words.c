/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_policy_words.c - every member of a policy is told in words: a new one
 * without words fails here.
 */
#include "harness/unit.h"
#include "policy/members.h"
#include "programs/assay/policy/policy_words.h"

static void
test_members(void **state)
{
    (void)state;
    for (size_t i = 0; i < assay_member_row_count; i++) {
        const char *name = assay_member_rows[i].name;
        const struct policy_words *w = policy_words_of(assay_slice_of(name));

        CHECK(name, w != NULL && w->set != NULL && w->otherwise != NULL);
        if (w == NULL || w->set == NULL || w->otherwise == NULL) {
            continue;
        }
        CHECK(name, strcmp(w->name, name) == 0);
        CHECK(name, strlen(w->set) > 10);
        CHECK(name, strlen(w->otherwise) > 10);
        CHECK(name, w->set[strlen(w->set) - 1] == '.');
        CHECK(name, w->otherwise[strlen(w->otherwise) - 1] == '.');
        CHECK(name, !(w->weakens && w->open));
    }
    assert_null(policy_words_of(assay_slice_of("none")));
}

static void
test_types(void **state)
{
    (void)state;
    assert_non_null(policy_words_type(assay_slice_of("dstack_tdx")));
    assert_non_null(policy_words_type(assay_slice_of("tdx")));
    assert_non_null(policy_words_type(assay_slice_of("sgx")));
    assert_null(policy_words_type(assay_slice_of("snp")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
