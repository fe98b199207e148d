/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * yaml_tree.c - from libyaml's events to a tree, within limits.
 */
#include "yaml_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "yaml_load.h"

/* An escape of two characters may stand for one of three octets. */
#define TEXT_MAX_BYTES (2u * YAML_TREE_MAX_BYTES + YAML_TREE_MAX_NODES)
#define FIRST_NODES    256u

struct anchor {
    size_t name; /* offset in the tree's text */
    uint32_t node;
};

struct build {
    struct yaml_tree *tree;
    struct assay_error *err;
    uint32_t room; /* nodes allocated */
    uint32_t open[YAML_TREE_MAX_DEPTH];
    uint32_t last[YAML_TREE_MAX_DEPTH]; /* child of each; or NONE */
    uint32_t depth;
    struct anchor anchor[YAML_TREE_MAX_ANCHORS];
    uint32_t anchor_count;
    uint32_t alias_count;
    yaml_mark_t at; /* of the event */
};

static void
fail(struct build *b, enum assay_code code, const char *what)
{
    assay_fail(b->err, code, ASSAY_NO_OFFSET, "line %zu, column %zu: %s",
               b->at.line + 1, b->at.column + 1, what);
}

/* --- nodes -------------------------------------------------------------- */

static bool
make_room(struct build *b)
{
    uint32_t room = b->room == 0 ? FIRST_NODES : 2 * b->room;
    struct yaml_node *grown;

    if (b->tree->count < b->room) {
        return true;
    }
    if (b->tree->count == YAML_TREE_MAX_NODES) {
        fail(b, ASSAY_TOO_LARGE, "too many values");
        return false;
    }
    grown = realloc(b->tree->node, room * sizeof(*grown));
    if (grown == NULL) {
        fail(b, ASSAY_NO_MEMORY, "out of memory");
        return false;
    }
    b->tree->node = grown;
    b->room = room;
    return true;
}

/* Ties a new node to the one that is open. */
static void
attach(struct build *b, uint32_t index)
{
    struct yaml_node *n = &b->tree->node[index];
    struct yaml_node *parent;
    uint32_t *last;

    if (b->depth == 0) {
        return;
    }
    n->parent = b->open[b->depth - 1];
    parent = &b->tree->node[n->parent];
    last = &b->last[b->depth - 1];
    if (parent->kind == YAML_KIND_MAP) {
        bool value = *last != YAML_NONE && b->tree->node[*last].is_key;

        n->is_key = !value;
        n->key = value ? *last : YAML_NONE;
    }
    if (*last == YAML_NONE) {
        parent->first = index;
    } else {
        b->tree->node[*last].next = index;
    }
    *last = index;
    parent->count += parent->kind == YAML_KIND_LIST || n->is_key;
    if (parent->kind == YAML_KIND_MAP &&
        parent->count > YAML_TREE_MAX_ENTRIES) {
        fail(b, ASSAY_TOO_LARGE, "a map of too many members");
    }
    if (n->is_key && n->kind != YAML_KIND_SCALAR) {
        fail(b, ASSAY_INVALID, "a name that is no plain text");
    }
}

static uint32_t
add_node(struct build *b, enum yaml_kind kind)
{
    uint32_t index = b->tree->count;

    if (b->err->code != ASSAY_OK || !make_room(b)) {
        return YAML_NONE;
    }
    b->tree->node[index] = (struct yaml_node){
        .kind = kind,
        .parent = YAML_NONE,
        .key = YAML_NONE,
        .first = YAML_NONE,
        .next = YAML_NONE,
        .target = YAML_NONE,
        .line = b->at.line + 1,
        .column = b->at.column + 1,
    };
    b->tree->count++;
    attach(b, index);
    return b->err->code == ASSAY_OK ? index : YAML_NONE;
}

/* A copy that ends with NUL; its offset. */
static size_t
add_text(struct build *b, const unsigned char *text, size_t len)
{
    size_t at = b->tree->text.len;

    assay_buf_add(&b->tree->text, (struct assay_slice){text, len});
    assay_buf_add_u8(&b->tree->text, 0);
    (void)!assay_buf_check(&b->tree->text, "YAML", b->err);
    return at;
}

/* --- anchors and aliases ------------------------------------------------ */

static const char *
anchor_name(const struct build *b, uint32_t i)
{
    return (const char *)b->tree->text.ptr + b->anchor[i].name;
}

/* A name may be given anew; the later one holds from there on. */
static void
set_anchor(struct build *b, const unsigned char *name, uint32_t node)
{
    uint32_t i = 0;

    if (name == NULL || node == YAML_NONE) {
        return;
    }
    b->tree->node[node].anchored = true;
    while (i < b->anchor_count &&
           strcmp(anchor_name(b, i), (const char *)name) != 0) {
        i++;
    }
    if (i == YAML_TREE_MAX_ANCHORS) {
        fail(b, ASSAY_TOO_LARGE, "too many anchors");
        return;
    }
    if (i == b->anchor_count) {
        b->anchor[b->anchor_count++].name =
            add_text(b, name, strlen((const char *)name));
    }
    b->anchor[i].node = node;
}

static bool
is_open(const struct build *b, uint32_t node)
{
    for (uint32_t i = 0; i < b->depth; i++) {
        if (b->open[i] == node) {
            return true;
        }
    }
    return false;
}

static void
take_alias(struct build *b, const unsigned char *name)
{
    uint32_t node = add_node(b, YAML_KIND_ALIAS);
    uint32_t i = 0;

    if (node == YAML_NONE) {
        return;
    }
    while (i < b->anchor_count &&
           strcmp(anchor_name(b, i), (const char *)name) != 0) {
        i++;
    }
    if (++b->alias_count > YAML_TREE_MAX_ALIASES) {
        fail(b, ASSAY_TOO_LARGE, "too many aliases");
    } else if (i == b->anchor_count) {
        fail(b, ASSAY_MALFORMED, "an alias of an anchor that is not there");
    } else if (is_open(b, b->anchor[i].node)) {
        fail(b, ASSAY_MALFORMED, "an alias that contains itself");
    } else {
        b->tree->node[node].target = b->anchor[i].node;
    }
}

/* --- events ------------------------------------------------------------- */

static void
take_scalar(struct build *b, const yaml_event_t *e)
{
    uint32_t node = add_node(b, YAML_KIND_SCALAR);
    struct yaml_node *n;
    size_t at;

    if (node == YAML_NONE) {
        return;
    }
    if (memchr(e->data.scalar.value, 0, e->data.scalar.length) != NULL) {
        fail(b, ASSAY_INVALID, "a text with NUL in it");
        return;
    }
    at = add_text(b, e->data.scalar.value, e->data.scalar.length);
    n = &b->tree->node[node];
    n->text = at;
    n->len = e->data.scalar.length;
    n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    n->tagged = e->data.scalar.tag != NULL;
    set_anchor(b, e->data.scalar.anchor, node);
}

static void
open_node(struct build *b, enum yaml_kind kind, const unsigned char *tag,
          const unsigned char *anchor)
{
    uint32_t node = add_node(b, kind);

    if (node == YAML_NONE) {
        return;
    }
    if (b->depth == YAML_TREE_MAX_DEPTH) {
        fail(b, ASSAY_TOO_LARGE, "nested too deeply");
        return;
    }
    b->tree->node[node].tagged = tag != NULL;
    b->open[b->depth] = node;
    b->last[b->depth] = YAML_NONE;
    b->depth++;
    set_anchor(b, anchor, node);
}

/* False when the document, or whatever can be read of it, is over. */
static bool
take_event(struct build *b, const yaml_event_t *e)
{
    b->at = e->start_mark;
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        take_scalar(b, e);
        break;
    case YAML_ALIAS_EVENT:
        take_alias(b, e->data.alias.anchor);
        break;
    case YAML_SEQUENCE_START_EVENT:
        open_node(b, YAML_KIND_LIST, e->data.sequence_start.tag,
                  e->data.sequence_start.anchor);
        break;
    case YAML_MAPPING_START_EVENT:
        open_node(b, YAML_KIND_MAP, e->data.mapping_start.tag,
                  e->data.mapping_start.anchor);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        break;
    case YAML_DOCUMENT_START_EVENT:
        b->tree->more_documents = b->tree->count > 0;
        return !b->tree->more_documents;
    case YAML_STREAM_END_EVENT:
        return false;
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    case YAML_NO_EVENT:
        break;
    }
    return b->err->code == ASSAY_OK;
}

static void
read_events(struct build *b, const struct yaml_library *lib,
            yaml_parser_t *parser)
{
    bool more = true;

    while (more && b->err->code == ASSAY_OK) {
        yaml_event_t e;

        if (!lib->parser_parse(parser, &e)) {
            b->at = parser->problem_mark;
            fail(b,
                 parser->error == YAML_MEMORY_ERROR ? ASSAY_NO_MEMORY
                                                    : ASSAY_MALFORMED,
                 parser->problem != NULL ? parser->problem : "not YAML");
            return;
        }
        more = take_event(b, &e);
        lib->event_delete(&e);
    }
}

enum assay_code
yaml_tree_parse(struct assay_slice yaml, struct yaml_tree *out,
                struct assay_error *err)
{
    const struct yaml_library *lib;
    struct yaml_tree tree = {.node = NULL};
    struct build b = {.tree = &tree, .err = err};
    yaml_parser_t parser;

    assay_error_clear(err);
    memset(out, 0, sizeof(*out));
    if (yaml.len > YAML_TREE_MAX_BYTES) {
        return assay_fail(err, ASSAY_TOO_LARGE, YAML_TREE_MAX_BYTES,
                          "%zu bytes of YAML, limit %u", yaml.len,
                          YAML_TREE_MAX_BYTES);
    }
    lib = yaml_library_get(err);
    if (lib == NULL) {
        return err->code;
    }
    if (!lib->parser_initialize(&parser)) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "YAML: out of memory");
    }
    assay_buf_init(&tree.text, TEXT_MAX_BYTES);
    lib->parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    lib->parser_set_input_string(
        &parser, yaml.len > 0 ? yaml.ptr : (const unsigned char *)"", yaml.len);
    read_events(&b, lib, &parser);
    lib->parser_delete(&parser);
    if (err->code != ASSAY_OK) {
        yaml_tree_free(&tree);
        return err->code;
    }
    *out = tree;
    return ASSAY_OK;
}

void
yaml_tree_free(struct yaml_tree *t)
{
    free(t->node);
    assay_buf_free(&t->text);
    memset(t, 0, sizeof(*t));
}
