/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * usable.h - whether collateral is worth using, by its dates, its evaluation
 * and the platform that it is for; no judgement of what it says.
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
/* Neither number is below what was seen. */
bool assay_has_reached(const struct assay_collateral *c,
                       struct assay_evaluations seen);
/* Is this of the TEE and the platform family that was asked for? What is not
 * may be authentic, but it is of no use. ASSAY_NOT_FOUND. */
ASSAY_MUST_CHECK enum assay_code
assay_serves(const struct assay_collateral *c,
             const struct assay_collateral_need *need, struct assay_error *err);
