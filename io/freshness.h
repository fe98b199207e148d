/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * freshness.h - whether collateral is still worth using, by its dates and its
 * evaluation; no judgement of what it says.
 */
#pragma once

#include "assay/collateral.h"
#include "assay/policy.h"

/* None of it has run out at now_s (Unix seconds). As src/dcap judges it: the
 * last second belongs to the period. */
bool assay_is_in_date(const struct assay_collateral *c, int64_t now_s);
/* In date, and as fresh as that. */
bool assay_is_fresh(const struct assay_collateral *c,
                    const struct assay_freshness *fresh, int64_t now_s);
/* All its documents have run out by no more than the grace, or not at all, and
 * no certificate has. */
bool assay_is_within_grace(const struct assay_collateral *c, int64_t now_s,
                           int64_t grace_s);
