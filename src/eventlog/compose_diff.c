/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * compose_diff.c - are two values equal, and if not, where?
 *
 * A member is looked up among the offered ones once for each expected one, so
 * what this costs is bounded by the policy, not by the server.
 */
#include <stdio.h>

#include "base/text.h"
#include "eventlog/compose_parts.h"
#include "eventlog/fault.h"

#define EXCERPT_BYTES 36u
#define EXCERPT_LEAD  10u /* bytes shown before the difference */

/* Two containers that are compared child by child. */
struct pair {
    struct assay_compose_at expected;
    struct assay_compose_at offered;
    uint32_t next;         /* expected child; NONE at the end */
    uint32_t next_offered; /* arrays only */
    uint32_t met;          /* offered members that an expected one named */
};

struct walk {
    const struct assay_ctx *ctx;
    struct assay_error *err;
    struct pair pairs[ASSAY_COMPOSE_MAX_DEPTH];
    size_t depth;
    struct assay_compose_diff *out;
};

static void
differ(struct walk *w, struct assay_compose_at expected,
       struct assay_compose_at offered)
{
    if (w->out->equal) {
        *w->out = (struct assay_compose_diff){false, expected, offered};
    }
}

static enum assay_json_type
type_of(struct assay_compose_at at)
{
    return assay_json_type(at.doc, at.node);
}

/* False also after a failure. */
static bool
has_one_of(struct walk *w, struct assay_compose_at hashes,
           struct assay_slice text)
{
    uint32_t list = assay_json_member(hashes.doc, hashes.node, "sha256");
    uint8_t digest[ASSAY_SHA256_BYTES];
    bool found = false;

    if (assay_sha256(w->ctx, text, digest, w->err) != ASSAY_OK) {
        return false;
    }
    for (uint32_t n = assay_json_first(hashes.doc, list);
         n != ASSAY_JSON_NONE && !found; n = assay_json_next(hashes.doc, n)) {
        uint8_t want[ASSAY_SHA256_BYTES];
        struct assay_error sub;

        assay_error_clear(&sub);
        found = assay_hex_decode(assay_json_string(hashes.doc, n), want,
                                 sizeof(want), "sha256", &sub) == ASSAY_OK &&
                memcmp(want, digest, sizeof(want)) == 0;
    }
    return found;
}

static void
descend(struct walk *w, struct assay_compose_at expected,
        struct assay_compose_at offered)
{
    struct pair *p;

    /* Cannot happen: both were parsed with this as their limit. */
    if (w->depth == ASSAY_COMPOSE_MAX_DEPTH) {
        differ(w, expected, offered);
        return;
    }
    p = &w->pairs[w->depth++];
    p->expected = expected;
    p->offered = offered;
    p->next = assay_json_first(expected.doc, expected.node);
    p->next_offered = assay_json_first(offered.doc, offered.node);
    p->met = 0;
}

static void
compare(struct walk *w, struct assay_compose_at expected,
        struct assay_compose_at offered)
{
    enum assay_json_type type = type_of(expected);
    bool equal = type == type_of(offered);

    if (assay_compose_is_hashes(expected)) {
        if (type_of(offered) != ASSAY_JSON_STRING ||
            !has_one_of(w, expected,
                        assay_json_string(offered.doc, offered.node))) {
            differ(w, expected, offered);
        }
        return;
    }
    if (equal && type == ASSAY_JSON_STRING) {
        equal =
            assay_slice_equal(assay_json_string(expected.doc, expected.node),
                              assay_json_string(offered.doc, offered.node));
    } else if (equal && type == ASSAY_JSON_NUMBER) {
        equal = assay_slice_equal(assay_json_span(expected.doc, expected.node),
                                  assay_json_span(offered.doc, offered.node));
    }
    if (!equal) {
        differ(w, expected, offered);
    } else if (type == ASSAY_JSON_ARRAY || type == ASSAY_JSON_OBJECT) {
        descend(w, expected, offered);
    }
}

static void
next_element(struct walk *w, struct pair *p)
{
    const struct assay_compose_at expected = {p->expected.doc, p->next};
    const struct assay_compose_at offered = {p->offered.doc, p->next_offered};

    if (expected.node == ASSAY_JSON_NONE && offered.node == ASSAY_JSON_NONE) {
        w->depth--;
        return;
    }
    if (expected.node == ASSAY_JSON_NONE || offered.node == ASSAY_JSON_NONE) {
        differ(w, expected, offered);
        return;
    }
    p->next = assay_json_next(expected.doc, expected.node);
    p->next_offered = assay_json_next(offered.doc, offered.node);
    compare(w, expected, offered);
}

/* An offered member that no expected one named. */
static struct assay_compose_at
find_unnamed(const struct pair *p)
{
    uint32_t n = assay_json_first(p->offered.doc, p->offered.node);

    while (
        n != ASSAY_JSON_NONE &&
        assay_compose_member(p->expected, assay_json_string(p->offered.doc, n))
                .node != ASSAY_JSON_NONE) {
        n = assay_json_next(p->offered.doc, n);
    }
    return (struct assay_compose_at){p->offered.doc, n};
}

static void
next_member(struct walk *w, struct pair *p)
{
    struct assay_compose_at expected = {p->expected.doc, p->next};
    struct assay_compose_at offered;

    if (expected.node == ASSAY_JSON_NONE) {
        if (p->met != assay_json_count(p->offered.doc, p->offered.node)) {
            differ(w, expected, find_unnamed(p));
        }
        w->depth--;
        return;
    }
    p->next = assay_json_next(expected.doc, expected.node);
    offered = assay_compose_member(
        p->offered, assay_json_string(expected.doc, expected.node));
    expected.node = assay_json_value(expected.doc, expected.node);
    if (offered.node != ASSAY_JSON_NONE) {
        p->met++;
        compare(w, expected, offered);
    } else if (type_of(expected) != ASSAY_JSON_NULL) {
        differ(w, expected, offered);
    }
}

enum assay_code
assay_compose_diff(const struct assay_ctx *ctx,
                   struct assay_compose_at expected,
                   struct assay_compose_at offered,
                   struct assay_compose_diff *out, struct assay_error *err)
{
    struct walk w = {.ctx = ctx, .err = err, .out = out};

    *out = (struct assay_compose_diff){.equal = true};
    compare(&w, expected, offered);
    while (w.depth > 0 && out->equal && err->code == ASSAY_OK) {
        struct pair *p = &w.pairs[w.depth - 1];

        if (type_of(p->expected) == ASSAY_JSON_ARRAY) {
            next_element(&w, p);
        } else {
            next_member(&w, p);
        }
    }
    return err->code;
}

/* --- in words --- */

/* Where the first difference stands. */
struct place {
    size_t line;  /* from 1 */
    size_t start; /* offset of the line */
    size_t at;    /* offset of the difference */
};

static struct place
find_difference(struct assay_slice a, struct assay_slice b)
{
    struct place p = {.line = 1};

    while (p.at < a.len && p.at < b.len && a.ptr[p.at] == b.ptr[p.at]) {
        if (a.ptr[p.at] == '\n') {
            p.line++;
            p.start = p.at + 1;
        }
        p.at++;
    }
    return p;
}

/* Some of that line, from a little before the difference. */
static struct assay_slice
excerpt(struct assay_slice text, const struct place *p)
{
    size_t from =
        p->at > p->start + EXCERPT_LEAD ? p->at - EXCERPT_LEAD : p->start;
    struct assay_slice s = {text.ptr + from, text.len - from};

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\n' || i == EXCERPT_BYTES) {
            s.len = i;
        }
    }
    return s;
}

/* A string's characters, or a value as it stands. */
static struct assay_slice
text_of(struct assay_compose_at at, bool characters)
{
    if (at.node == ASSAY_JSON_NONE) {
        return assay_slice_of("nothing");
    }
    return characters ? assay_json_string(at.doc, at.node)
                      : assay_json_span(at.doc, at.node);
}

void
assay_compose_describe(const struct assay_compose_diff *d,
                       struct assay_slice member, const char *want,
                       char fault[160])
{
    bool two_strings = type_of(d->offered) == ASSAY_JSON_STRING &&
                       type_of(d->expected) == ASSAY_JSON_STRING;
    struct assay_slice offered = text_of(d->offered, two_strings);
    struct assay_slice expected = text_of(d->expected, two_strings);
    struct place p = find_difference(offered, expected);
    char line[32] = "";

    if (d->expected.node != ASSAY_JSON_NONE &&
        assay_compose_is_hashes(d->expected)) {
        assay_fault(fault,
                    "app_compose.%.*s: the %s SHA-256 is not that of "
                    "what is offered",
                    ASSAY_FAULT_TEXT(member, 40u), want);
        return;
    }
    if (p.line > 1) {
        (void)snprintf(line, sizeof(line), ", line %zu", p.line);
    }
    offered = excerpt(offered, &p);
    expected = excerpt(expected, &p);
    assay_fault(fault, "app_compose.%.*s%s: offered '%.*s', %s '%.*s'",
                ASSAY_FAULT_TEXT(member, 30u), line,
                ASSAY_FAULT_TEXT(offered, EXCERPT_BYTES), want,
                ASSAY_FAULT_TEXT(expected, EXCERPT_BYTES));
}
