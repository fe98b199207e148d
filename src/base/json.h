/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json.h - a strict RFC 8259 reader that remembers where each value stood.
 *
 * Made for signed documents: every value keeps its exact span in the text, a
 * member name that occurs twice in one object (after unescaping) is refused,
 * and so are invalid UTF-8, lone surrogates, U+0000 and anything after the
 * value. Depth, size and number of values are limited; no recursion.
 *
 * Values are nodes of one array in document order, named by index, so walking
 * needs no pointers and freeing is one call.
 */
#pragma once

#include "base/bytes.h"

enum assay_json_type {
    ASSAY_JSON_NULL,
    ASSAY_JSON_FALSE,
    ASSAY_JSON_TRUE,
    ASSAY_JSON_NUMBER,
    ASSAY_JSON_STRING,
    ASSAY_JSON_ARRAY,
    ASSAY_JSON_OBJECT,
};

struct assay_json_limits {
    size_t max_bytes;   /* of the text; at most 256 MiB */
    uint32_t max_depth; /* nesting of arrays and objects; 0 = scalars only */
    uint32_t max_nodes; /* values and member names together */
};

struct assay_json; /* the parsed document; borrows the text */

/* No such node: what the getters return for what is not there. */
#define ASSAY_JSON_NONE UINT32_MAX

/* Parses the whole text, which must outlive *out. Any value may be at the
 * top. *out is NULL unless ASSAY_OK; freed with assay_json_free().
 * ASSAY_MALFORMED (offset: the byte), ASSAY_TRUNCATED, ASSAY_TOO_LARGE (a
 * limit), ASSAY_NO_MEMORY. `what` starts the message. */
ASSAY_MUST_CHECK enum assay_code
assay_json_parse(struct assay_slice text,
                 const struct assay_json_limits *limits, const char *what,
                 struct assay_json **out, struct assay_error *err);
/* The same where U+0000 may stand in strings: for what people and programs say,
 * not for anything signed. */
ASSAY_MUST_CHECK enum assay_code
assay_json_parse_nul(struct assay_slice text,
                     const struct assay_json_limits *limits, const char *what,
                     struct assay_json **out, struct assay_error *err);
void assay_json_free(struct assay_json *j); /* NULL is fine */

#define ASSAY_JSON_ROOT 0u

enum assay_json_type assay_json_type(const struct assay_json *j, uint32_t node);
const char *assay_json_type_name(enum assay_json_type type);
/* The value as it stands in the text: braces, quotes and escapes included,
 * white space around it not. */
struct assay_slice assay_json_span(const struct assay_json *j, uint32_t node);
/* Offset of the value in the text; in the TOML text if the document was made
 * from one (base/toml.h). */
size_t assay_json_offset(const struct assay_json *j, uint32_t node);
/* A string's characters, unescaped UTF-8, without NUL but for
 * assay_json_parse_nul(); empty for others. */
struct assay_slice assay_json_string(const struct assay_json *j, uint32_t node);
/* Elements or members; 0 for others. */
uint32_t assay_json_count(const struct assay_json *j, uint32_t node);
/* Value of a member of an object, or NONE (also if node is no object). */
uint32_t assay_json_member(const struct assay_json *j, uint32_t node,
                           const char *name);

/* Iteration: first child (an array's element, or an object's first member
 * NAME), then from one to the next; NONE at the end. A member's value is
 * assay_json_value(name). */
uint32_t assay_json_first(const struct assay_json *j, uint32_t node);
uint32_t assay_json_next(const struct assay_json *j, uint32_t child);
uint32_t assay_json_value(const struct assay_json *j, uint32_t name);

/* Exact integers only: no fraction, no exponent, no "-0", in range. False
 * for anything else. */
bool assay_json_u64(const struct assay_json *j, uint32_t node, uint64_t *out);
bool assay_json_i64(const struct assay_json *j, uint32_t node, int64_t *out);
