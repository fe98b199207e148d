/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * schema.h - as much of JSON Schema as that of a policy is written in, read by
 * the standard's words and not by those of the policy's reader.
 */
#pragma once

#include <regex.h>
#include <stdio.h>

#include "assay/policy.h"
#include "base/buf.h"
#include "base/json.h"
#include "harness/unit.h"

/* A place in the schema, and what it is about in the document. */
struct schema_at {
    const struct assay_json *s;
    uint32_t rule;
    const struct assay_json *d;
    uint32_t node;
};

static inline bool schema_holds(struct schema_at at);

static inline bool
schema_has_type(struct schema_at at, struct assay_slice type)
{
    enum assay_json_type t = assay_json_type(at.d, at.node);
    int64_t number;

    if (assay_slice_is(type, "integer")) {
        return assay_json_i64(at.d, at.node, &number);
    }
    if (assay_slice_is(type, "boolean")) {
        return t == ASSAY_JSON_TRUE || t == ASSAY_JSON_FALSE;
    }
    return assay_slice_is(type, assay_json_type_name(t));
}

/* All consts and members of enums here are strings. */
static inline bool
schema_is_word(struct schema_at at, uint32_t word)
{
    return assay_json_type(at.d, at.node) == ASSAY_JSON_STRING &&
           assay_slice_equal(assay_json_string(at.s, word),
                             assay_json_string(at.d, at.node));
}

static inline bool
schema_is_one(struct schema_at at)
{
    for (uint32_t n = assay_json_first(at.s, at.rule); n != ASSAY_JSON_NONE;
         n = assay_json_next(at.s, n)) {
        if (schema_is_word(at, n)) {
            return true;
        }
    }
    return false;
}

static inline bool
schema_fits(struct schema_at at)
{
    struct assay_slice text = assay_json_string(at.d, at.node);
    struct assay_slice rule = assay_json_string(at.s, at.rule);
    char pattern[256];
    char *copy = calloc(1, text.len + 1);
    regex_t compiled;
    bool fits;

    if (copy == NULL || rule.len >= sizeof(pattern)) {
        abort();
    }
    (void)snprintf(pattern, sizeof(pattern), "%.*s", (int)rule.len,
                   (const char *)rule.ptr);
    assay_copy(copy, text);
    assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
    fits = regexec(&compiled, copy, 0, NULL, 0) == 0;
    regfree(&compiled);
    free(copy);
    return fits;
}

/* Characters, not octets. */
static inline size_t
schema_characters(struct assay_slice text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        n += (text.ptr[i] & 0xc0) != 0x80;
    }
    return n;
}

static inline bool
schema_has_all(struct schema_at at)
{
    for (uint32_t n = assay_json_first(at.s, at.rule); n != ASSAY_JSON_NONE;
         n = assay_json_next(at.s, n)) {
        struct assay_slice name = assay_json_string(at.s, n);
        char text[64];

        (void)snprintf(text, sizeof(text), "%.*s", (int)name.len,
                       (const char *)name.ptr);
        if (assay_json_member(at.d, at.node, text) == ASSAY_JSON_NONE) {
            return false;
        }
    }
    return true;
}

/* Each member by its own rule; one without a rule may not be there. */
static inline bool
schema_members(struct schema_at at)
{
    for (uint32_t n = assay_json_first(at.d, at.node); n != ASSAY_JSON_NONE;
         n = assay_json_next(at.d, n)) {
        struct assay_slice name = assay_json_string(at.d, n);
        struct schema_at member = {at.s, ASSAY_JSON_NONE, at.d,
                                   assay_json_value(at.d, n)};

        for (uint32_t r = assay_json_first(at.s, at.rule); r != ASSAY_JSON_NONE;
             r = assay_json_next(at.s, r)) {
            if (assay_slice_equal(assay_json_string(at.s, r), name)) {
                member.rule = assay_json_value(at.s, r);
            }
        }
        if (member.rule == ASSAY_JSON_NONE || !schema_holds(member)) {
            return false;
        }
    }
    return true;
}

static inline bool
schema_elements(struct schema_at at)
{
    for (uint32_t n = assay_json_first(at.d, at.node); n != ASSAY_JSON_NONE;
         n = assay_json_next(at.d, n)) {
        if (!schema_holds((struct schema_at){at.s, at.rule, at.d, n})) {
            return false;
        }
    }
    return true;
}

static inline bool
schema_unlike(struct schema_at at)
{
    for (uint32_t a = assay_json_first(at.d, at.node); a != ASSAY_JSON_NONE;
         a = assay_json_next(at.d, a)) {
        for (uint32_t b = assay_json_next(at.d, a); b != ASSAY_JSON_NONE;
             b = assay_json_next(at.d, b)) {
            if (assay_slice_equal(assay_json_span(at.d, a),
                                  assay_json_span(at.d, b))) {
                return false;
            }
        }
    }
    return true;
}

static inline size_t
schema_count_of(struct schema_at at)
{
    size_t count = 0;

    for (uint32_t n = assay_json_first(at.s, at.rule); n != ASSAY_JSON_NONE;
         n = assay_json_next(at.s, n)) {
        count += schema_holds((struct schema_at){at.s, n, at.d, at.node});
    }
    return count;
}

static inline bool
schema_reference(struct schema_at at)
{
    static const char start[] = "#/$defs/";
    struct assay_slice ref = assay_json_string(at.s, at.rule);
    char name[64];

    assert_true(ref.len > strlen(start) && ref.len < sizeof(name));
    assert_memory_equal(ref.ptr, start, strlen(start));
    (void)snprintf(name, sizeof(name), "%.*s", (int)(ref.len - strlen(start)),
                   (const char *)ref.ptr + strlen(start));
    at.rule = assay_json_member(
        at.s, assay_json_member(at.s, ASSAY_JSON_ROOT, "$defs"), name);
    assert_int_not_equal(at.rule, ASSAY_JSON_NONE);
    return schema_holds(at);
}

/* One keyword; `at.rule` is its value. */
static inline bool
schema_keyword(struct schema_at at, struct assay_slice word)
{
    enum assay_json_type t = assay_json_type(at.d, at.node);
    size_t count = assay_json_count(at.d, at.node);
    int64_t limit = 0;
    int64_t number = 0;
    bool numeric = assay_json_i64(at.d, at.node, &number);

    (void)assay_json_i64(at.s, at.rule, &limit);
#define IS(name) assay_slice_is(word, name)
    if (IS("$schema") || IS("title") || IS("$defs")) {
        return true;
    }
    if (IS("$ref")) {
        return schema_reference(at);
    }
    if (IS("type")) {
        return schema_has_type(at, assay_json_string(at.s, at.rule));
    }
    if (IS("const")) {
        return schema_is_word(at, at.rule);
    }
    if (IS("enum")) {
        return schema_is_one(at);
    }
    if (IS("oneOf")) {
        return schema_count_of(at) == 1;
    }
    if (IS("pattern")) {
        return t != ASSAY_JSON_STRING || schema_fits(at);
    }
    if (IS("maxLength")) {
        return t != ASSAY_JSON_STRING ||
               schema_characters(assay_json_string(at.d, at.node)) <=
                   (size_t)limit;
    }
    if (IS("minimum")) {
        return !numeric || number >= limit;
    }
    if (IS("maximum")) {
        return !numeric || number <= limit;
    }
    if (IS("required")) {
        return t != ASSAY_JSON_OBJECT || schema_has_all(at);
    }
    if (IS("minProperties")) {
        return t != ASSAY_JSON_OBJECT || count >= (size_t)limit;
    }
    if (IS("properties")) {
        return t != ASSAY_JSON_OBJECT || schema_members(at);
    }
    if (IS("additionalProperties")) { /* what schema_members() refuses */
        assert_int_equal(assay_json_type(at.s, at.rule), ASSAY_JSON_FALSE);
        return true;
    }
    if (IS("items")) {
        return t != ASSAY_JSON_ARRAY || schema_elements(at);
    }
    if (IS("minItems")) {
        return t != ASSAY_JSON_ARRAY || count >= (size_t)limit;
    }
    if (IS("maxItems")) {
        return t != ASSAY_JSON_ARRAY || count <= (size_t)limit;
    }
    if (IS("uniqueItems")) {
        return t != ASSAY_JSON_ARRAY || schema_unlike(at);
    }
#undef IS
    fail_msg("schema: a new keyword, %.*s", (int)word.len,
             (const char *)word.ptr);
    return false;
}

static inline bool
schema_holds(struct schema_at at)
{
    for (uint32_t n = assay_json_first(at.s, at.rule); n != ASSAY_JSON_NONE;
         n = assay_json_next(at.s, n)) {
        if (!schema_keyword((struct schema_at){at.s, assay_json_value(at.s, n),
                                               at.d, at.node},
                            assay_json_string(at.s, n))) {
            return false;
        }
    }
    return true;
}

static const struct assay_json_limits schema_limits = {2u << 20, 16, 1u << 16};

/* Both are the caller's to free, the text last. */
static inline struct assay_json *
schema_open(struct assay_buf *text)
{
    struct assay_json *j = NULL;
    struct assay_error err;

    assay_buf_init(text, 1u << 20);
    assert_int_equal(assay_policy_schema_json(text, &err), ASSAY_OK);
    if (assay_json_parse(assay_buf_slice(text), &schema_limits, "schema", &j,
                         &err) != ASSAY_OK) {
        fail_msg("%s at %zu", err.msg, err.offset);
    }
    return j;
}

/* What members must be together, that prefixes have one length, or that a day
 * is in no calendar, a schema of this kind cannot say. */
static inline bool
schema_cannot_say(struct assay_slice text, const struct assay_error *err)
{
    static const char *const dates[] = {"2026-02-29", "2026-02-30",
                                        "\"99999999999999\""};

    static const char *const words[] = {
        "grace_period requires",
        "must be \"required\" where wires",
        "are the same rule",
        "another member sets the same rule",
        "is missing; add it",
        "must be provided",
        "names nothing of the workload",
        "needs a policy",
        "value has bits that mask leaves out",
        "compares first octets",
        "asks for nothing",
        "INTEL-SA-615' is no",
        "INTEL-SA-0061S' is no",
        "policy.app_compose: sha256: ",
        "policy.app_compose: JSON has a number",
        "policy.min_tdx_tcb.mrtmrs: must be 2 hex digits",
    };

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strstr(err->msg, words[i]) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; i < COUNT_OF(dates); i++) {
        if (strstr(err->msg, "must be a date like") != NULL &&
            assay_slice_find(text, dates[i]) != ASSAY_NO_OFFSET) {
            return true;
        }
    }
    return false;
}

/* The reader of policies and the schema are of one mind about a text that is
 * JSON and not too large; `err` is what the reader said. */
static inline void
schema_check(const struct assay_json *schema, struct assay_slice text,
             const struct assay_error *err)
{
    struct assay_json *doc = NULL;
    struct assay_error own;
    bool holds;

    assay_error_clear(&own);
    if ((err->code != ASSAY_OK && err->code != ASSAY_INVALID) ||
        assay_json_parse(text, &schema_limits, "policy", &doc, &own) !=
            ASSAY_OK) {
        return;
    }
    holds = schema_holds(
        (struct schema_at){schema, ASSAY_JSON_ROOT, doc, ASSAY_JSON_ROOT});
    if (holds != (err->code == ASSAY_OK) &&
        !(holds && schema_cannot_say(text, err))) {
        fail_msg("%.*s: the schema says %s, the reader: %s",
                 (int)(text.len < 300 ? text.len : 300), (const char *)text.ptr,
                 holds ? "yes" : "no",
                 err->code == ASSAY_OK ? "yes" : err->msg);
    }
    assay_json_free(doc);
}
