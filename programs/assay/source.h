/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * source.h - where the collateral of a quote comes from, by options and policy.
 */
#pragma once

#include "io/lookup.h"
#include "io/pcs.h"
#include "options.h"

struct source {
    struct assay_collateral_need need;
    const char *urls[ASSAY_SOURCES_MAX];
    struct assay_fetch_options fetch;
    struct assay_lookup lookup; /* refers to the members above */
};

/* Where to ask, in order: options first, then the policy, which names two
 * sources by default; without a policy, Intel's PCS. Returns how many. */
size_t source_urls(const struct options *o, const struct assay_policy *p,
                   const char *out[ASSAY_SOURCES_MAX]);

/* And how: --pccs-ca is in place of the system's TLS roots, a policy's ca_file
 * beside them. */
struct assay_fetch_options source_fetch(const struct options *o,
                                        const struct assay_policy *p);

/* By options and policy, which must outlive *s: everything that the lookup is
 * given but ctx, verifier, root and seen. Errors of assay_collateral_need(). */
ASSAY_MUST_CHECK enum assay_code source_of(const struct options *o,
                                           const struct assay_quote *q,
                                           const struct assay_policy *p,
                                           struct source *s,
                                           struct assay_error *err);
/* What was verified in earlier runs. NULL: out of memory, as *err says. Where
 * rollbacks may go unnoticed, a warning is printed. */
struct assay_seen *source_seen(struct assay_error *err);
/* Runs the lookup, with progress shown where that is wanted. */
ASSAY_MUST_CHECK enum assay_code source_find(struct source *s,
                                             struct assay_error *err);
/* With --verbose: what went wrong with cache and memory. */
void source_tell(const struct options *o, const struct source *s);
