/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * yaml_ask.c - asking a YAML tree: aliases, members, merges.
 */
#include "base/bytes.h"
#include "yaml_tree.h"

uint32_t
yaml_resolve(const struct yaml_tree *t, uint32_t node)
{
    if (node < t->count && t->node[node].kind == YAML_KIND_ALIAS) {
        return t->node[node].target;
    }
    return node < t->count ? node : YAML_NONE;
}

struct assay_slice
yaml_text(const struct yaml_tree *t, uint32_t node)
{
    if (node >= t->count || t->node[node].kind != YAML_KIND_SCALAR) {
        return ASSAY_EMPTY;
    }
    return (struct assay_slice){t->text.ptr + t->node[node].text,
                                t->node[node].len};
}

const char *
yaml_string(const struct yaml_tree *t, uint32_t node)
{
    struct assay_slice s = yaml_text(t, node);

    return s.ptr != NULL ? (const char *)s.ptr : "";
}

uint32_t
yaml_first(const struct yaml_tree *t, uint32_t node)
{
    node = yaml_resolve(t, node);
    return node != YAML_NONE ? t->node[node].first : YAML_NONE;
}

uint32_t
yaml_next(const struct yaml_tree *t, uint32_t child)
{
    uint32_t next = t->node[child].next;

    /* Behind a key stands its value; the next key follows that. */
    return t->node[child].is_key && next != YAML_NONE ? t->node[next].next
                                                      : next;
}

uint32_t
yaml_value(const struct yaml_tree *t, uint32_t key)
{
    return yaml_resolve(t, t->node[key].next);
}

/* A member of the map itself. */
static uint32_t
own_member(const struct yaml_tree *t, uint32_t map, const char *name)
{
    if (map == YAML_NONE || t->node[map].kind != YAML_KIND_MAP) {
        return YAML_NONE;
    }
    for (uint32_t k = yaml_first(t, map); k != YAML_NONE; k = yaml_next(t, k)) {
        if (assay_slice_is(yaml_text(t, k), name)) {
            return yaml_value(t, k);
        }
    }
    return YAML_NONE;
}

/* A member that the merge key brings: from one map, or from the first of a list
 * that has it. A merge inside of what is merged is not followed, nor is what a
 * long list ends with; whoever looks at the tree has to say so. */
static uint32_t
merged_member(const struct yaml_tree *t, uint32_t map, const char *name)
{
    uint32_t from = own_member(t, map, "<<");
    uint32_t left = YAML_TREE_MAX_MERGED;
    uint32_t found;

    if (from == YAML_NONE || t->node[from].kind != YAML_KIND_LIST) {
        return own_member(t, from, name);
    }
    for (uint32_t e = yaml_first(t, from); e != YAML_NONE && left > 0;
         e = yaml_next(t, e), left--) {
        found = own_member(t, yaml_resolve(t, e), name);
        if (found != YAML_NONE) {
            return found;
        }
    }
    return YAML_NONE;
}

uint32_t
yaml_member(const struct yaml_tree *t, uint32_t map, const char *name)
{
    uint32_t at = yaml_resolve(t, map);
    uint32_t found = own_member(t, at, name);

    return found != YAML_NONE ? found : merged_member(t, at, name);
}
