/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * source.h - where the collateral of a quote comes from, by options and policy.
 */
#pragma once

#include "io/obtain.h"
#include "io/pcs.h"
#include "io/seen.h"
#include "options.h"

struct source {
    struct assay_collateral_need need;
    const char *urls[ASSAY_SOURCES_MAX];
    struct assay_fetch_options fetch;
    struct assay_gather_request request;
    struct assay_obtain_input in; /* refers to the members above */
};

/* Where to ask, in order: options first, then the policy, which names two
 * sources by default; without a policy, Intel's PCS. Returns how many. */
size_t source_urls(const struct options *o, const struct assay_policy *p,
                   const char *out[ASSAY_SOURCES_MAX]);

/* And how: --pccs-ca is in place of the system's TLS roots, a policy's ca_file
 * beside them. */
struct assay_fetch_options source_fetch(const struct options *o,
                                        const struct assay_policy *p);

/* The quote, its policy and the options must outlive *s. Errors of
 * assay_collateral_need(). */
ASSAY_MUST_CHECK enum assay_code source_of(const struct options *o,
                                           const struct assay_quote *q,
                                           const struct assay_policy *p,
                                           struct source *s,
                                           struct assay_error *err);
/* What was verified in earlier runs. NULL: out of memory, as *err says. Where
 * rollbacks may go unnoticed, a warning is printed. */
struct assay_seen *source_seen(struct assay_error *err);
/* After a verdict under this root: keeps what was fetched, and remembers its
 * evaluation, as far as the verdict allows it. With --verbose it is said what
 * went wrong with either. */
void source_learn(const struct options *o, struct source *s,
                  struct assay_seen *seen, const struct assay_root *root,
                  const struct assay_verdict *v, struct assay_obtained *what);
/* With progress shown where that is wanted. */
ASSAY_MUST_CHECK enum assay_code source_obtain(const struct assay_ctx *ctx,
                                               struct source *s,
                                               struct assay_obtained *out,
                                               struct assay_error *err);
