/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_diff_compose.c - two app-composes, member by member.
 */
#include "assay/compose.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "policy_diff_parts.h"

static const struct assay_json_limits limits = {5u * ASSAY_COMPOSE_MAX_BYTES,
                                                32, 256u * 1024u};

static void
compare_compose_member(struct policy_diff *d, struct assay_slice name,
                       struct policy_value old, struct policy_value new)
{
    if (!policy_value_same(d, old, new) &&
        !policy_value_is_hash_of(d, old, new) &&
        !policy_value_is_hash_of(d, new, old)) {
        policy_diff_add_values(d, "app_compose.", name, old, new);
    }
}

void
policy_diff_composes(struct policy_diff *d, struct assay_slice old,
                     struct assay_slice new)
{
    struct assay_json *a = NULL;
    struct assay_json *b = NULL;

    if (assay_json_parse(old, &limits, "app-compose", &a, d->err) == ASSAY_OK &&
        assay_json_parse(new, &limits, "app-compose", &b, d->err) == ASSAY_OK) {
        for (uint32_t n = assay_json_first(a, ASSAY_JSON_ROOT);
             n != ASSAY_JSON_NONE; n = assay_json_next(a, n)) {
            struct assay_slice name = assay_json_string(a, n);

            compare_compose_member(d, name, policy_value_find(a, name),
                                   policy_value_find(b, name));
        }
        for (uint32_t n = assay_json_first(b, ASSAY_JSON_ROOT);
             n != ASSAY_JSON_NONE; n = assay_json_next(b, n)) {
            struct assay_slice name = assay_json_string(b, n);

            if (policy_value_find(a, name).node == ASSAY_JSON_NONE) {
                compare_compose_member(d, name, policy_value_find(a, name),
                                       policy_value_find(b, name));
            }
        }
    }
    assay_json_free(a);
    assay_json_free(b);
}

/* What a side says of the app-compose, as JSON text: its object laid over the
 * defaults, or the text itself. Empty: it knows no more than a hash. */
struct assay_slice
policy_diff_compose_of(struct policy_diff *d, const struct diff_side *side,
                       struct assay_buf *room)
{
    struct policy_value object =
        policy_value_member(side->policy->all, ASSAY_JSON_ROOT, "app_compose");

    assay_buf_init(room, limits.max_bytes);
    if (side->app_compose.len > 0 ||
        !policy_value_is(object, ASSAY_JSON_OBJECT)) {
        return side->app_compose;
    }
    (void)!assay_compose_merge(assay_json_span(object.j, object.node), room,
                               d->err);
    return assay_buf_slice(room);
}
