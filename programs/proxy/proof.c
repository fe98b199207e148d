/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * proof.c - how much a verdict says.
 */
#include "proof.h"

#include <string.h>

/* Its row of the checks: docs/verdict.md, "Event log and workload". */
static struct assay_check
workload_of(const struct assay_verdict *v)
{
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        const struct assay_check c = assay_verdict_check(v, i);

        if (strcmp(c.name, "workload") == 0) {
            return c;
        }
    }
    return (struct assay_check){.outcome = ASSAY_NOT_CHECKED, .detail = ""};
}

const char *
proof_note(const struct assay_verdict *v)
{
    return workload_of(v).detail;
}

bool
proof_is_partial(const struct assay_verdict *v)
{
    struct assay_check c = workload_of(v);

    /* A policy that names some of it passes, and the row lists the rest. */
    return c.outcome != ASSAY_PASSED || strstr(c.detail, "not checked: ");
}
