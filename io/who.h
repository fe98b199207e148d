/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * who.h - a digest that stands for whoever asks, under a key that nobody
 * outside knows: so nobody can choose where in a table an entry lands.
 */
#pragma once

#include "assay/assay.h"

#define ASSAY_WHO_DIGEST_BYTES 32u
#define ASSAY_WHO_KEY_BYTES    32u

/* Immutable, once made. */
struct assay_who {
    const struct assay_ctx *ctx;
    uint8_t key[ASSAY_WHO_KEY_BYTES];
};

/* ctx must outlive it. False: the system gave no randomness. */
ASSAY_MUST_CHECK bool assay_who_init(struct assay_who *w,
                                     const struct assay_ctx *ctx);
/* name: an address, or whatever else tells one from another. False: it could
 * not be computed, and nobody should be let in. */
ASSAY_MUST_CHECK bool assay_who_digest(const struct assay_who *w,
                                       struct assay_slice name,
                                       uint8_t out[ASSAY_WHO_DIGEST_BYTES]);
