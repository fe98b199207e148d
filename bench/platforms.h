/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * platforms.h - a made-up PKI with many platforms under it.
 */
#pragma once

#include "mint/world.h"

struct bench_quotes {
    size_t count;
    struct assay_buf *quote;
};

/* Sizes at the upper end of what Intel publishes for TDX: 8 TCB levels, 120
 * entries in the PCK CRL. */
void bench_world_enlarge(struct mint_options *o);
/* A world of such sizes. Dies if it fails, as all functions here do. */
struct mint_world *bench_world_new(void);
/* A quote from each of so many platforms: own PCK, own attestation key. */
void bench_quotes_of_platforms(struct mint_world *w, size_t count,
                               struct bench_quotes *out);
/* So many quotes from the world's own platform, each with another attestation
 * key and so with another QE report. */
void bench_quotes_of_keys(struct mint_world *w, size_t count,
                          struct bench_quotes *out);
void bench_quotes_free(struct bench_quotes *q);
