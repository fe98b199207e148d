/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json.c - text to an array of nodes. The containers that are open form a
 * list through their nodes, so depth costs no memory.
 */
#include "base/json.h"

#include <stdlib.h>

#include "base/json_scan.h"
#include "base/json_tree.h"

#define TEXT_MAX_BYTES (256u << 20) /* offsets must fit 32 bits */
#define FIRST_NODES    64u
#define FIRST_ARENA    1024u /* bytes */

struct parser {
    struct assay_json_scan scan;
    const struct assay_json_limits *limits;
    struct assay_json *j;
    uint32_t *scratch; /* for assay_json_find_duplicate() */
    uint32_t scratch_cap;
    uint32_t open;  /* innermost open container, or NONE */
    bool in_object; /* it is one */
    bool after;     /* a value ended; false behind an opening bracket */
    uint32_t depth;
};

static bool
no_memory(struct parser *p)
{
    assay_fail(p->scan.err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
               "%s: out of memory", p->scan.what);
    return false;
}

static size_t
offset_of(const struct parser *p, const uint8_t *at)
{
    return (size_t)(at - p->scan.start);
}

static bool
too_large(struct parser *p, const uint8_t *at, uint32_t limit, const char *of)
{
    assay_fail(p->scan.err, ASSAY_TOO_LARGE, offset_of(p, at),
               "%s: JSON has more than %u %s", p->scan.what, limit, of);
    return false;
}

/* Room for `need` items, at most `max`, doubling. */
static bool
reserve(void **items, uint32_t *cap, size_t item_bytes, uint32_t need,
        uint32_t first, uint32_t max)
{
    uint32_t more = *cap > max / 2 ? max : *cap * 2;
    void *moved;

    if (need <= *cap) {
        return true;
    }
    if (more < first) {
        more = first < max ? first : max;
    }
    if (more < need) {
        more = need;
    }
    moved = realloc(*items, more * item_bytes);
    if (moved == NULL) {
        return false;
    }
    *items = moved;
    *cap = more;
    return true;
}

static __attribute__((noinline, cold)) bool
grow_nodes(struct parser *p, const uint8_t *at)
{
    struct assay_json *j = p->j;
    void *nodes = j->nodes;
    uint32_t max = p->limits->max_nodes;

    if (j->node_count >= max) {
        return too_large(p, at, max, "values and names");
    }
    if (!reserve(&nodes, &j->node_cap, sizeof(*j->nodes), j->node_count + 1,
                 FIRST_NODES, max)) {
        return no_memory(p);
    }
    j->nodes = nodes;
    return true;
}

/* Makes `child` the newest one of the open container. */
static void
link_child(struct parser *p, uint32_t child)
{
    struct assay_json_node *nodes = p->j->nodes;
    struct assay_json_node *parent = &nodes[p->open];

    if (parent->count > 0) {
        nodes[parent->aux].next = child;
    }
    parent->aux = child;
    parent->count++;
}

/* A new node that begins at `at`; NULL after a failure. */
static inline struct assay_json_node *
add_node(struct parser *p, const uint8_t *at, enum assay_json_type type)
{
    struct assay_json *j = p->j;
    struct assay_json_node *node;

    if (j->node_count == j->node_cap && !grow_nodes(p, at)) {
        return NULL;
    }
    node = &j->nodes[j->node_count++];
    node->at = (uint32_t)offset_of(p, at);
    node->len = 0;
    node->next = ASSAY_JSON_NONE;
    node->count = 0;
    node->aux = 0;
    node->type = (uint8_t)type;
    node->flags = 0;
    return node;
}

static void
end_node(const struct parser *p, struct assay_json_node *node,
         const uint8_t *end)
{
    node->len = (uint32_t)offset_of(p, end) - node->at;
}

static __attribute__((noinline)) bool
unescape(struct parser *p, struct assay_json_node *node)
{
    struct assay_json *j = p->j;
    struct assay_slice inner = {j->text.ptr + node->at + 1, node->len - 2};
    void *arena = j->arena;

    /* No string grows by unescaping: all of them fit where the text does. */
    if (!reserve(&arena, &j->arena_cap, 1, j->arena_len + (uint32_t)inner.len,
                 FIRST_ARENA, (uint32_t)j->text.len)) {
        return no_memory(p);
    }
    j->arena = arena;
    node->aux = j->arena_len;
    node->count = (uint32_t)assay_json_unescape(inner, j->arena + node->aux);
    node->flags |= ASSAY_JSON_FLAG_UNESCAPED;
    j->arena_len += node->count;
    return true;
}

static const uint8_t *
read_string(struct parser *p, const uint8_t *at, struct assay_json_node *node)
{
    bool escaped;

    at = assay_json_scan_string(&p->scan, at, &escaped);
    if (at == NULL) {
        return NULL;
    }
    end_node(p, node, at);
    node->count = node->len - 2;
    return !escaped || unescape(p, node) ? at : NULL;
}

static const uint8_t *
open_container(struct parser *p, const uint8_t *at, uint32_t index)
{
    struct assay_json_node *node = &p->j->nodes[index];

    if (p->depth >= p->limits->max_depth) {
        (void)too_large(p, at, p->limits->max_depth, "levels");
        return NULL;
    }
    p->depth++;
    node->next = p->open;
    p->open = index;
    p->in_object = node->type == ASSAY_JSON_OBJECT;
    p->after = false;
    return at + 1;
}

static bool
check_names(struct parser *p, uint32_t object)
{
    uint32_t count = p->j->nodes[object].count;
    void *scratch = p->scratch;
    uint32_t twice;

    if (count < 2) {
        return true;
    }
    if (count > ASSAY_JSON_FEW_MEMBERS &&
        !reserve(&scratch, &p->scratch_cap, sizeof(*p->scratch), count,
                 FIRST_NODES, p->limits->max_nodes)) {
        return no_memory(p);
    }
    p->scratch = scratch;
    twice = assay_json_find_duplicate(p->j, object, p->scratch);
    if (twice != ASSAY_JSON_NONE) {
        struct assay_slice name = assay_json_string(p->j, twice);

        assay_fail(p->scan.err, ASSAY_MALFORMED, p->j->nodes[twice].at,
                   "%s: JSON has the member \"%.*s\" twice", p->scan.what,
                   (int)(name.len < 60 ? name.len : 60),
                   (const char *)name.ptr);
    }
    return twice == ASSAY_JSON_NONE;
}

static const uint8_t *
close_container(struct parser *p, const uint8_t *at)
{
    uint32_t index = p->open;
    struct assay_json_node *nodes = p->j->nodes;
    struct assay_json_node *node = &nodes[index];

    at++;
    end_node(p, node, at);
    p->open = node->next;
    p->in_object =
        p->open != ASSAY_JSON_NONE && nodes[p->open].type == ASSAY_JSON_OBJECT;
    p->depth--;
    p->after = true;
    node->next = ASSAY_JSON_NONE;
    if (node->type == ASSAY_JSON_OBJECT && !check_names(p, index)) {
        return NULL;
    }
    return at;
}

/* The type of a value by its first byte, plus one; 0 where none starts so. */
static const uint8_t type_by_first_byte[256] = {
    ['n'] = ASSAY_JSON_NULL + 1,   ['f'] = ASSAY_JSON_FALSE + 1,
    ['t'] = ASSAY_JSON_TRUE + 1,   ['"'] = ASSAY_JSON_STRING + 1,
    ['['] = ASSAY_JSON_ARRAY + 1,  ['{'] = ASSAY_JSON_OBJECT + 1,
    ['-'] = ASSAY_JSON_NUMBER + 1, ['0'] = ASSAY_JSON_NUMBER + 1,
    ['1'] = ASSAY_JSON_NUMBER + 1, ['2'] = ASSAY_JSON_NUMBER + 1,
    ['3'] = ASSAY_JSON_NUMBER + 1, ['4'] = ASSAY_JSON_NUMBER + 1,
    ['5'] = ASSAY_JSON_NUMBER + 1, ['6'] = ASSAY_JSON_NUMBER + 1,
    ['7'] = ASSAY_JSON_NUMBER + 1, ['8'] = ASSAY_JSON_NUMBER + 1,
    ['9'] = ASSAY_JSON_NUMBER + 1,
};

static const uint8_t *
read_by_type(struct parser *p, const uint8_t *at, uint32_t index,
             enum assay_json_type type)
{
    switch (type) {
    case ASSAY_JSON_NULL:
        return assay_json_scan_literal(&p->scan, at, "null");
    case ASSAY_JSON_FALSE:
        return assay_json_scan_literal(&p->scan, at, "false");
    case ASSAY_JSON_TRUE:
        return assay_json_scan_literal(&p->scan, at, "true");
    case ASSAY_JSON_NUMBER:
        return assay_json_scan_number(&p->scan, at);
    case ASSAY_JSON_STRING:
        return read_string(p, at, &p->j->nodes[index]);
    case ASSAY_JSON_ARRAY:
    case ASSAY_JSON_OBJECT:
        return open_container(p, at, index);
    }
    return NULL;
}

/* A scalar, or the opening bracket of a container. */
static const uint8_t *
read_value(struct parser *p, const uint8_t *at)
{
    uint32_t index = p->j->node_count;
    unsigned type = type_by_first_byte[assay_json_peek(&p->scan, at)];

    if (type == 0) {
        return assay_json_unexpected(&p->scan, at, "a value");
    }
    type--;
    if (add_node(p, at, (enum assay_json_type)type) == NULL) {
        return NULL;
    }
    if (p->open != ASSAY_JSON_NONE && !p->in_object) {
        link_child(p, index);
    }
    p->after = true; /* unless a container opens */
    at = read_by_type(p, at, index, (enum assay_json_type)type);
    if (at != NULL) {
        end_node(p, &p->j->nodes[index], at); /* a container's is set later */
    }
    return at;
}

static const uint8_t *
read_member(struct parser *p, const uint8_t *at)
{
    uint32_t index = p->j->node_count;
    struct assay_json_node *name;

    if (assay_json_peek(&p->scan, at) != '"') {
        return assay_json_unexpected(&p->scan, at, "a member name");
    }
    name = add_node(p, at, ASSAY_JSON_STRING);
    if (name == NULL) {
        return NULL;
    }
    name->flags = ASSAY_JSON_FLAG_NAME;
    link_child(p, index);
    at = read_string(p, at, name);
    if (at == NULL) {
        return NULL;
    }
    at = assay_json_skip_space(&p->scan, at);
    if (assay_json_peek(&p->scan, at) != ':') {
        return assay_json_unexpected(&p->scan, at, "':'");
    }
    return read_value(p, assay_json_skip_space(&p->scan, at + 1));
}

/* What follows an opening bracket or a value inside of a container. */
static const uint8_t *
read_on(struct parser *p, const uint8_t *at)
{
    uint8_t c = assay_json_peek(&p->scan, at);

    if (c == (p->in_object ? '}' : ']')) {
        return close_container(p, at);
    }
    if (p->after) {
        if (c != ',') {
            return assay_json_unexpected(
                &p->scan, at, p->in_object ? "',' or '}'" : "',' or ']'");
        }
        at = assay_json_skip_space(&p->scan, at + 1);
    }
    return p->in_object ? read_member(p, at) : read_value(p, at);
}

static void
read_document(struct parser *p)
{
    const uint8_t *at = assay_json_skip_space(&p->scan, p->scan.start);

    at = read_value(p, at);
    while (at != NULL && p->open != ASSAY_JSON_NONE) {
        at = read_on(p, assay_json_skip_space(&p->scan, at));
    }
    if (at != NULL) {
        at = assay_json_skip_space(&p->scan, at);
        if (at != p->scan.end) {
            (void)assay_json_unexpected(&p->scan, at, "the end");
        }
    }
}

static enum assay_code
check_text(struct assay_slice text, const struct assay_json_limits *limits,
           const char *what, struct assay_error *err)
{
    size_t max =
        limits->max_bytes < TEXT_MAX_BYTES ? limits->max_bytes : TEXT_MAX_BYTES;

    if (text.len > max) {
        return assay_fail(err, ASSAY_TOO_LARGE, max,
                          "%s: JSON of %zu bytes, at most %zu are read", what,
                          text.len, max);
    }
    if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0) {
        return assay_fail(err, ASSAY_MALFORMED, 0,
                          "%s: JSON starts with a byte order mark", what);
    }
    return err->code;
}

static enum assay_code
parse(struct assay_slice text, const struct assay_json_limits *limits,
      bool allow_nul, const char *what, struct assay_json **out,
      struct assay_error *err)
{
    static const uint8_t nothing[1];
    const uint8_t *start = text.len > 0 ? text.ptr : nothing;
    struct parser p = {
        .scan = {start, start + text.len, what, err, allow_nul},
        .limits = limits,
        .open = ASSAY_JSON_NONE,
    };

    *out = NULL;
    if (check_text(text, limits, what, err) != ASSAY_OK) {
        return err->code;
    }
    p.j = calloc(1, sizeof(*p.j));
    if (p.j == NULL) {
        (void)no_memory(&p);
        goto out;
    }
    p.j->text = text;
    read_document(&p);
    if (err->code == ASSAY_OK) {
        *out = p.j;
        p.j = NULL; /* handed to the caller */
    }
out:
    free(p.scratch);
    assay_json_free(p.j);
    return err->code;
}

enum assay_code
assay_json_parse(struct assay_slice text,
                 const struct assay_json_limits *limits, const char *what,
                 struct assay_json **out, struct assay_error *err)
{
    return parse(text, limits, false, what, out, err);
}

enum assay_code
assay_json_parse_nul(struct assay_slice text,
                     const struct assay_json_limits *limits, const char *what,
                     struct assay_json **out, struct assay_error *err)
{
    return parse(text, limits, true, what, out, err);
}
