/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * prefetch.h - collateral into the disk cache before anybody needs it.
 */
#pragma once

#include "assay/verify.h"
#include "io/ask.h"
#include "io/seen.h"

struct assay_prefetch_input {
    const struct assay_ctx *ctx;
    struct assay_verifier *verifier;
    const struct assay_root *root;
    const struct assay_gather_request *request;
    struct assay_ask ask;
    const struct assay_quote *quote; /* to try it on; NULL: it is not tried */
    struct assay_seen *seen;         /* or NULL */
    int64_t now_s;
    struct assay_freshness fresh; /* what sources should offer */
};

enum assay_prefetched {
    ASSAY_PREFETCHED,          /* in the cache now */
    ASSAY_PREFETCHED_OLDER,    /* the cache has a newer one, which stays */
    ASSAY_PREFETCHED_REFUSED,  /* not authentic on the quote: not kept */
    ASSAY_PREFETCHED_ROLLBACK, /* of an evaluation that was overtaken */
    ASSAY_PREFETCHED_EXPIRED,  /* ran out before it came */
};

struct assay_prefetch {
    enum assay_prefetched how;
    bool verified;                       /* on the quote */
    struct assay_collateral *collateral; /* what is in the cache, or what was
                                            refused; owned */
    char why[160]; /* REFUSED: the verdict's words; else why the evaluation
                      could not be remembered; or "" */
};

/* Asks the sources whatever the cache has. *out is all zero unless ASSAY_OK,
 * and out->collateral is freed by the caller. Errors of assay_ask();
 * ASSAY_IO (the cache cannot be written, or there is no place for one). */
ASSAY_MUST_CHECK enum assay_code
assay_prefetch(const struct assay_prefetch_input *in,
               struct assay_prefetch *out, struct assay_error *err);
