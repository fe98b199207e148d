/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ctx.h - one context for all tests of a program. For group fixtures.
 */
#pragma once

#include "assay/assay.h"
#include "harness/unit.h"

static struct assay_ctx *ctx;

static inline int
ctx_setup(void **state)
{
    struct assay_error err;

    (void)state;
    return assay_ctx_new(&ctx, &err) == ASSAY_OK ? 0 : -1;
}

static inline int
ctx_teardown(void **state)
{
    (void)state;
    assay_ctx_free(ctx);
    return 0;
}
