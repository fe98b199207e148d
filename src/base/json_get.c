/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * json_get.c - asking a parsed document. A node that is not there answers
 * like an empty one, so that lookups may be chained and checked once.
 */
#include <stdlib.h>

#include "base/json_tree.h"

static const struct assay_json_node *
find(const struct assay_json *j, uint32_t node)
{
    return node < j->node_count ? &j->nodes[node] : NULL;
}

static const struct assay_json_node *
find_typed(const struct assay_json *j, uint32_t node, enum assay_json_type type)
{
    const struct assay_json_node *n = find(j, node);

    return n != NULL && n->type == type ? n : NULL;
}

void
assay_json_free(struct assay_json *j)
{
    if (j != NULL) {
        free(j->nodes);
        free(j->arena);
        free(j->made_text);
        free(j->origins);
        free(j);
    }
}

enum assay_json_type
assay_json_type(const struct assay_json *j, uint32_t node)
{
    const struct assay_json_node *n = find(j, node);

    return n != NULL ? (enum assay_json_type)n->type : ASSAY_JSON_NULL;
}

const char *
assay_json_type_name(enum assay_json_type type)
{
    switch (type) {
    case ASSAY_JSON_NULL:
        return "null";
    case ASSAY_JSON_FALSE:
        return "false";
    case ASSAY_JSON_TRUE:
        return "true";
    case ASSAY_JSON_NUMBER:
        return "number";
    case ASSAY_JSON_STRING:
        return "string";
    case ASSAY_JSON_ARRAY:
        return "array";
    case ASSAY_JSON_OBJECT:
        return "object";
    }
    return "unknown";
}

struct assay_slice
assay_json_span(const struct assay_json *j, uint32_t node)
{
    const struct assay_json_node *n = find(j, node);

    if (n == NULL) {
        return ASSAY_EMPTY;
    }
    return (struct assay_slice){j->text.ptr + n->at, n->len};
}

size_t
assay_json_offset(const struct assay_json *j, uint32_t node)
{
    const struct assay_json_node *n = find(j, node);

    if (n != NULL && j->origins != NULL) {
        return j->origins[node];
    }
    return n != NULL ? n->at : ASSAY_NO_OFFSET;
}

struct assay_slice
assay_json_string(const struct assay_json *j, uint32_t node)
{
    const struct assay_json_node *n = find_typed(j, node, ASSAY_JSON_STRING);

    if (n == NULL) {
        return ASSAY_EMPTY;
    }
    if ((n->flags & ASSAY_JSON_FLAG_UNESCAPED) != 0) {
        return (struct assay_slice){j->arena + n->aux, n->count};
    }
    return (struct assay_slice){j->text.ptr + n->at + 1, n->count};
}

static bool
is_container(const struct assay_json_node *n)
{
    return n != NULL &&
           (n->type == ASSAY_JSON_ARRAY || n->type == ASSAY_JSON_OBJECT);
}

uint32_t
assay_json_count(const struct assay_json *j, uint32_t node)
{
    const struct assay_json_node *n = find(j, node);

    return is_container(n) ? n->count : 0;
}

uint32_t
assay_json_first(const struct assay_json *j, uint32_t node)
{
    return assay_json_count(j, node) > 0 ? node + 1 : ASSAY_JSON_NONE;
}

uint32_t
assay_json_next(const struct assay_json *j, uint32_t child)
{
    const struct assay_json_node *n = find(j, child);

    return n != NULL ? n->next : ASSAY_JSON_NONE;
}

uint32_t
assay_json_value(const struct assay_json *j, uint32_t name)
{
    const struct assay_json_node *n = find(j, name);

    return n != NULL && (n->flags & ASSAY_JSON_FLAG_NAME) != 0
               ? name + 1
               : ASSAY_JSON_NONE;
}

uint32_t
assay_json_member(const struct assay_json *j, uint32_t node, const char *name)
{
    struct assay_slice want = assay_slice_of(name);
    uint32_t at = ASSAY_JSON_NONE;

    if (find_typed(j, node, ASSAY_JSON_OBJECT) != NULL) {
        at = assay_json_first(j, node);
    }
    while (at != ASSAY_JSON_NONE &&
           !assay_slice_equal(assay_json_string(j, at), want)) {
        at = assay_json_next(j, at);
    }
    return assay_json_value(j, at);
}

/* The digits of an integer, without its sign; empty for anything else. */
static struct assay_slice
integer_digits(const struct assay_json *j, uint32_t node, bool *negative)
{
    const struct assay_json_node *n = find_typed(j, node, ASSAY_JSON_NUMBER);
    struct assay_slice s = assay_json_span(j, node);

    if (n == NULL) {
        return ASSAY_EMPTY;
    }
    *negative = s.ptr[0] == '-';
    if (*negative) {
        s.ptr++;
        s.len--;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            return ASSAY_EMPTY;
        }
    }
    return *negative && s.ptr[0] == '0' ? ASSAY_EMPTY : s;
}

/* False if there are none, or if they come to more than max. */
static bool
digits_value(struct assay_slice s, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;

    for (size_t i = 0; i < s.len; i++) {
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');

        if (v > (max - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
    }
    if (s.len > 0) {
        *out = v;
    }
    return s.len > 0;
}

bool
assay_json_u64(const struct assay_json *j, uint32_t node, uint64_t *out)
{
    bool negative = false;
    struct assay_slice s = integer_digits(j, node, &negative);

    return !negative && digits_value(s, UINT64_MAX, out);
}

bool
assay_json_i64(const struct assay_json *j, uint32_t node, int64_t *out)
{
    bool negative = false;
    struct assay_slice s = integer_digits(j, node, &negative);
    uint64_t v = 0;

    if (!digits_value(s, (uint64_t)INT64_MAX + negative, &v)) {
        return false;
    }
    /* INT64_MIN has no positive counterpart to negate. */
    *out = negative ? -(int64_t)(v - 1) - 1 : (int64_t)v;
    return true;
}
