/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * compose_parts.h - what the files of compose share.
 */
#pragma once

#include "base/json.h"
#include "eventlog/compose.h"

#define ASSAY_COMPOSE_MAX_DEPTH 32u
/* No text grows by more than this when it is written anew: "1e15" to
 * "1000000000000000.0". */
#define ASSAY_COMPOSE_CANON_MAX_BYTES (5u * ASSAY_COMPOSE_MAX_BYTES)

/* A node of some document; node may be ASSAY_JSON_NONE. */
struct assay_compose_at {
    const struct assay_json *doc;
    uint32_t node;
};

/* Parses an app-compose. Errors of the JSON reader; ASSAY_INVALID if it is no
 * object. *out is NULL unless ASSAY_OK. */
ASSAY_MUST_CHECK enum assay_code assay_compose_parse(struct assay_slice text,
                                                     const char *what,
                                                     struct assay_json **out,
                                                     struct assay_error *err);
/* The member's value. Costs a walk over the object's members. */
struct assay_compose_at assay_compose_member(struct assay_compose_at object,
                                             struct assay_slice name);
/* Is it {"sha256": [...]}, which stands for a text? */
bool assay_compose_is_hashes(struct assay_compose_at at);
/* Does any value below the document's top stand for a text? */
bool assay_compose_has_hashes(const struct assay_json *doc);
/* SHA-256 of the document written anew. */
ASSAY_MUST_CHECK enum assay_code assay_compose_hash_form(
    const struct assay_ctx *ctx, const struct assay_json *doc,
    enum assay_compose_form form, uint8_t out[ASSAY_SHA256_BYTES],
    struct assay_error *err);

/* How two values compare. */
struct assay_compose_diff {
    bool equal;
    /* where they differ, below the two that were compared */
    struct assay_compose_at expected;
    struct assay_compose_at offered;
};
/* Members in any order; null in `expected` is also a member that is absent.
 * ASSAY_CRYPTO. */
ASSAY_MUST_CHECK enum assay_code
assay_compose_diff(const struct assay_ctx *ctx,
                   struct assay_compose_at expected,
                   struct assay_compose_at offered,
                   struct assay_compose_diff *out, struct assay_error *err);
/* One sentence on the difference; `want` is "expected" or "default". */
void assay_compose_describe(const struct assay_compose_diff *d,
                            struct assay_slice member, const char *want,
                            char fault[160]);
