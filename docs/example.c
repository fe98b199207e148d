/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Is this TDX quote from a genuine, healthy platform? The caller has the bytes
 * and says which root it trusts and what time it is. */
#include <assay/assay.h>

bool
is_trusted(struct assay_slice quote_bytes, struct assay_slice bundle,
           const struct assay_root *root, int64_t now_s, struct assay_error *e)
{
    struct assay_ctx *ctx = NULL;
    struct assay_verifier *verifier = NULL; /* keep it: it remembers */
    struct assay_quote *quote = NULL;
    struct assay_collateral *collateral = NULL;
    struct assay_policy *policy = NULL;
    struct assay_verdict *verdict = NULL;
    bool trusted = false;

    if (assay_ctx_new(&ctx, e) == ASSAY_OK &&
        assay_verifier_new(ctx, ASSAY_DEFAULT_PLATFORMS, &verifier, e) ==
            ASSAY_OK &&
        assay_quote_parse(quote_bytes, &quote, e) == ASSAY_OK &&
        assay_collateral_parse(ctx, bundle, &collateral, e) == ASSAY_OK &&
        assay_policy_default(ASSAY_TEE_TDX, &policy, e) == ASSAY_OK) {
        struct assay_verify_input in = {
            .quote = quote,
            .collateral = collateral,
            .root = root,
            .policy = policy,
            .now_s = now_s,
        };

        trusted = assay_verify(verifier, &in, &verdict, e) == ASSAY_OK &&
                  assay_verdict_trusted(verdict);
    }
    assay_verdict_free(verdict);
    assay_policy_free(policy);
    assay_collateral_free(collateral);
    assay_quote_free(quote);
    assay_verifier_free(verifier);
    assay_ctx_free(ctx);
    return trusted;
}
