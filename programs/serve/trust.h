/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * trust.h - what evidence is judged by here: the policy of clients, the root,
 * where collateral comes from, and what was learnt of its evaluations.
 */
#pragma once

#include "daemon/log.h"
#include "io/supply.h"
#include "options.h"

struct learnt; /* opaque: verifier and evaluations, which reloads hand on */

struct trust {
    struct assay_policy *policy; /* of clients; NULL: they need not attest */
    struct assay_root *own_root;
    struct assay_collateral *fixed;
    struct learnt *learnt; /* held; NULL where nothing is judged */
    const char *sources[ASSAY_SOURCES_MAX];
    size_t source_count;
};

/* Is anything judged, of clients or of what is stapled? */
bool trust_is_needed(const struct options *o);
/* Reads what the options name; before: what it replaces, or NULL. The options
 * must live as long. Freed also after a failure. The message starts with the
 * file. Errors of the files, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code trust_read(struct trust *t,
                                            const struct options *o,
                                            const struct assay_ctx *ctx,
                                            const struct trust *before,
                                            struct assay_error *err);
/* Says it where the memory of evaluations is not to be relied on. */
void trust_warn(const struct trust *t, const struct log *log);
void trust_free(struct trust *t); /* a zeroed one is fine */

const struct assay_root *trust_root(const struct trust *t);
struct assay_verifier *trust_verifier(const struct trust *t);
/* All but the owner of its searches. limit_ms: of all sources together. */
struct assay_supply_options trust_supply(const struct trust *t,
                                         const struct options *o,
                                         const struct assay_ctx *ctx,
                                         uint32_t limit_ms);
