/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * compose.h - dstack's app-compose document: its defaults and its hashes.
 * Background: docs/policy.md, "app_compose".
 */
#pragma once

#include "assay/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

struct assay_ctx;

#define ASSAY_COMPOSE_MAX_BYTES (1024u * 1024u)

/* The default app-compose as JSON text; static storage. Its pre_launch_script
 * is a third party's text and stands as {"sha256": ["<64 hex>"]}. */
ASSAY_API struct assay_slice assay_compose_default(void);

/* Lays the members of a JSON object over the defaults: shallow, a member that
 * is there keeps its place, new ones follow in the order of `user`. Appends
 * compact JSON. Errors of the JSON reader; ASSAY_INVALID if it is no object. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_compose_merge(struct assay_slice user, struct assay_buf *out,
                    struct assay_error *err);

/* Forms in which the hash of a compose is computed. */
enum assay_compose_form {
    ASSAY_COMPOSE_RAW,       /* the text as it is: what dstack measures */
    ASSAY_COMPOSE_INSERTION, /* compact JSON, members in their order */
    ASSAY_COMPOSE_SORTED,    /* compact JSON, members sorted at every level */
};

/* SHA-256 of the text in that form. Errors of the JSON reader (not for RAW);
 * ASSAY_UNSUPPORTED if the text has a {"sha256": [...]} object in place of a
 * string, which has no text to hash; ASSAY_CRYPTO, ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_compose_hash(const struct assay_ctx *ctx, struct assay_slice json,
                   enum assay_compose_form form, uint8_t out[32],
                   struct assay_error *err);

#ifdef __cplusplus
}
#endif
