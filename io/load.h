/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * load.h - what judgements rest on, from file to object: bundles, policies,
 * roots.
 *
 * Every message starts with the path. *out is NULL unless ASSAY_OK.
 */
#pragma once

#include "assay/verify.h"
#include "base/buf.h"

ASSAY_MUST_CHECK enum assay_code
assay_load_bundle(const struct assay_ctx *ctx, const char *path,
                  struct assay_collateral **out, struct assay_error *err);
/* TOML if the name ends in ".toml", otherwise JSON. A compose_file is read
 * from the policy's folder. */
ASSAY_MUST_CHECK enum assay_code assay_load_policy(const struct assay_ctx *ctx,
                                                   const char *path,
                                                   struct assay_policy **out,
                                                   struct assay_error *err);
/* The same, and the texts that it was made from. */
struct assay_load_policy_texts {
    struct assay_buf text;
    bool is_toml;
    struct assay_buf compose_file; /* its content; empty if it names none */
};
ASSAY_MUST_CHECK enum assay_code assay_load_policy_texts(
    const struct assay_ctx *ctx, const char *path, struct assay_policy **out,
    struct assay_load_policy_texts *texts, struct assay_error *err);
/* The same of a text that has been read from `path` already: texts->text, which
 * stays the caller's to free whatever happens. */
ASSAY_MUST_CHECK enum assay_code assay_load_policy_of(
    const struct assay_ctx *ctx, const char *path, struct assay_policy **out,
    struct assay_load_policy_texts *texts, struct assay_error *err);
/* An empty one (all zero) is fine. */
void assay_load_policy_texts_free(struct assay_load_policy_texts *t);
/* From a file. */
ASSAY_MUST_CHECK enum assay_code assay_load_root(const struct assay_ctx *ctx,
                                                 const char *path,
                                                 struct assay_root **out,
                                                 struct assay_error *err);
/* As a policy names it: PEM text, or the path of a file. */
ASSAY_MUST_CHECK enum assay_code
assay_load_root_of_policy(const struct assay_ctx *ctx, const char *pem_or_path,
                          struct assay_root **out, struct assay_error *err);
