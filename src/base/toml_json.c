/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * toml_json.c - a TOML table as a JSON document. It is written as JSON and
 * read by the one JSON reader; what is added is where each value stood.
 */
#include <stdlib.h>

#include "base/json_out.h"
#include "base/json_tree.h"
#include "base/toml_tree.h"

#define JSON_MAX_BYTES (256u << 20) /* as the JSON reader */

struct writer {
    const struct assay_toml *t;
    const char *what;
    struct assay_error *err;
    struct assay_json_out out;
    uint32_t *origins;
    uint32_t count; /* of origins */
};

static bool
refuse(struct writer *w, size_t offset, const char *why)
{
    assay_fail(w->err, ASSAY_INVALID, offset, "%s: TOML has %s", w->what, why);
    return false;
}

static bool
holds_nul(struct assay_slice s)
{
    return s.len > 0 && memchr(s.ptr, '\0', s.len) != NULL;
}

static bool
is_container(const struct assay_toml_node *n)
{
    return n->type == ASSAY_TOML_TABLE || n->type == ASSAY_TOML_ARRAY;
}

static bool
write_scalar(struct writer *w, uint32_t node, const char *name)
{
    const struct assay_toml_node *n = &w->t->nodes[node];
    struct assay_slice text = assay_toml_text(w->t, node);

    if (n->type == ASSAY_TOML_INTEGER) {
        assay_json_out_i64(&w->out, name, n->integer);
    } else if (n->type == ASSAY_TOML_BOOLEAN) {
        assay_json_out_bool(&w->out, name, n->integer != 0);
    } else if (n->type != ASSAY_TOML_FLOAT) {
        if (holds_nul(text)) {
            return refuse(w, n->at, "U+0000 in a string");
        }
        assay_json_out_string(&w->out, name, text);
    } else if (text.ptr[text.len - 1] > '9') { /* "inf" or "nan" */
        return refuse(w, n->at, "a float that is no finite number");
    } else {
        assay_json_out_number(&w->out, name, text);
    }
    return true;
}

/* A scalar, or the opening bracket of a container. */
static bool
write_node(struct writer *w, uint32_t node, bool has_name)
{
    const struct assay_toml_node *n = &w->t->nodes[node];
    struct assay_slice key = assay_toml_key(w->t, node);
    const char *name = has_name ? (const char *)key.ptr : NULL;

    if (has_name) {
        if (holds_nul(key)) {
            return refuse(w, n->key_at, "U+0000 in a key");
        }
        w->origins[w->count++] = n->key_at;
    }
    w->origins[w->count++] = n->at;
    if (is_container(n)) {
        assay_json_out_open(&w->out, name,
                            n->type == ASSAY_TOML_TABLE ? '{' : '[');
        return true;
    }
    return write_scalar(w, node, name);
}

static void
close_node(struct writer *w, uint32_t node)
{
    if (is_container(&w->t->nodes[node])) {
        assay_json_out_close(
            &w->out, w->t->nodes[node].type == ASSAY_TOML_TABLE ? '}' : ']');
    }
}

/* From a node to the next one in the order of the document, closing what ends
 * in between; NONE behind the last one below `top`. */
static uint32_t
walk_on(struct writer *w, uint32_t node, uint32_t top)
{
    const struct assay_toml_node *nodes = w->t->nodes;

    if (nodes[node].first != ASSAY_TOML_NONE) {
        return nodes[node].first;
    }
    for (;;) {
        close_node(w, node);
        if (node == top) {
            return ASSAY_TOML_NONE;
        }
        if (nodes[node].next != ASSAY_TOML_NONE) {
            return nodes[node].next;
        }
        node = nodes[node].parent;
    }
}

static bool
write_table(struct writer *w, uint32_t top)
{
    uint32_t node = top;

    while (node != ASSAY_TOML_NONE) {
        uint32_t parent = w->t->nodes[node].parent;
        bool has_name = node != top && parent != ASSAY_TOML_NONE &&
                        w->t->nodes[parent].type == ASSAY_TOML_TABLE;

        if (!write_node(w, node, has_name)) {
            return false;
        }
        node = walk_on(w, node, top);
    }
    return assay_buf_check(w->out.buf, w->what, w->err) == ASSAY_OK;
}

/* Hands text and origins over to the document that is read from the text. */
static void
read_back(struct writer *w, struct assay_json **out)
{
    const struct assay_json_limits limits = {
        .max_bytes = JSON_MAX_BYTES,
        .max_depth = UINT32_MAX,
        .max_nodes = w->count,
    };
    struct assay_buf *text = w->out.buf;

    if (assay_json_parse(assay_buf_slice(text), &limits, w->what, out,
                         w->err) == ASSAY_OK) {
        (*out)->made_text = text->ptr;
        (*out)->origins = w->origins;
        w->origins = NULL; /* handed to the document */
        text->ptr = NULL;
        assay_buf_init(text, 0);
    }
}

enum assay_code
assay_toml_to_json(const struct assay_toml *t, uint32_t node, const char *what,
                   struct assay_json **out, struct assay_error *err)
{
    struct assay_buf text;
    struct writer w = {.t = t, .what = what, .err = err};

    *out = NULL;
    if (node >= t->node_count || t->nodes[node].type != ASSAY_TOML_TABLE) {
        return assay_fail(err, ASSAY_INVALID, assay_toml_offset(t, node),
                          "%s: no TOML table", what);
    }
    assay_buf_init(&text, JSON_MAX_BYTES);
    assay_json_out_init(&w.out, &text, true);
    w.origins = calloc(2u * (size_t)t->node_count, sizeof(*w.origins));
    if (w.origins == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "%s: out of memory",
                   what);
    } else if (write_table(&w, node)) {
        read_back(&w, out);
    }
    free(w.origins);
    assay_buf_free(&text);
    return err->code;
}
