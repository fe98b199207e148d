/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "search/sources.h"

size_t
assay_search_sources(const char *const *given, size_t given_count,
                     const struct assay_policy *p,
                     const char *out[ASSAY_SOURCES_MAX])
{
    size_t of_policy = p != NULL ? assay_policy_pccs_count(p) : 0;
    size_t count = 0;

    if (given_count > 0) {
        for (; count < given_count && count < ASSAY_SOURCES_MAX; count++) {
            out[count] = given[count];
        }
        return count;
    }
    for (; count < of_policy && count < ASSAY_SOURCES_MAX; count++) {
        out[count] = assay_policy_pccs(p, count);
    }
    if (count == 0) {
        out[count++] = ASSAY_SOURCE_PHALA;
        out[count++] = ASSAY_SOURCE_INTEL;
    }
    return count;
}
