/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_diff.c - differences, and those between two policies.
 */
#include "policy_diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "diff_lines.h"
#include "policy_diff_parts.h"

#define VALUE_MAX_BYTES (8u * 1024u * 1024u)

/* --- differences -------------------------------------------------------- */

struct difference *
policy_diff_add(struct policy_diff *d, const char *prefix,
                struct assay_slice name)
{
    struct difference *grown;

    if (d->err->code != ASSAY_OK) {
        return NULL;
    }
    if (d->count == DIFFERENCES_MAX) {
        assay_fail(d->err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "more than %u members differ", DIFFERENCES_MAX);
        return NULL;
    }
    grown = realloc(d->difference, (d->count + 1) * sizeof(*grown));
    if (grown == NULL) {
        assay_fail(d->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "out of memory");
        return NULL;
    }
    d->difference = grown;
    grown += d->count++;
    memset(grown, 0, sizeof(*grown));
    (void)snprintf(grown->member, sizeof(grown->member), "%s%.*s", prefix,
                   (int)(name.len < 60 ? name.len : 60),
                   (const char *)name.ptr);
    assay_buf_init(&grown->old, VALUE_MAX_BYTES);
    assay_buf_init(&grown->new, VALUE_MAX_BYTES);
    assay_buf_init(&grown->lines, VALUE_MAX_BYTES);
    return grown;
}

void
policy_diff_free(struct policy_diff *d)
{
    for (size_t i = 0; i < d->count; i++) {
        assay_buf_free(&d->difference[i].old);
        assay_buf_free(&d->difference[i].new);
        assay_buf_free(&d->difference[i].lines);
    }
    free(d->difference);
    d->difference = NULL;
    d->count = 0;
}

static bool
has_lines(struct policy_value v)
{
    return policy_value_is(v, ASSAY_JSON_STRING) &&
           memchr(assay_json_string(v.j, v.node).ptr, '\n',
                  assay_json_string(v.j, v.node).len) != NULL;
}

void
policy_diff_add_values(struct policy_diff *d, const char *prefix,
                       struct assay_slice name, struct policy_value old,
                       struct policy_value new)
{
    struct difference *to = policy_diff_add(d, prefix, name);

    if (to == NULL) {
        return;
    }
    policy_value_write(d, old, &to->old);
    policy_value_write(d, new, &to->new);
    if (policy_value_is(old, ASSAY_JSON_STRING) &&
        policy_value_is(new, ASSAY_JSON_STRING) &&
        (has_lines(old) || has_lines(new)) && d->err->code == ASSAY_OK) {
        (void)!diff_lines(assay_json_string(old.j, old.node),
                          assay_json_string(new.j, new.node), &to->lines,
                          d->err);
    }
}

/* --- members ------------------------------------------------------------ */

void
policy_diff_members(struct policy_diff *d, const char *prefix,
                    struct policy_value old, struct policy_value new,
                    policy_diff_member *compare)
{
    for (uint32_t n = assay_json_first(old.j, old.node);
         n != ASSAY_JSON_NONE && d->err->code == ASSAY_OK;
         n = assay_json_next(old.j, n)) {
        struct assay_slice name = assay_json_string(old.j, n);
        struct policy_value value = {old.j, assay_json_value(old.j, n)};

        compare(d, prefix, name, value, policy_value_find(new, name));
    }
    for (uint32_t n = assay_json_first(new.j, new.node);
         n != ASSAY_JSON_NONE && d->err->code == ASSAY_OK;
         n = assay_json_next(new.j, n)) {
        struct assay_slice name = assay_json_string(new.j, n);
        struct policy_value value = {new.j, assay_json_value(new.j, n)};
        struct policy_value none = policy_value_find(old, name);

        if (none.node == ASSAY_JSON_NONE) {
            compare(d, prefix, name, none, value);
        }
    }
}

/* --- policies ----------------------------------------------------------- */

static bool
same_member(struct policy_diff *d, struct assay_slice name,
            struct policy_value old, struct policy_value new)
{
    bool ordered =
        assay_slice_is(name, "pccs_url") || assay_slice_is(name, "wires");
    bool there = old.node != ASSAY_JSON_NONE && new.node != ASSAY_JSON_NONE;

    return ordered || !there || policy_value_is(old, ASSAY_JSON_OBJECT)
               ? policy_value_same(d, old, new)
               : policy_value_same_set(d, old, new);
}

static void
compare_part(struct policy_diff *d, const char *prefix, struct assay_slice name,
             struct policy_value old, struct policy_value new)
{
    if (!same_member(d, name, old, new)) {
        policy_diff_add_values(d, prefix, name, old, new);
    }
}

/* Parts of an object (the bootchain) are sets as well. */
static void
compare_member(struct policy_diff *d, const char *prefix,
               struct assay_slice name, struct policy_value old,
               struct policy_value new)
{
    char path[64];

    if (policy_value_is(old, ASSAY_JSON_OBJECT) &&
        policy_value_is(new, ASSAY_JSON_OBJECT)) {
        (void)snprintf(path, sizeof(path), "%.*s.",
                       (int)(name.len < 60 ? name.len : 60),
                       (const char *)name.ptr);
        policy_diff_members(d, path, old, new, compare_part);
    } else {
        compare_part(d, prefix, name, old, new);
    }
}

/* What a person notes is no rule; app_compose is compared by its text. */
static void
compare_rule(struct policy_diff *d, const char *prefix, struct assay_slice name,
             struct policy_value old, struct policy_value new)
{
    if (!assay_slice_is(name, "pinned") &&
        !assay_slice_is(name, "app_compose")) {
        compare_member(d, prefix, name, old, new);
    }
}

void
policy_diff_policies(struct policy_diff *d, const struct diff_side *old,
                     const struct diff_side *new)
{
    const struct policy_value a = {old->policy->all, ASSAY_JSON_ROOT};
    const struct policy_value b = {new->policy->all, ASSAY_JSON_ROOT};
    const struct assay_slice name = assay_slice_of("app_compose");
    struct assay_buf room[2];
    struct assay_slice text[2];

    policy_diff_members(d, "", a, b, compare_rule);
    text[0] = policy_diff_compose_of(d, old, &room[0]);
    text[1] = policy_diff_compose_of(d, new, &room[1]);
    if (text[0].len > 0 && text[1].len > 0) {
        policy_diff_composes(d, text[0], text[1]);
    } else if (d->err->code == ASSAY_OK) {
        compare_member(d, "", name, policy_value_find(a, name),
                       policy_value_find(b, name));
    }
    assay_buf_free(&room[0]);
    assay_buf_free(&room[1]);
}
