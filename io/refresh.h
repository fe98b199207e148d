/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * refresh.h - when collateral is to be fetched anew before it runs out, and
 * when to try again after that failed. Pure functions of dates and a random
 * number, so that many programs that started together do not ask together.
 */
#pragma once

#include "assay/collateral.h"
#include "assay/policy.h"
#include "collateral/usable.h"

#define ASSAY_REFRESH_SOONEST_S ASSAY_ASK_AGAIN_S /* never sooner */
#define ASSAY_REFRESH_LATEST_S  INT64_C(3600) /* pause after many failures */

struct assay_refresh_rule {
    int64_t issued_s;
    int64_t ends_s;  /* last second that it may be used */
    int64_t every_s; /* at least so often; 0: no such rule */
};

/* What holds for collateral under this freshness. */
struct assay_refresh_rule
assay_refresh_rule_of(const struct assay_collateral *c,
                      const struct assay_freshness *fresh, int64_t every_s);

/* In the last quarter of its time, before half of that is over; every_s, less
 * up to an eighth; but not before ASSAY_REFRESH_SOONEST_S. `chance` is any
 * number, evenly spread. */
int64_t assay_refresh_due(const struct assay_refresh_rule *rule, int64_t now_s,
                          uint32_t chance);

/* After so many failures in a row (1 is the first): each pause is twice the one
 * before, up to ASSAY_REFRESH_LATEST_S, less up to a half. */
int64_t assay_refresh_retry(unsigned failures, int64_t now_s, uint32_t chance);
