/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_value.c - values of policies: where they stand, and whether two of
 * them say the same.
 */
#include "policy_diff_parts.h"

#include "assay/compose.h"
#include "base/bytes.h"
#include "base/json_canon.h"
#include "base/text.h"

#define VALUE_MAX_BYTES (8u * 1024u * 1024u)

struct policy_value
policy_value_member(const struct assay_json *j, uint32_t object,
                    const char *name)
{
    return (struct policy_value){j, object != ASSAY_JSON_NONE
                                        ? assay_json_member(j, object, name)
                                        : ASSAY_JSON_NONE};
}

bool
policy_value_is(struct policy_value v, enum assay_json_type type)
{
    return v.node != ASSAY_JSON_NONE && assay_json_type(v.j, v.node) == type;
}

struct policy_value
policy_value_find(struct policy_value object, struct assay_slice name)
{
    const struct assay_json *j = object.j;
    uint32_t n = policy_value_is(object, ASSAY_JSON_OBJECT)
                     ? assay_json_first(j, object.node)
                     : ASSAY_JSON_NONE;

    while (n != ASSAY_JSON_NONE &&
           !assay_slice_equal(assay_json_string(j, n), name)) {
        n = assay_json_next(j, n);
    }
    return (struct policy_value){
        j, n != ASSAY_JSON_NONE ? assay_json_value(j, n) : ASSAY_JSON_NONE};
}

void
policy_value_write(struct policy_diff *d, struct policy_value v,
                   struct assay_buf *out)
{
    if (v.node != ASSAY_JSON_NONE) {
        (void)!assay_json_canon(v.j, v.node, ASSAY_JSON_SORTED, "policy", out,
                                d->err);
    }
}

bool
policy_value_same(struct policy_diff *d, struct policy_value a,
                  struct policy_value b)
{
    struct assay_buf text[2];
    bool same;

    if (a.node == ASSAY_JSON_NONE || b.node == ASSAY_JSON_NONE) {
        return a.node == b.node;
    }
    assay_buf_init(&text[0], VALUE_MAX_BYTES);
    assay_buf_init(&text[1], VALUE_MAX_BYTES);
    policy_value_write(d, a, &text[0]);
    policy_value_write(d, b, &text[1]);
    same =
        assay_slice_equal(assay_buf_slice(&text[0]), assay_buf_slice(&text[1]));
    assay_buf_free(&text[0]);
    assay_buf_free(&text[1]);
    return same;
}

static bool
holds(struct policy_diff *d, struct policy_value list, struct policy_value item)
{
    for (uint32_t i = policy_document_first(list.j, list.node);
         i != ASSAY_JSON_NONE; i = policy_document_next(list.j, list.node, i)) {
        if (policy_value_same(d, (struct policy_value){list.j, i}, item)) {
            return true;
        }
    }
    return false;
}

/* Lists of a policy are sets, but for those whose order is one of preference.
 */
bool
policy_value_same_set(struct policy_diff *d, struct policy_value a,
                      struct policy_value b)
{
    const struct policy_value pair[2] = {a, b};

    for (int side = 0; side < 2; side++) {
        struct policy_value of = pair[side];

        for (uint32_t i = policy_document_first(of.j, of.node);
             i != ASSAY_JSON_NONE; i = policy_document_next(of.j, of.node, i)) {
            if (!holds(d, pair[1 - side], (struct policy_value){of.j, i})) {
                return false;
            }
        }
    }
    return true;
}

/* A text, and the hashes that stand for it. */
bool
policy_value_is_hash_of(struct policy_diff *d, struct policy_value hashes,
                        struct policy_value text)
{
    struct policy_value list =
        policy_value_is(hashes, ASSAY_JSON_OBJECT)
            ? policy_value_member(hashes.j, hashes.node, "sha256")
            : (struct policy_value){hashes.j, ASSAY_JSON_NONE};
    uint8_t hash[32];
    char hex[2 * sizeof(hash) + 1];

    if (list.node == ASSAY_JSON_NONE ||
        !policy_value_is(text, ASSAY_JSON_STRING) ||
        assay_compose_hash(d->ctx, assay_json_string(text.j, text.node),
                           ASSAY_COMPOSE_RAW, hash, d->err) != ASSAY_OK) {
        return false;
    }
    assay_hex_to(hex, (struct assay_slice){hash, sizeof(hash)});
    for (uint32_t i = policy_document_first(list.j, list.node);
         i != ASSAY_JSON_NONE; i = policy_document_next(list.j, list.node, i)) {
        if (assay_slice_is(assay_json_string(list.j, i), hex)) {
            return true;
        }
    }
    return false;
}
