/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pcs.h - Intel's PCS, or a PCCS, is asked by libcurl.
 */
#pragma once

#include "assay/gather.h"
#include "io/ask.h"
#include "io/fetch.h"

/* Every call of `answer` has a fetcher of its own, of these options, which must
 * outlive what is returned; its errors are those of assay_fetcher_new(). */
struct assay_ask assay_pcs_ask(const struct assay_fetch_options *fetch);

/* Where collateral is asked for, in order: what was given, else what the policy
 * (or NULL) names, else what holds for a policy that names nothing, Phala's
 * PCCS and then Intel's PCS. How many. The strings are not copied. */
size_t assay_pcs_sources(const char *const *given, size_t given_count,
                         const struct assay_policy *p,
                         const char *out[ASSAY_SOURCES_MAX]);
