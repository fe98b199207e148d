/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * proof.c - how much a verdict says.
 */
#include "proof.h"

#include <string.h>

const char *
proof_note(const struct assay_verdict *v)
{
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        const struct assay_check c = assay_verdict_check(v, i);

        if (strcmp(c.name, "workload") == 0) {
            return c.detail;
        }
    }
    return "";
}

bool
proof_is_partial(const struct assay_verdict *v)
{
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        if (assay_verdict_check(v, i).outcome != ASSAY_PASSED) {
            return true;
        }
    }
    /* A policy that names some of it passes, and its row lists the rest. */
    return strstr(proof_note(v), "not checked: ") != NULL;
}
