/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_demo_liar.c - how the demo's lying guest agent edits what it passes on.
 */
#include "harness/unit.h"
#include "programs/demo/liar.h"

static void
check_text(const char *row, struct assay_slice got, const char *want)
{
    CHECK(row, assay_slice_is(got, want));
    free((void *)(uintptr_t)got.ptr);
}

static void
replaces_all(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } rows[] = {
        {"", ""},       {"ab", "xy"},           {"a", "a"},
        {"aab", "axy"}, {"abab-ab", "xyxy-xy"}, {"aba", "xya"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_slice text = exact_copy(assay_slice_of(rows[i].in));

        liar_replace_all(text, "ab", "xy");
        check_text(rows[i].in, text, rows[i].out);
    }
}

/* The last "ab" before the first "M!", and both or none. */
static void
replaces_at(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } rows[] = {
        {"", ""},         {"abM!", "xym?"}, {"ab ab-M! abM!", "ab xy-m? abM!"},
        {"M!ab", "M!ab"}, {"a-M!", "a-M!"}, {"ab", "ab"},
        {"aM!b", "aM!b"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct assay_slice text = exact_copy(assay_slice_of(rows[i].in));

        liar_replace_at(text, "M!", "m?", "ab", "xy");
        check_text(rows[i].in, text, rows[i].out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_all),
        cmocka_unit_test(replaces_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
