/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * throttle.c - how many octets a second.
 */
#include "throttle.h"

#define SECOND_US 1000000u

uint64_t
throttle_due(const struct throttle *t, uint32_t rate)
{
    return rate > 0 ? (t->paid_us + 999u) / 1000u : 0;
}

size_t
throttle_read_max(uint32_t rate, size_t max)
{
    return rate > 0 && rate < max ? rate : max;
}

/* Who has taken nothing for a while has saved no more than a second. */
void
throttle_take(struct throttle *t, uint32_t rate, uint64_t now_ms, size_t octets)
{
    uint64_t now = now_ms * 1000u;
    uint64_t saved = now > SECOND_US ? now - SECOND_US : 0;

    if (rate > 0) {
        t->paid_us = t->paid_us > saved ? t->paid_us : saved;
        t->paid_us += ((uint64_t)octets * SECOND_US + rate - 1) / rate;
    }
}
