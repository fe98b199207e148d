/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/refresh.h"

/* 0 to span, by chance; spans are less than 2^31 seconds. */
static int64_t
some_of(int64_t span, uint32_t chance)
{
    return (int64_t)(((uint64_t)span * chance) >> 32);
}

struct assay_refresh_rule
assay_refresh_rule_of(const struct assay_collateral *c,
                      const struct assay_freshness *fresh, int64_t every_s)
{
    struct assay_refresh_rule rule = {
        .issued_s = assay_collateral_issued(c),
        .ends_s = assay_collateral_expires(c),
        .every_s = every_s,
    };

    if (fresh->has_max_age && rule.issued_s + fresh->max_age_s < rule.ends_s) {
        rule.ends_s = rule.issued_s + fresh->max_age_s;
    }
    return rule;
}

#define SPAN_MAX_S INT64_C(0x7fffffff)

static int64_t
at_most(int64_t value, int64_t max)
{
    return value < max ? value : max;
}

int64_t
assay_refresh_due(const struct assay_refresh_rule *rule, int64_t now_s,
                  uint32_t chance)
{
    int64_t life = rule->ends_s - rule->issued_s;
    int64_t quarter = life > 0 ? at_most(life, SPAN_MAX_S) / 4 : 0;
    int64_t due = rule->ends_s - quarter + some_of(quarter / 2, chance);
    int64_t left = rule->ends_s - now_s;

    if (rule->every_s > 0) {
        int64_t again = now_s + rule->every_s -
                        some_of(at_most(rule->every_s, SPAN_MAX_S) / 8, chance);

        due = at_most(due, again);
    }
    if (due <= now_s) { /* it came late: the source has no better one yet */
        due = now_s + at_most(left > 0 ? left / 4 : 0, ASSAY_REFRESH_LATEST_S);
    }
    return due < now_s + ASSAY_REFRESH_SOONEST_S
               ? now_s + ASSAY_REFRESH_SOONEST_S
               : due;
}

int64_t
assay_refresh_retry(unsigned failures, int64_t now_s, uint32_t chance)
{
    unsigned doublings = failures == 0 ? 0 : failures < 7 ? failures - 1 : 6;
    int64_t pause = at_most(ASSAY_REFRESH_SOONEST_S * 2 * (1 << doublings),
                            ASSAY_REFRESH_LATEST_S);

    return now_s + pause - some_of(pause / 2, chance);
}
