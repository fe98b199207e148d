/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * toml.c - text to a tree. The containers that are open form a list through
 * their nodes, so depth costs no memory.
 */
#include "base/toml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/toml_tree.h"
#include "base/utf8.h"

#define TEXT_MAX_BYTES (256u << 20) /* offsets must fit 32 bits */

bool
assay_toml_unexpected(const struct assay_toml_parser *p, const char *want)
{
    uint8_t c = assay_toml_peek(p);

    if (p->at >= p->end) {
        assay_fail(p->err, ASSAY_TRUNCATED, assay_toml_place(p),
                   "%s: TOML ends where %s should stand", p->what, want);
    } else if (c == '\n' || c == '\r') {
        assay_fail(p->err, ASSAY_MALFORMED, assay_toml_place(p),
                   "%s: TOML line ends where %s should stand", p->what, want);
    } else {
        assay_fail(p->err, ASSAY_MALFORMED, assay_toml_place(p),
                   "%s: TOML has '%c' where %s should stand", p->what, c, want);
    }
    return false;
}

bool
assay_toml_malformed(const struct assay_toml_parser *p, size_t offset,
                     const char *fmt, ...)
{
    char text[160];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    assay_fail(p->err, ASSAY_MALFORMED, offset, "%s: TOML %s", p->what, text);
    return false;
}

/* --- before anything else -------------------------------------------------
 */

/* What stands at `at`: bytes of a character that TOML allows, or 0. */
static size_t
allowed(struct assay_slice text, size_t at, const char **why)
{
    uint8_t c = text.ptr[at];
    int n;

    if (c >= 0x80) {
        n = assay_utf8_length(
            (struct assay_slice){text.ptr + at, text.len - at});
        *why = "is not UTF-8";
        return n > 0 ? (size_t)n : 0;
    }
    if (c == '\r') {
        *why = "has a carriage return without a line feed";
        return at + 1 < text.len && text.ptr[at + 1] == '\n';
    }
    *why = "has a control character";
    return (c >= ' ' && c != 0x7f) || c == '\t' || c == '\n';
}

static enum assay_code
check_text(struct assay_slice text, const struct assay_json_limits *limits,
           const char *what, struct assay_error *err)
{
    size_t max =
        limits->max_bytes < TEXT_MAX_BYTES ? limits->max_bytes : TEXT_MAX_BYTES;
    size_t at = 0;

    if (text.len > max) {
        return assay_fail(err, ASSAY_TOO_LARGE, max,
                          "%s: TOML of %zu bytes, at most %zu are read", what,
                          text.len, max);
    }
    if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0) {
        return assay_fail(err, ASSAY_MALFORMED, 0,
                          "%s: TOML starts with a byte order mark", what);
    }
    while (at < text.len) {
        const char *why;
        size_t n = allowed(text, at, &why);

        if (n == 0) {
            return assay_fail(err, ASSAY_MALFORMED, at, "%s: TOML %s", what,
                              why);
        }
        at += n;
    }
    return err->code;
}

/* --- lines ---------------------------------------------------------------- */

static void
skip_comment(struct assay_toml_parser *p)
{
    if (assay_toml_peek(p) == '#') {
        while (p->at < p->end && *p->at != '\n') {
            p->at++;
        }
    }
}

/* Blanks, comments and line ends. */
static void
skip_lines(struct assay_toml_parser *p)
{
    for (;;) {
        assay_toml_skip_blank(p);
        skip_comment(p);
        if (assay_toml_peek(p) != '\n' && assay_toml_peek(p) != '\r') {
            return;
        }
        p->at++;
    }
}

static bool
end_line(struct assay_toml_parser *p)
{
    assay_toml_skip_blank(p);
    skip_comment(p);
    return p->at >= p->end || *p->at == '\n' || *p->at == '\r' ||
           assay_toml_unexpected(p, "the end of the line");
}

/* --- values --------------------------------------------------------------- */

static bool
open_container(struct assay_toml_parser *p, uint32_t node)
{
    struct assay_toml_node *n = &p->t->nodes[node];

    n->flags = n->type == ASSAY_TOML_TABLE ? ASSAY_TOML_FLAG_INLINE : 0;
    n->around = p->open;
    p->open = node;
    p->after = false;
    p->at++;
    return true;
}

static bool
close_container(struct assay_toml_parser *p)
{
    p->open = p->t->nodes[p->open].around;
    p->after = true;
    p->at++;
    return true;
}

static bool
read_text(struct assay_toml_parser *p, uint32_t node)
{
    struct assay_toml_word w;

    if (!assay_toml_read_string(p, false, &w)) {
        return false;
    }
    p->t->nodes[node].text = w.text;
    p->t->nodes[node].text_len = w.len;
    return true;
}

/* A scalar, or the opening bracket of a container. */
static bool
read_value(struct assay_toml_parser *p, uint32_t parent,
           const struct assay_toml_word *key)
{
    uint8_t c = assay_toml_peek(p);
    enum assay_toml_type type = c == '['   ? ASSAY_TOML_ARRAY
                                : c == '{' ? ASSAY_TOML_TABLE
                                           : ASSAY_TOML_STRING;
    uint32_t node = assay_toml_add(p, parent, key, type, assay_toml_place(p));

    if (node == ASSAY_TOML_NONE) {
        return false;
    }
    p->after = true; /* unless a container opens */
    if (c == '[' || c == '{') {
        return open_container(p, node);
    }
    return c == '"' || c == '\'' ? read_text(p, node)
                                 : assay_toml_read_scalar(p, node);
}

/* A key in `table`, and its value's first byte or all of it. */
static bool
read_pair(struct assay_toml_parser *p, uint32_t table)
{
    struct assay_toml_word key;

    if (!assay_toml_read_key(p, table, &table, &key)) {
        return false;
    }
    if (assay_toml_peek(p) != '=') {
        return assay_toml_unexpected(p, "'='");
    }
    p->at++;
    assay_toml_skip_blank(p);
    return read_value(p, table, &key);
}

/* What follows a bracket or a value inside of an array. */
static bool
read_on_array(struct assay_toml_parser *p)
{
    skip_lines(p);
    if (p->after && assay_toml_peek(p) == ',') {
        p->at++;
        p->after = false;
        skip_lines(p);
    }
    if (assay_toml_peek(p) == ']') {
        return close_container(p);
    }
    return p->after ? assay_toml_unexpected(p, "',' or ']'")
                    : read_value(p, p->open, NULL);
}

/* The same in an inline table: one line, and no comma before its end. */
static bool
read_on_inline(struct assay_toml_parser *p)
{
    assay_toml_skip_blank(p);
    if (assay_toml_peek(p) == '}') {
        return close_container(p);
    }
    if (p->after) {
        if (assay_toml_peek(p) != ',') {
            return assay_toml_unexpected(p, "',' or '}'");
        }
        p->at++;
    }
    return read_pair(p, p->open);
}

static bool
read_line(struct assay_toml_parser *p)
{
    if (assay_toml_peek(p) == '[') {
        return assay_toml_read_header(p) && end_line(p);
    }
    if (!read_pair(p, p->table)) {
        return false;
    }
    while (p->open != ASSAY_TOML_NONE) {
        if (!(p->t->nodes[p->open].type == ASSAY_TOML_ARRAY
                  ? read_on_array(p)
                  : read_on_inline(p))) {
            return false;
        }
    }
    return end_line(p);
}

static void
read_document(struct assay_toml_parser *p)
{
    if (assay_toml_add(p, ASSAY_TOML_NONE, NULL, ASSAY_TOML_TABLE, 0) ==
        ASSAY_TOML_NONE) {
        return;
    }
    skip_lines(p);
    while (p->at < p->end && read_line(p)) {
        skip_lines(p);
    }
}

enum assay_code
assay_toml_parse(struct assay_slice text,
                 const struct assay_json_limits *limits, const char *what,
                 struct assay_toml **out, struct assay_error *err)
{
    static const uint8_t nothing[1];
    const uint8_t *start = text.len > 0 ? text.ptr : nothing;
    struct assay_toml_parser p = {
        .start = start,
        .end = start + text.len,
        .at = start,
        .what = what,
        .limits = limits,
        .err = err,
        .table = ASSAY_TOML_ROOT,
        .open = ASSAY_TOML_NONE,
    };

    *out = NULL;
    if (check_text(text, limits, what, err) != ASSAY_OK) {
        return err->code;
    }
    p.t = calloc(1, sizeof(*p.t));
    if (p.t != NULL) {
        p.t->arena_cap = text.len + 1;
        p.t->arena = malloc(p.t->arena_cap);
    }
    if (p.t == NULL || p.t->arena == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "%s: out of memory",
                   what);
        goto out;
    }
    read_document(&p);
    if (err->code == ASSAY_OK) {
        *out = p.t;
        p.t = NULL; /* handed to the caller */
    }
out:
    assay_toml_free(p.t);
    return err->code;
}

struct assay_text_place
assay_text_place(struct assay_slice text, size_t offset)
{
    struct assay_text_place place = {1, 1};

    for (size_t i = 0; i < offset && i < text.len; i++) {
        if (text.ptr[i] == '\n') {
            place = (struct assay_text_place){place.line + 1, 1};
        } else if ((text.ptr[i] & 0xc0) != 0x80) {
            place.column++;
        }
    }
    return place;
}
