/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * compose_file.c - the file that a policy names for its compose: the policy has
 * the path, a program brings the content, and what remains is its hash.
 */
#include <stdlib.h>

#include "assay/compose.h"
#include "crypto/crypto.h"
#include "policy/policy.h"

const char *
assay_policy_compose_file(const struct assay_policy *p)
{
    return p->compose_file;
}

static enum assay_code
check_content(const struct assay_policy *p, struct assay_slice content,
              struct assay_error *err)
{
    if (p->compose_file == NULL) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "policy.compose_file: the policy waits for none");
    }
    if (content.len == 0) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "policy.compose_file: it is empty");
    }
    if (p->compose_hash.count >= ASSAY_POLICY_LIST_MAX) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "policy.compose_file: compose_hash has %u values "
                          "already, and this would be one more",
                          ASSAY_POLICY_LIST_MAX);
    }
    if (content.len > ASSAY_COMPOSE_MAX_BYTES) {
        return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_COMPOSE_MAX_BYTES,
                          "policy.compose_file: it has %zu bytes, at most %u "
                          "are read",
                          content.len, ASSAY_COMPOSE_MAX_BYTES);
    }
    return err->code;
}

enum assay_code
assay_policy_set_compose_file(const struct assay_ctx *ctx,
                              struct assay_policy *p,
                              struct assay_slice content,
                              struct assay_error *err)
{
    struct assay_value_set *set = &p->compose_hash;
    uint8_t hash[ASSAY_SHA256_BYTES];
    uint8_t *bytes;

    assay_error_clear(err);
    if (check_content(p, content, err) != ASSAY_OK ||
        assay_sha256(ctx, content, hash, err) != ASSAY_OK) {
        return err->code;
    }
    bytes = realloc(set->bytes, (set->count + 1) * sizeof(hash));
    if (bytes == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "policy.compose_file: out of memory");
    }
    memcpy(bytes + set->count * sizeof(hash), hash, sizeof(hash));
    set->bytes = bytes;
    set->size = sizeof(hash);
    set->count++;
    free(p->compose_file);
    p->compose_file = NULL; /* nothing is left to give */
    return ASSAY_OK;
}
