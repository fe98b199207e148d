/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report_tree.c - a JSON document as indented lines for people.
 *
 * `inspect` and `collateral show` print what their JSON has, so the two forms
 * cannot drift apart.
 */
#include "report.h"

#include <string.h>

#include "terminal.h"

#define DEPTH_MAX 32u

struct level {
    uint32_t child; /* next to print, or NONE */
    bool object;
    unsigned index; /* of child, in an array */
    int width;      /* of the longest name whose value is a scalar */
};

static bool
is_container(const struct assay_json *j, uint32_t node)
{
    enum assay_json_type t = assay_json_type(j, node);

    return t == ASSAY_JSON_OBJECT || t == ASSAY_JSON_ARRAY;
}

static struct level
enter(const struct assay_json *j, uint32_t node)
{
    struct level l = {
        .child = assay_json_first(j, node),
        .object = assay_json_type(j, node) == ASSAY_JSON_OBJECT,
    };

    for (uint32_t c = l.child; l.object && c != ASSAY_JSON_NONE;
         c = assay_json_next(j, c)) {
        int width = (int)assay_json_string(j, c).len;
        if (!is_container(j, assay_json_value(j, c)) && width > l.width) {
            l.width = width;
        }
    }
    return l;
}

/* Lines of a text (a PEM chain) stand below the name, indented. */
static void
put_string(FILE *to, struct assay_slice s, unsigned depth)
{
    bool lines = memchr(s.ptr, '\n', s.len) != NULL;
    size_t start = 0;

    for (size_t i = 0; lines && i < s.len; i++) {
        if (s.ptr[i] == '\n') {
            fprintf(to, "\n%*s", (int)(2 * depth + 2), "");
            terminal_put(to, (struct assay_slice){s.ptr + start, i - start});
            start = i + 1;
        }
    }
    terminal_put(to, (struct assay_slice){s.ptr + start, s.len - start});
}

static void
put_scalar(FILE *to, const struct assay_json *j, unsigned depth, uint32_t node)
{
    if (assay_json_type(j, node) != ASSAY_JSON_STRING) {
        terminal_put(to, assay_json_span(j, node));
    } else if (assay_json_string(j, node).len > 0) {
        put_string(to, assay_json_string(j, node), depth);
    }
}

/* Nothing follows the name on its line. */
static bool
is_empty_or_lines(const struct assay_json *j, uint32_t value)
{
    struct assay_slice s;

    if (assay_json_type(j, value) != ASSAY_JSON_STRING) {
        return false;
    }
    s = assay_json_string(j, value);
    return s.len == 0 || memchr(s.ptr, '\n', s.len) != NULL;
}

/* "name: value", "[3]: value", or the head of what is nested below. */
static void
put_child(FILE *to, const struct assay_json *j, const struct level *l,
          unsigned depth, uint32_t value)
{
    int used;

    fprintf(to, "%*s", (int)(2 * depth), "");
    if (l->object) {
        terminal_put(to, assay_json_string(j, l->child));
        used = (int)assay_json_string(j, l->child).len;
    } else {
        used = fprintf(to, "[%u]", l->index);
    }
    putc(':', to);
    if (!is_container(j, value)) {
        if (!is_empty_or_lines(j, value)) {
            fprintf(to, "%*s", 1 + (l->width > used ? l->width - used : 0), "");
        }
        put_scalar(to, j, depth, value);
    } else if (assay_json_count(j, value) == 0) {
        fputs(" none", to);
    }
    putc('\n', to);
}

void
report_tree(FILE *to, const struct assay_json *j)
{
    struct level stack[DEPTH_MAX];
    unsigned depth = 0;

    stack[0] = enter(j, ASSAY_JSON_ROOT);
    for (;;) {
        struct level *l = &stack[depth];
        uint32_t value;
        if (l->child == ASSAY_JSON_NONE) {
            if (depth == 0) {
                return;
            }
            depth--;
            continue;
        }
        value = l->object ? assay_json_value(j, l->child) : l->child;
        put_child(to, j, l, depth, value);
        l->child = assay_json_next(j, l->child);
        l->index++;
        if (is_container(j, value) && depth + 1 < DEPTH_MAX) {
            stack[++depth] = enter(j, value);
        }
    }
}
