/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * trial.h - a test world (mint/world.h) put before the verifier.
 */
#pragma once

#include "assay/verify.h"
#include "base/buf.h"
#include "harness/unit.h"
#include "mint/world.h"

static inline struct mint_world *
trial_world(const char *row, const struct mint_options *changes)
{
    struct mint_options o = *changes;
    struct mint_world *w = NULL;
    struct assay_error err;

    o.seed = o.seed != NULL ? o.seed : MINT_TEST_SEED;
    if (mint_world_new(&o, &w, &err) != ASSAY_OK) {
        fail_msg("row \"%s\": %s", row, err.msg);
    }
    return w;
}

static inline struct assay_ctx *
trial_ctx(void)
{
    struct assay_ctx *ctx = NULL;
    struct assay_error err;

    assert_int_equal(assay_ctx_new(&ctx, &err), ASSAY_OK);
    return ctx;
}

static inline struct assay_root *
trial_root(const struct assay_ctx *ctx, struct assay_slice pem)
{
    struct assay_root *root = NULL;
    struct assay_error err;

    if (assay_root_parse(ctx, pem, &root, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return root;
}

static inline struct assay_policy *
trial_policy(const char *json)
{
    struct assay_policy *policy = NULL;
    struct assay_error err;

    if (assay_policy_parse(assay_slice_of(json), &policy, &err) != ASSAY_OK) {
        fail_msg("%s: %s", json, err.msg);
    }
    return policy;
}

static inline struct assay_quote *
trial_quote(const struct mint_world *w)
{
    struct assay_buf raw;
    struct assay_quote *quote = NULL;
    struct assay_error err;

    assay_buf_init(&raw, MINT_QUOTE_MAX);
    if (mint_world_quote(w, &raw, &err) != ASSAY_OK ||
        assay_quote_parse(assay_buf_slice(&raw), &quote, &err) != ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    assay_buf_free(&raw);
    return quote;
}

static inline struct assay_collateral *
trial_collateral(const struct assay_ctx *ctx, const struct mint_world *w)
{
    const struct assay_collateral_parts parts = mint_world_collateral_parts(w);
    struct assay_collateral *collateral = NULL;
    struct assay_error err;

    if (assay_collateral_from_parts(ctx, &parts, &collateral, &err) !=
        ASSAY_OK) {
        fail_msg("%s", err.msg);
    }
    return collateral;
}

/* The outcome of a check; a check that the verdict does not show fails. */
static inline struct assay_check
trial_check(const struct assay_verdict *v, const char *name)
{
    for (size_t i = 0; i < assay_verdict_check_count(v); i++) {
        struct assay_check c = assay_verdict_check(v, i);

        if (strcmp(c.name, name) == 0) {
            return c;
        }
    }
    fail_msg("the verdict has no check %s", name);
    return (struct assay_check){.name = name};
}
