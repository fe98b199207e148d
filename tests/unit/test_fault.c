/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_fault.c - the first sentence stays, fits and is printable.
 */
#include "eventlog/fault.h"

#include "harness/unit.h"

static void
sentences(void **state)
{
    static const struct assay_slice name = {(const uint8_t *)"ab\xc3\xa9\n", 5};
    char fault[ASSAY_FAULT_BYTES] = "";

    (void)state;
    assay_fault(fault, "name '%.*s'", ASSAY_FAULT_TEXT(name, 40u));
    assert_string_equal(fault, "name 'ab\?\?\?'");
    assay_fault(fault, "another");
    assert_string_equal(fault, "name 'ab\?\?\?'");

    fault[0] = '\0';
    assay_fault(fault, "%.*s", ASSAY_FAULT_TEXT(name, 2u));
    assert_string_equal(fault, "ab");
}

static void
what_does_not_fit(void **state)
{
    (void)state;
    for (int width = ASSAY_FAULT_BYTES - 3; width < ASSAY_FAULT_BYTES + 3;
         width++) {
        char fault[ASSAY_FAULT_BYTES] = "";
        size_t want =
            width < ASSAY_FAULT_BYTES ? (size_t)width : ASSAY_FAULT_BYTES - 1;

        assay_fault(fault, "%*d", width, 1);
        assert_int_equal(strlen(fault), want);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences),
        cmocka_unit_test(what_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
