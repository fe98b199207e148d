/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * provider.c - upstreams as they were configured.
 */
#include "provider.h"

#include "base/bytes.h"

const struct provider *
providers_find(const struct providers *p, struct assay_slice name)
{
    for (size_t i = 0; i < p->count; i++) {
        if (assay_slice_is(name, p->all[i]->name)) {
            return p->all[i];
        }
    }
    return NULL;
}
