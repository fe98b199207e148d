/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rate.c - see rate.h.
 */
#include "io/rate.h"

#include <string.h>

#define US_PER_S 1000000

void
assay_rate_init(struct assay_rate *r, uint32_t per_s, uint32_t burst)
{
    memset(r, 0, sizeof(*r));
    if (per_s > 0) {
        r->interval_us = per_s < US_PER_S ? US_PER_S / (int64_t)per_s : 1;
        r->depth_us = r->interval_us * ((int64_t)burst - 1);
    }
}

static int64_t *
counter(struct assay_rate *r, const uint8_t who[ASSAY_RATE_DIGEST_BYTES],
        size_t row)
{
    size_t column = (size_t)who[2 * row] << 8 | who[2 * row + 1];

    return &r->full_us[row][column % ASSAY_RATE_COLUMNS];
}

int64_t
assay_rate_take(struct assay_rate *r,
                const uint8_t who[ASSAY_RATE_DIGEST_BYTES], int64_t now_us)
{
    int64_t full = *counter(r, who, 0);

    if (r->interval_us == 0) {
        return 0;
    }
    for (size_t row = 1; row < ASSAY_RATE_ROWS; row++) {
        int64_t other = *counter(r, who, row);

        full = other < full ? other : full;
    }
    full = full > now_us ? full : now_us;
    if (full - now_us > r->depth_us) {
        return full - now_us - r->depth_us;
    }
    full += r->interval_us;
    for (size_t row = 0; row < ASSAY_RATE_ROWS; row++) {
        int64_t *c = counter(r, who, row);

        *c = full > *c ? full : *c;
    }
    return 0;
}
