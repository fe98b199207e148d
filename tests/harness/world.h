/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * world.h - a minted platform, ready to be verified: quote, collateral and
 * root from one seed. Ends the program if that cannot be made, so that it
 * serves unit tests and fuzz targets alike.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "assay/verify.h"
#include "base/buf.h"
#include "mint/world.h"

struct evidence {
    struct mint_world *world;
    struct assay_buf quote;
    struct assay_collateral *collateral;
    struct assay_root *root;
};

/* The kinds of quote that tests go through. */
enum evidence_kind { EVIDENCE_SGX_V3, EVIDENCE_TDX_V4, EVIDENCE_TDX_V5 };
#define EVIDENCE_KINDS 3

static inline const char *
evidence_name(enum evidence_kind kind)
{
    static const char *const names[EVIDENCE_KINDS] = {"SGX v3", "TDX v4",
                                                      "TDX v5"};

    return names[kind];
}

static inline void
evidence_need(bool good, const struct assay_error *err)
{
    if (!good) {
        (void)fprintf(stderr, "no evidence to test with: %s\n", err->msg);
        abort();
    }
}

static inline struct mint_options
evidence_options(enum evidence_kind kind)
{
    struct mint_options o = {.seed = MINT_TEST_SEED};

    o.quote.version = kind == EVIDENCE_SGX_V3   ? 3
                      : kind == EVIDENCE_TDX_V4 ? 4
                                                : 5;
    return o;
}

/* By these options, whose seed must be set. */
static inline void
evidence_make(struct evidence *e, const struct assay_ctx *ctx,
              const struct mint_options *o)
{
    struct assay_collateral_parts parts;
    struct assay_error err;

    evidence_need(mint_world_new(o, &e->world, &err) == ASSAY_OK, &err);
    assay_buf_init(&e->quote, MINT_QUOTE_MAX);
    evidence_need(mint_world_quote(e->world, &e->quote, &err) == ASSAY_OK,
                  &err);
    parts = mint_world_collateral_parts(e->world);
    evidence_need(assay_collateral_from_parts(ctx, &parts, &e->collateral,
                                              &err) == ASSAY_OK,
                  &err);
    evidence_need(assay_root_parse(ctx, mint_world_root_pem(e->world), &e->root,
                                   &err) == ASSAY_OK,
                  &err);
}

static inline void
evidence_free(struct evidence *e)
{
    mint_world_free(e->world);
    assay_buf_free(&e->quote);
    assay_collateral_free(e->collateral);
    assay_root_free(e->root);
}
