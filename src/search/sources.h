/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * sources.h - whom a search asks.
 */
#pragma once

#include "assay/gather.h"
#include "assay/policy.h"

/* Where collateral is asked for, in order: what was given, else what the policy
 * (or NULL) names, else what holds for a policy that names nothing, Phala's
 * PCCS and then Intel's PCS. How many. The strings are not copied. */
size_t assay_search_sources(const char *const *given, size_t given_count,
                            const struct assay_policy *p,
                            const char *out[ASSAY_SOURCES_MAX]);
