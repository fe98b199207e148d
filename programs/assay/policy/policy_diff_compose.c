/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_diff_compose.c - two app-composes, member by member.
 */
#include "assay/compose.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "policy_diff_parts.h"

static const struct assay_json_limits limits = {5u * ASSAY_COMPOSE_MAX_BYTES,
                                                32, 256u * 1024u};

static void
compare_compose_member(struct policy_diff *d, const char *prefix,
                       struct assay_slice name, struct policy_value old,
                       struct policy_value new)
{
    if (!policy_value_same(d, old, new) &&
        !policy_value_is_hash_of(d, old, new) &&
        !policy_value_is_hash_of(d, new, old)) {
        policy_diff_add_values(d, prefix, name, old, new);
    }
}

static enum assay_code
read_compose(struct policy_diff *d, struct assay_slice text,
             struct assay_json **out)
{
    if (assay_json_parse(text, &limits, "app-compose", out, d->err) !=
        ASSAY_OK) {
        return d->err->code;
    }
    if (assay_json_type(*out, ASSAY_JSON_ROOT) != ASSAY_JSON_OBJECT) {
        assay_fail(d->err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                   "app-compose: no JSON object");
    } else if (assay_json_count(*out, ASSAY_JSON_ROOT) >
               POLICY_DIFF_MEMBERS_MAX) {
        assay_fail(d->err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "app-compose: more than %u members",
                   POLICY_DIFF_MEMBERS_MAX);
    }
    return d->err->code;
}

void
policy_diff_composes(struct policy_diff *d, struct assay_slice old,
                     struct assay_slice new)
{
    struct assay_json *a = NULL;
    struct assay_json *b = NULL;

    if (read_compose(d, old, &a) == ASSAY_OK &&
        read_compose(d, new, &b) == ASSAY_OK) {
        policy_diff_members(
            d, "app_compose.", (struct policy_value){a, ASSAY_JSON_ROOT},
            (struct policy_value){b, ASSAY_JSON_ROOT}, compare_compose_member);
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
