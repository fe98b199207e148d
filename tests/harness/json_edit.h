/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_edit.h - a good JSON document with one thing changed.
 */
#pragma once

#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "harness/unit.h"

#define JSON_EDIT_MAX (8u * 1024u * 1024u)

/* The text with [at, at + cut) replaced. */
static inline struct assay_buf
splice(struct assay_slice text, size_t at, size_t cut, const char *put)
{
    struct assay_buf b;

    assert_true(at + cut <= text.len);
    assay_buf_init(&b, JSON_EDIT_MAX);
    assay_buf_add(&b, (struct assay_slice){text.ptr, at});
    assay_buf_add_text(&b, put);
    assay_buf_add(
        &b, (struct assay_slice){text.ptr + at + cut, text.len - at - cut});
    assert_false(b.failed);
    return b;
}

static inline size_t
find_text(const char *row, struct assay_slice text, const char *what)
{
    size_t at = assay_slice_find(text, what);

    if (at == ASSAY_NO_OFFSET) {
        fail_msg("row \"%s\": %s is not in the text", row, what);
    }
    return at;
}

/* The first `find` replaced; it must stand somewhere. */
static inline struct assay_buf
edit_text(const char *row, struct assay_slice text, const char *find,
          const char *put)
{
    return splice(text, find_text(row, text, find), strlen(find), put);
}

/* Offset behind the first `what`; NULL: no offset. */
static inline size_t
behind(const char *row, struct assay_slice text, const char *what)
{
    return what == NULL ? ASSAY_NO_OFFSET
                        : find_text(row, text, what) + strlen(what);
}

/* One change, and what a parser then says. */
struct json_row {
    const char *name;
    const char *find; /* its first place is replaced ... */
    const char *put;  /* ... by this */
    enum assay_code code;
    const char *msg; /* start */
    const char *at;  /* the error's offset is behind the first place of this
                        text; NULL: no offset */
};

typedef enum assay_code json_parser(struct assay_slice text,
                                    struct assay_error *err);

static inline void
json_row_check(const struct json_row *row, struct assay_slice edited,
               json_parser *parse)
{
    struct assay_slice text = exact_copy(edited);
    struct assay_error err;
    enum assay_code code = parse(text, &err);

    check_error(row->name, &err, row->code, row->msg,
                row->code == ASSAY_OK ? ASSAY_NO_OFFSET
                                      : behind(row->name, text, row->at));
    CHECK(row->name, code == row->code);
    free((void *)text.ptr);
}

static inline void
json_rows(struct assay_slice good, const struct json_row *rows, size_t count,
          json_parser *parse)
{
    for (size_t i = 0; i < count; i++) {
        struct assay_buf b =
            edit_text(rows[i].name, good, rows[i].find, rows[i].put);

        json_row_check(&rows[i], assay_buf_slice(&b), parse);
        assay_buf_free(&b);
    }
}

/* A document made of `count` pieces: `piece` writes the i-th. */
static inline struct assay_buf
repeat_text(const char *open, unsigned count, const char *piece,
            const char *close)
{
    struct assay_buf b;

    assay_buf_init(&b, JSON_EDIT_MAX);
    assay_buf_add_text(&b, open);
    for (unsigned i = 0; i < count; i++) {
        struct assay_slice p = assay_slice_of(piece);
        size_t at = assay_slice_find(p, "#");

        assay_buf_add_text(&b, i > 0 ? "," : "");
        if (at == ASSAY_NO_OFFSET) {
            assay_buf_add(&b, p);
            continue;
        }
        /* # stands for the number of the piece, ## for two hex digits */
        assay_buf_add(&b, (struct assay_slice){p.ptr, at});
        if (p.ptr[at + 1] == '#') {
            assay_buf_printf(&b, "%02X", i);
            at++;
        } else {
            assay_buf_printf(&b, "%u", i);
        }
        assay_buf_add_text(&b, piece + at + 1);
    }
    assay_buf_add_text(&b, close);
    assay_buf_add_u8(&b, 0); /* also a C string */
    assert_false(b.failed);
    b.len--;
    return b;
}

/* Every member left out and every value replaced by one of each other type:
 * what must happen to a document whose members are all required. */
struct json_walk {
    json_parser *parse;
    const char *const *may_miss; /* names; NULL ends */
    const char *const *ignored;  /* names of values that nobody reads */
    size_t tried;                /* how many changes were made */
};

static inline bool
is_one_of(struct assay_slice name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (assay_slice_is(name, *names)) {
            return true;
        }
    }
    return false;
}

static inline void
walk_check(struct json_walk *w, struct assay_buf *changed, bool good,
           struct assay_slice name, const char *what, size_t offset)
{
    struct assay_slice text = exact_copy(assay_buf_slice(changed));
    struct assay_error err;
    enum assay_code code = w->parse(text, &err);
    char want[128];

    (void)snprintf(want, sizeof(want), "%.*s: %s", (int)name.len,
                   (const char *)name.ptr, what);
    if (good ? code != ASSAY_OK
             : code != ASSAY_MALFORMED || err.offset != offset ||
                   (name.len > 0 && strstr(err.msg, want) == NULL)) {
        fail_msg("%s at %zu: %s \"%s\" at %zd in %.*s", want, offset,
                 assay_code_name(code), err.msg, (ssize_t)err.offset,
                 (int)text.len, (const char *)text.ptr);
    }
    w->tried++;
    free((void *)text.ptr);
    assay_buf_free(changed);
}

static inline void
walk_missing(struct json_walk *w, const struct assay_json *j,
             struct assay_slice text, uint32_t object, uint32_t name)
{
    struct assay_slice value = assay_json_span(j, assay_json_value(j, name));
    size_t at = assay_json_offset(j, name);
    size_t end = (size_t)(value.ptr - text.ptr) + value.len;
    struct assay_buf b;

    if (text.ptr[end] == ',') {
        end++;
    } else if (text.ptr[at - 1] == ',') {
        at--;
    }
    b = splice(text, at, end - at, "");
    walk_check(w, &b, is_one_of(assay_json_string(j, name), w->may_miss),
               assay_json_string(j, name), "missing",
               assay_json_offset(j, object));
}

static inline void
walk_types(struct json_walk *w, const struct assay_json *j,
           struct assay_slice text, struct assay_slice name, uint32_t value)
{
    static const struct {
        enum assay_json_type type;
        const char *text;
    } others[] = {
        {ASSAY_JSON_NULL, "null"},    {ASSAY_JSON_TRUE, "true"},
        {ASSAY_JSON_NUMBER, "7"},     {ASSAY_JSON_STRING, "\"7\""},
        {ASSAY_JSON_ARRAY, "[\"\"]"}, {ASSAY_JSON_OBJECT, "{\"\":7}"},
    };

    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (others[i].type != assay_json_type(j, value)) {
            struct assay_buf b =
                splice(text, assay_json_offset(j, value),
                       assay_json_span(j, value).len, others[i].text);

            walk_check(w, &b, is_one_of(name, w->ignored), name, "not of type",
                       assay_json_offset(j, value));
        }
    }
}

static inline void
walk_node(struct json_walk *w, const struct assay_json *j,
          struct assay_slice text, uint32_t node)
{
    bool object = assay_json_type(j, node) == ASSAY_JSON_OBJECT;

    for (uint32_t child = assay_json_first(j, node); child != ASSAY_JSON_NONE;
         child = assay_json_next(j, child)) {
        uint32_t value = object ? assay_json_value(j, child) : child;

        if (object) {
            walk_missing(w, j, text, node, child);
        }
        walk_types(w, j, text,
                   object ? assay_json_string(j, child) : ASSAY_EMPTY, value);
        walk_node(w, j, text, value);
    }
}

/* text: without white space, and good. */
static inline void
json_walk(struct json_walk *w, struct assay_slice text)
{
    static const struct assay_json_limits limits = {JSON_EDIT_MAX, 32,
                                                    1u << 20};
    struct assay_json *j = NULL;
    struct assay_error err;

    assay_error_clear(&err);
    assert_int_equal(assay_json_parse(text, &limits, "walk", &j, &err),
                     ASSAY_OK);
    walk_node(w, j, text, ASSAY_JSON_ROOT);
    assay_json_free(j);
}
