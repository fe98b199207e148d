/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * toml_tree.c - growing a TOML document, and asking it when it is read. A node
 * that is not there answers like an empty one, so that lookups may be chained
 * and checked once.
 */
#include "base/toml_tree.h"

#include <stdlib.h>

#define FIRST_NODES 64u

static bool
grow(struct assay_toml_parser *p, size_t at)
{
    struct assay_toml *t = p->t;
    uint32_t max = p->limits->max_nodes;
    uint32_t cap = t->node_cap > max / 2 ? max : t->node_cap * 2;
    void *nodes;

    if (t->node_count >= max) {
        assay_fail(p->err, ASSAY_TOO_LARGE, at,
                   "%s: TOML has more than %u values", p->what, max);
        return false;
    }
    if (cap < FIRST_NODES) {
        cap = FIRST_NODES < max ? FIRST_NODES : max;
    }
    nodes = realloc(t->nodes, cap * sizeof(*t->nodes));
    if (nodes == NULL) {
        assay_fail(p->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "%s: out of memory", p->what);
        return false;
    }
    t->nodes = nodes;
    t->node_cap = cap;
    return true;
}

static bool
check_depth(struct assay_toml_parser *p, uint32_t depth, size_t at)
{
    if (depth > p->limits->max_depth) {
        assay_fail(p->err, ASSAY_TOO_LARGE, at,
                   "%s: TOML has more than %u levels", p->what,
                   p->limits->max_depth);
        return false;
    }
    return true;
}

static void
link_child(struct assay_toml *t, uint32_t parent, uint32_t child)
{
    struct assay_toml_node *to = &t->nodes[parent];

    if (to->count == 0) {
        to->first = child;
    } else {
        t->nodes[to->last].next = child;
    }
    to->last = child;
    to->count++;
}

uint32_t
assay_toml_add(struct assay_toml_parser *p, uint32_t parent,
               const struct assay_toml_word *key, enum assay_toml_type type,
               size_t at)
{
    struct assay_toml *t = p->t;
    uint32_t depth = parent == ASSAY_TOML_NONE ? 1 : t->nodes[parent].depth + 1;
    uint32_t index = t->node_count;
    bool holds = type == ASSAY_TOML_TABLE || type == ASSAY_TOML_ARRAY;

    if ((holds && !check_depth(p, depth, at)) ||
        (index == t->node_cap && !grow(p, at))) {
        return ASSAY_TOML_NONE;
    }
    t->nodes[index] = (struct assay_toml_node){
        .at = (uint32_t)at,
        .key_at = key != NULL ? key->at : (uint32_t)at,
        .parent = parent,
        .next = ASSAY_TOML_NONE,
        .first = ASSAY_TOML_NONE,
        .last = ASSAY_TOML_NONE,
        .key = key != NULL ? key->text : 0,
        .key_len = key != NULL ? key->len : 0,
        .around = ASSAY_TOML_NONE,
        .depth = depth,
        .type = (uint8_t)type,
    };
    t->node_count++;
    if (parent != ASSAY_TOML_NONE) {
        link_child(t, parent, index);
    }
    return index;
}

/* The arena is as large as the text and one more: no string grows by being
 * read, and each ends with a byte of the text that is no part of it. */
bool
assay_toml_put(struct assay_toml_parser *p, uint8_t c)
{
    if (p->t->arena_len >= p->t->arena_cap) {
        assay_fail(p->err, ASSAY_TOO_LARGE, assay_toml_place(p),
                   "%s: TOML strings grow", p->what);
        return false;
    }
    p->t->arena[p->t->arena_len++] = c;
    return true;
}

struct assay_slice
assay_toml_word_text(const struct assay_toml *t,
                     const struct assay_toml_word *w)
{
    return (struct assay_slice){t->arena + w->text, w->len};
}

static const struct assay_toml_node *
find(const struct assay_toml *t, uint32_t node)
{
    return node < t->node_count ? &t->nodes[node] : NULL;
}

void
assay_toml_free(struct assay_toml *t)
{
    if (t != NULL) {
        free(t->nodes);
        free(t->arena);
        free(t);
    }
}

enum assay_toml_type
assay_toml_type(const struct assay_toml *t, uint32_t node)
{
    const struct assay_toml_node *n = find(t, node);

    return n != NULL ? (enum assay_toml_type)n->type : ASSAY_TOML_TABLE;
}

size_t
assay_toml_offset(const struct assay_toml *t, uint32_t node)
{
    const struct assay_toml_node *n = find(t, node);

    return n != NULL ? n->at : ASSAY_NO_OFFSET;
}

struct assay_slice
assay_toml_key(const struct assay_toml *t, uint32_t node)
{
    const struct assay_toml_node *n = find(t, node);

    return n != NULL ? (struct assay_slice){t->arena + n->key, n->key_len}
                     : ASSAY_EMPTY;
}

struct assay_slice
assay_toml_text(const struct assay_toml *t, uint32_t node)
{
    const struct assay_toml_node *n = find(t, node);

    return n != NULL ? (struct assay_slice){t->arena + n->text, n->text_len}
                     : ASSAY_EMPTY;
}

int64_t
assay_toml_integer(const struct assay_toml *t, uint32_t node)
{
    const struct assay_toml_node *n = find(t, node);

    return n != NULL && n->type == ASSAY_TOML_INTEGER ? n->integer : 0;
}

bool
assay_toml_boolean(const struct assay_toml *t, uint32_t node)
{
    const struct assay_toml_node *n = find(t, node);

    return n != NULL && n->type == ASSAY_TOML_BOOLEAN && n->integer != 0;
}

uint32_t
assay_toml_count(const struct assay_toml *t, uint32_t node)
{
    const struct assay_toml_node *n = find(t, node);

    return n != NULL ? n->count : 0;
}

uint32_t
assay_toml_first(const struct assay_toml *t, uint32_t node)
{
    const struct assay_toml_node *n = find(t, node);

    return n != NULL ? n->first : ASSAY_TOML_NONE;
}

uint32_t
assay_toml_next(const struct assay_toml *t, uint32_t child)
{
    const struct assay_toml_node *n = find(t, child);

    return n != NULL ? n->next : ASSAY_TOML_NONE;
}

uint32_t
assay_toml_find(const struct assay_toml *t, uint32_t node,
                struct assay_slice key)
{
    const struct assay_toml_node *n = find(t, node);
    uint32_t child = ASSAY_TOML_NONE;

    if (n != NULL && n->type == ASSAY_TOML_TABLE) {
        child = n->first;
    }
    while (child != ASSAY_TOML_NONE &&
           !(t->nodes[child].key_len == key.len &&
             assay_slice_equal(assay_toml_key(t, child), key))) {
        child = t->nodes[child].next;
    }
    return child;
}
