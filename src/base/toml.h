/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * toml.h - a strict TOML 1.0 reader that remembers where each value stood.
 *
 * Refused besides what the grammar refuses: invalid UTF-8 anywhere, a byte
 * order mark, a carriage return without its line feed, integers outside of 64
 * bits. Line ends inside of strings become line feeds. Depth, size and number
 * of values are limited; no recursion.
 *
 * Values are nodes of one array, named by index. Time is quadratic in the
 * number of keys of one table, so max_nodes is the limit to keep small.
 */
#pragma once

#include "base/json.h"

enum assay_toml_type {
    ASSAY_TOML_TABLE, /* by header, inline or by dotted keys */
    ASSAY_TOML_ARRAY, /* of values or of tables */
    ASSAY_TOML_STRING,
    ASSAY_TOML_INTEGER,
    ASSAY_TOML_FLOAT,
    ASSAY_TOML_BOOLEAN,
    ASSAY_TOML_OFFSET_DATETIME,
    ASSAY_TOML_LOCAL_DATETIME,
    ASSAY_TOML_LOCAL_DATE,
    ASSAY_TOML_LOCAL_TIME,
};

struct assay_toml; /* the parsed document; borrows nothing */

#define ASSAY_TOML_ROOT 0u
/* No such node: what the getters return for what is not there. */
#define ASSAY_TOML_NONE UINT32_MAX

/* Parses the whole text. Limits count as in JSON, the root table being the
 * first level; max_nodes counts values. *out is NULL unless ASSAY_OK; freed
 * with assay_toml_free(). ASSAY_MALFORMED (offset: the byte), ASSAY_TRUNCATED,
 * ASSAY_TOO_LARGE (a limit), ASSAY_NO_MEMORY. `what` starts the message. */
ASSAY_MUST_CHECK enum assay_code
assay_toml_parse(struct assay_slice text,
                 const struct assay_json_limits *limits, const char *what,
                 struct assay_toml **out, struct assay_error *err);
void assay_toml_free(struct assay_toml *t); /* NULL is fine */

enum assay_toml_type assay_toml_type(const struct assay_toml *t, uint32_t node);
/* Where the value stands in the text: its first byte; for a table made by a
 * header, the header; for one made by a dotted key, that part of the key. */
size_t assay_toml_offset(const struct assay_toml *t, uint32_t node);
/* The key under which a table holds the node; empty for an array's element.
 * UTF-8; may hold U+0000. Lives as long as the document. */
struct assay_slice assay_toml_key(const struct assay_toml *t, uint32_t node);
/* A string's characters (UTF-8; may hold U+0000); a float as JSON spells it,
 * or "inf", "-inf", "nan"; a date-time as written, with capital T and Z. Empty
 * for others. */
struct assay_slice assay_toml_text(const struct assay_toml *t, uint32_t node);
/* 0 and false for what is no integer or boolean. */
int64_t assay_toml_integer(const struct assay_toml *t, uint32_t node);
bool assay_toml_boolean(const struct assay_toml *t, uint32_t node);

/* Elements of an array, or values of a table in the order in which their keys
 * first stand; NONE at the end. */
uint32_t assay_toml_count(const struct assay_toml *t, uint32_t node);
uint32_t assay_toml_first(const struct assay_toml *t, uint32_t node);
uint32_t assay_toml_next(const struct assay_toml *t, uint32_t child);
/* Value of a table's key, or NONE (also if node is no table). */
uint32_t assay_toml_find(const struct assay_toml *t, uint32_t node,
                         struct assay_slice key);

/* A table as the JSON document that has the same names and values, so that one
 * reader serves both forms: its offsets are those of the TOML text, its spans
 * are compact JSON, date-times are strings. *out needs neither t nor the text
 * any more. ASSAY_INVALID (offset: the value) for what JSON cannot say, or our
 * reader of it refuses: an infinite float, one that is no number, U+0000. */
ASSAY_MUST_CHECK enum assay_code
assay_toml_to_json(const struct assay_toml *t, uint32_t node, const char *what,
                   struct assay_json **out, struct assay_error *err);

/* Line and column of an offset, both from 1; a column is a character. An
 * offset behind the text is its end. */
struct assay_text_place {
    size_t line;
    size_t column;
};
struct assay_text_place assay_text_place(struct assay_slice text,
                                         size_t offset);
