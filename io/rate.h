/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * rate.h - so many a second for everyone, and a burst: a bucket of tokens for
 * each, in a table that never grows. No clock: time comes in.
 *
 * Whoever asks is a digest under a key that nobody outside knows. Four parts of
 * it choose one counter in each of four rows, and the lowest of the four
 * counts. Others who happen to share a counter can only make it higher, so
 * nobody ever gets more than is due; and as there are no entries, none has to
 * be evicted, which is how such tables are walked around.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ASSAY_RATE_ROWS         4u
#define ASSAY_RATE_COLUMNS      8192u
#define ASSAY_RATE_DIGEST_BYTES 32u

struct assay_rate {
    int64_t interval_us; /* a token's; 0: there is no limit */
    int64_t depth_us;    /* a full bucket's, beyond the first token */
    /* When the bucket is full again, as if it had no bottom. */
    int64_t full_us[ASSAY_RATE_ROWS][ASSAY_RATE_COLUMNS];
};

/* per_s 0: no limit. burst: at least 1. */
void assay_rate_init(struct assay_rate *r, uint32_t per_s, uint32_t burst);
/* 0: a token was taken. Else nothing was, and there is one in so many us. */
int64_t assay_rate_take(struct assay_rate *r,
                        const uint8_t who[ASSAY_RATE_DIGEST_BYTES],
                        int64_t now_us);
