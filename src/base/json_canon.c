/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_canon.c - a parsed value as text again. The children of the containers
 * that are open lie one above the other in one array, so that depth costs no
 * call stack and members can be sorted in place.
 */
#include "base/json_canon.h"

#include <stdlib.h>

#include "base/json_number.h"
#include "base/json_out.h"
#include "base/json_tree.h"

struct level {
    uint32_t at;  /* next child, in children */
    uint32_t end; /* one past the last */
    bool object;
    bool comma; /* a child was written */
};

struct writer {
    const struct assay_json *j;
    enum assay_json_order order;
    const char *what;
    struct assay_buf *to;
    struct assay_error *err;
    uint32_t *children;
    struct level levels[ASSAY_JSON_CANON_DEPTH];
    uint32_t depth; /* levels open */
};

static void
fail_at(struct writer *w, uint32_t node, const char *why)
{
    assay_fail(w->err, ASSAY_TOO_LARGE, assay_json_offset(w->j, node),
               "%s: JSON has %s", w->what, why);
}

static void
write_string(struct writer *w, uint32_t node)
{
    struct assay_json_out o;

    assay_json_out_init(&o, w->to, true);
    assay_json_out_string(&o, NULL, assay_json_string(w->j, node));
}

static void
write_number(struct writer *w, uint32_t node)
{
    char text[ASSAY_JSON_NUMBER_TEXT];
    uint64_t u;
    int64_t i;

    if (assay_json_u64(w->j, node, &u) || assay_json_i64(w->j, node, &i)) {
        assay_buf_add(w->to, assay_json_span(w->j, node));
    } else if (assay_json_double_text(assay_json_span(w->j, node), text)) {
        assay_buf_add_text(w->to, text);
    } else {
        fail_at(w, node, "a number that is too large or too long");
    }
}

static void
open_level(struct writer *w, uint32_t node)
{
    bool object = assay_json_type(w->j, node) == ASSAY_JSON_OBJECT;
    struct level *l = &w->levels[w->depth];
    uint32_t count = 0;

    if (w->depth == ASSAY_JSON_CANON_DEPTH) {
        fail_at(w, node, "too many levels");
        return;
    }
    l->object = object;
    l->comma = false;
    l->at = w->depth > 0 ? w->levels[w->depth - 1].end : 0;
    for (uint32_t n = assay_json_first(w->j, node); n != ASSAY_JSON_NONE;
         n = assay_json_next(w->j, n)) {
        w->children[l->at + count++] = n;
    }
    l->end = l->at + count;
    if (object && w->order == ASSAY_JSON_SORTED) {
        assay_json_sort_names(w->j, w->children + l->at, count);
    }
    assay_buf_add_u8(w->to, object ? '{' : '[');
    w->depth++;
}

static void
write_value(struct writer *w, uint32_t node)
{
    switch (assay_json_type(w->j, node)) {
    case ASSAY_JSON_NULL:
    case ASSAY_JSON_FALSE:
    case ASSAY_JSON_TRUE:
        assay_buf_add(w->to, assay_json_span(w->j, node));
        break;
    case ASSAY_JSON_NUMBER:
        write_number(w, node);
        break;
    case ASSAY_JSON_STRING:
        write_string(w, node);
        break;
    case ASSAY_JSON_ARRAY:
    case ASSAY_JSON_OBJECT:
        open_level(w, node);
        break;
    }
}

/* The next child of the innermost level, or its end. */
static void
write_on(struct writer *w)
{
    struct level *l = &w->levels[w->depth - 1];
    uint32_t child;

    if (l->at == l->end) {
        assay_buf_add_u8(w->to, l->object ? '}' : ']');
        w->depth--;
        return;
    }
    if (l->comma) {
        assay_buf_add_u8(w->to, ',');
    }
    l->comma = true;
    child = w->children[l->at++];
    if (!l->object) {
        write_value(w, child);
        return;
    }
    write_string(w, child);
    assay_buf_add_u8(w->to, ':');
    write_value(w, assay_json_value(w->j, child));
}

enum assay_code
assay_json_canon(const struct assay_json *j, uint32_t node,
                 enum assay_json_order order, const char *what,
                 struct assay_buf *to, struct assay_error *err)
{
    struct writer w = {
        .j = j, .order = order, .what = what, .to = to, .err = err};

    if (err->code != ASSAY_OK) {
        return err->code;
    }
    /* No value has as many children below it as there are nodes. */
    w.children = malloc(j->node_count * sizeof(*w.children));
    if (w.children == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "%s: out of memory", what);
    }
    write_value(&w, node);
    while (w.depth > 0 && err->code == ASSAY_OK && !to->failed) {
        write_on(&w);
    }
    free(w.children);
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    return assay_buf_check(to, what, err);
}
