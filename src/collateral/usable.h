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
/* When its documents were issued, Unix seconds. */
struct assay_issued {
    int64_t tcb_info_s;
    int64_t qe_identity_s;
    int64_t pck_crl_s;
};
struct assay_issued assay_issued_of(const struct assay_collateral *c);
/* One of its documents is later than that, and none is earlier: they are issued
 * each for itself. Than nothing (all zero), any is. */
bool assay_is_newer(const struct assay_collateral *c, struct assay_issued than);
/* What somebody who holds collateral measures it by. */
struct assay_holding {
    struct assay_freshness fresh;
    int64_t grace_s;
    struct assay_evaluations seen; /* the highest that were ever verified */
};
/* Nobody can have better. */
bool assay_is_best(const struct assay_collateral *c,
                   const struct assay_holding *h, int64_t now_s);
/* May be handed out without asking anybody: it is the best, or it will do and
 * nobody had better at asked_s, a moment ago (INT64_MIN: it was not asked), so
 * that sources which are silent or behind are not asked by every session. */
#define ASSAY_ASK_AGAIN_S INT64_C(60)
bool assay_is_held(const struct assay_collateral *c,
                   const struct assay_holding *h, int64_t asked_s,
                   int64_t now_s);
/* What serves one serves the other. */
bool assay_same_need(const struct assay_collateral_need *a,
                     const struct assay_collateral_need *b);
/* Is this of the TEE and the platform family that was asked for? What is not
 * may be authentic, but it is of no use. ASSAY_NOT_FOUND. */
ASSAY_MUST_CHECK enum assay_code
assay_serves(const struct assay_collateral *c,
             const struct assay_collateral_need *need, struct assay_error *err);
