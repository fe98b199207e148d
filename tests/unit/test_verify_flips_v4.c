/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_verify_flips_v4.c - flipped and truncated TDX quotes of version 4.
 */
#include "harness/flips.h"

static void
every_flip_is_refused(void **state)
{
    (void)state;
    flip_everything(EVIDENCE_TDX_V4);
}

static void
every_truncation_is_refused(void **state)
{
    (void)state;
    truncate_everywhere(EVIDENCE_TDX_V4);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_flip_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
