/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "assay/policy.h"
#include "base/bytes.h"

static const char *const names[] = {[ASSAY_TCB_NONE] = NULL,
#define X(code, name) [code] = name,
                                    ASSAY_TCB_STATUSES(X)
#undef X
};
#define COUNT (sizeof(names) / sizeof(names[0]))

const char *
assay_tcb_status_name(enum assay_tcb_status s)
{
    return (size_t)s < COUNT ? names[s] : NULL;
}

enum assay_tcb_status
assay_tcb_status_parse(struct assay_slice name)
{
    for (size_t i = 1; i < COUNT; i++) {
        if (assay_slice_is(name, names[i])) {
            return (enum assay_tcb_status)i;
        }
    }
    return ASSAY_TCB_NONE;
}
