/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * load.h - what judgements rest on, from file to object: bundles, policies,
 * roots.
 *
 * Every message starts with the path. *out is NULL unless ASSAY_OK.
 */
#pragma once

#include "assay/session.h"
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
/* The content of the compose_file that a policy names is given to it, read from
 * the folder of the file `of`, in which the policy stands. *content is
 * initialised here and stays empty where it names none; freed by the caller.
 */
ASSAY_MUST_CHECK enum assay_code
assay_load_compose_file(const struct assay_ctx *ctx, struct assay_policy *p,
                        const char *of, struct assay_buf *content,
                        struct assay_error *err);
/* A path that the file `of` names, from that file's folder; NUL-terminated.
 * *out is initialised here; `what` starts the message. ASSAY_TOO_LARGE,
 * ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_load_path_beside(const char *of, const char *path, struct assay_buf *out,
                       const char *what, struct assay_error *err);
/* TLS roots: the system's, and those of these files (PEM), of which some may be
 * NULL. What a person names must be there and hold certificates, of the
 * system's what there is is taken (system_roots.h). (load_roots.c) */
ASSAY_MUST_CHECK enum assay_code
assay_load_tls_roots(const struct assay_ctx *ctx, const char *const *files,
                     size_t count, struct assay_tls_roots **out,
                     struct assay_error *err);
/* As a policy names it: PEM text, or the path of a file. */
ASSAY_MUST_CHECK enum assay_code
assay_load_root_of_policy(const struct assay_ctx *ctx, const char *pem_or_path,
                          struct assay_root **out, struct assay_error *err);
