/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * policy_diff.c - what differs between two policies, or between a policy and
 * what was found.
 */
#include "policy_diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/compose.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/json_canon.h"
#include "base/json_out.h"
#include "base/text.h"
#include "diff_lines.h"

#define VALUE_MAX_BYTES (8u * 1024u * 1024u)

static const struct assay_json_limits limits = {5u * ASSAY_COMPOSE_MAX_BYTES,
                                                32, 256u * 1024u};

/* A node of some document; node may be NONE. */
struct value {
    const struct assay_json *j;
    uint32_t node;
};

static struct value
member_of(const struct assay_json *j, uint32_t object, const char *name)
{
    return (struct value){j, object != ASSAY_JSON_NONE
                                 ? assay_json_member(j, object, name)
                                 : ASSAY_JSON_NONE};
}

static bool
is_type(struct value v, enum assay_json_type type)
{
    return v.node != ASSAY_JSON_NONE && assay_json_type(v.j, v.node) == type;
}

/* --- differences -------------------------------------------------------- */

static struct difference *
add(struct policy_diff *d, const char *prefix, struct assay_slice name)
{
    struct difference *grown;

    if (d->err->code != ASSAY_OK) {
        return NULL;
    }
    if (d->count == DIFFERENCES_MAX) {
        assay_fail(d->err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                   "more than %u members differ", DIFFERENCES_MAX);
        return NULL;
    }
    grown = realloc(d->difference, (d->count + 1) * sizeof(*grown));
    if (grown == NULL) {
        assay_fail(d->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "out of memory");
        return NULL;
    }
    d->difference = grown;
    grown += d->count++;
    memset(grown, 0, sizeof(*grown));
    (void)snprintf(grown->member, sizeof(grown->member), "%s%.*s", prefix,
                   (int)(name.len < 60 ? name.len : 60),
                   (const char *)name.ptr);
    assay_buf_init(&grown->old, VALUE_MAX_BYTES);
    assay_buf_init(&grown->new, VALUE_MAX_BYTES);
    assay_buf_init(&grown->lines, VALUE_MAX_BYTES);
    return grown;
}

void
policy_diff_free(struct policy_diff *d)
{
    for (size_t i = 0; i < d->count; i++) {
        assay_buf_free(&d->difference[i].old);
        assay_buf_free(&d->difference[i].new);
        assay_buf_free(&d->difference[i].lines);
    }
    free(d->difference);
    d->difference = NULL;
    d->count = 0;
}

static void
write_value(struct policy_diff *d, struct value v, struct assay_buf *out)
{
    if (v.node != ASSAY_JSON_NONE) {
        (void)!assay_json_canon(v.j, v.node, ASSAY_JSON_SORTED, "policy", out,
                                d->err);
    }
}

static bool
has_lines(struct value v)
{
    return is_type(v, ASSAY_JSON_STRING) &&
           memchr(assay_json_string(v.j, v.node).ptr, '\n',
                  assay_json_string(v.j, v.node).len) != NULL;
}

static void
add_values(struct policy_diff *d, const char *prefix, struct assay_slice name,
           struct value old, struct value new)
{
    struct difference *to = add(d, prefix, name);

    if (to == NULL) {
        return;
    }
    write_value(d, old, &to->old);
    write_value(d, new, &to->new);
    if (is_type(old, ASSAY_JSON_STRING) && is_type(new, ASSAY_JSON_STRING) &&
        (has_lines(old) || has_lines(new)) && d->err->code == ASSAY_OK) {
        (void)!diff_lines(assay_json_string(old.j, old.node),
                          assay_json_string(new.j, new.node), &to->lines,
                          d->err);
    }
}

/* --- equality ----------------------------------------------------------- */

static bool
same_text(struct policy_diff *d, struct value a, struct value b)
{
    struct assay_buf text[2];
    bool same;

    if (a.node == ASSAY_JSON_NONE || b.node == ASSAY_JSON_NONE) {
        return a.node == b.node;
    }
    assay_buf_init(&text[0], VALUE_MAX_BYTES);
    assay_buf_init(&text[1], VALUE_MAX_BYTES);
    write_value(d, a, &text[0]);
    write_value(d, b, &text[1]);
    same =
        assay_slice_equal(assay_buf_slice(&text[0]), assay_buf_slice(&text[1]));
    assay_buf_free(&text[0]);
    assay_buf_free(&text[1]);
    return same;
}

static bool
holds(struct policy_diff *d, struct value list, struct value item)
{
    for (uint32_t i = policy_document_first(list.j, list.node);
         i != ASSAY_JSON_NONE; i = policy_document_next(list.j, list.node, i)) {
        if (same_text(d, (struct value){list.j, i}, item)) {
            return true;
        }
    }
    return false;
}

/* Lists of a policy are sets, but for those whose order is one of preference.
 */
static bool
same_set(struct policy_diff *d, struct value a, struct value b)
{
    const struct value pair[2] = {a, b};

    for (int side = 0; side < 2; side++) {
        struct value of = pair[side];

        for (uint32_t i = policy_document_first(of.j, of.node);
             i != ASSAY_JSON_NONE; i = policy_document_next(of.j, of.node, i)) {
            if (!holds(d, pair[1 - side], (struct value){of.j, i})) {
                return false;
            }
        }
    }
    return true;
}

/* A text, and the hashes that stand for it. */
static bool
is_hash_of(struct policy_diff *d, struct value hashes, struct value text)
{
    struct value list = is_type(hashes, ASSAY_JSON_OBJECT)
                            ? member_of(hashes.j, hashes.node, "sha256")
                            : (struct value){hashes.j, ASSAY_JSON_NONE};
    uint8_t hash[32];
    char hex[2 * sizeof(hash) + 1];

    if (list.node == ASSAY_JSON_NONE || !is_type(text, ASSAY_JSON_STRING) ||
        assay_compose_hash(d->ctx, assay_json_string(text.j, text.node),
                           ASSAY_COMPOSE_RAW, hash, d->err) != ASSAY_OK) {
        return false;
    }
    assay_hex_to(hex, (struct assay_slice){hash, sizeof(hash)});
    for (uint32_t i = policy_document_first(list.j, list.node);
         i != ASSAY_JSON_NONE; i = policy_document_next(list.j, list.node, i)) {
        if (assay_slice_is(assay_json_string(list.j, i), hex)) {
            return true;
        }
    }
    return false;
}

/* --- app-composes ------------------------------------------------------- */

static void
compare_compose_member(struct policy_diff *d, struct assay_slice name,
                       struct value old, struct value new)
{
    if (!same_text(d, old, new) && !is_hash_of(d, old, new) &&
        !is_hash_of(d, new, old)) {
        add_values(d, "app_compose.", name, old, new);
    }
}

static struct value
find(const struct assay_json *j, struct assay_slice name)
{
    uint32_t n = assay_json_first(j, ASSAY_JSON_ROOT);

    while (n != ASSAY_JSON_NONE &&
           !assay_slice_equal(assay_json_string(j, n), name)) {
        n = assay_json_next(j, n);
    }
    return (struct value){j, n != ASSAY_JSON_NONE ? assay_json_value(j, n)
                                                  : ASSAY_JSON_NONE};
}

static void
compare_composes(struct policy_diff *d, struct assay_slice old,
                 struct assay_slice new)
{
    struct assay_json *a = NULL;
    struct assay_json *b = NULL;

    if (assay_json_parse(old, &limits, "app-compose", &a, d->err) == ASSAY_OK &&
        assay_json_parse(new, &limits, "app-compose", &b, d->err) == ASSAY_OK) {
        for (uint32_t n = assay_json_first(a, ASSAY_JSON_ROOT);
             n != ASSAY_JSON_NONE; n = assay_json_next(a, n)) {
            struct assay_slice name = assay_json_string(a, n);

            compare_compose_member(d, name, find(a, name), find(b, name));
        }
        for (uint32_t n = assay_json_first(b, ASSAY_JSON_ROOT);
             n != ASSAY_JSON_NONE; n = assay_json_next(b, n)) {
            struct assay_slice name = assay_json_string(b, n);

            if (find(a, name).node == ASSAY_JSON_NONE) {
                compare_compose_member(d, name, find(a, name), find(b, name));
            }
        }
    }
    assay_json_free(a);
    assay_json_free(b);
}

/* What a side says of the app-compose, as JSON text: its object laid over the
 * defaults, or the text itself. Empty: it knows no more than a hash. */
static struct assay_slice
compose_of(struct policy_diff *d, const struct diff_side *side,
           struct assay_buf *room)
{
    struct value object =
        member_of(side->policy->all, ASSAY_JSON_ROOT, "app_compose");

    assay_buf_init(room, limits.max_bytes);
    if (side->app_compose.len > 0 || !is_type(object, ASSAY_JSON_OBJECT)) {
        return side->app_compose;
    }
    (void)!assay_compose_merge(assay_json_span(object.j, object.node), room,
                               d->err);
    return assay_buf_slice(room);
}

/* --- policies ----------------------------------------------------------- */

/* What a person notes is no rule; app_compose is compared member by member. */
static bool
is_compared(struct assay_slice name)
{
    return !assay_slice_is(name, "pinned") &&
           !assay_slice_is(name, "app_compose");
}

static bool
same_member(struct policy_diff *d, struct assay_slice name, struct value old,
            struct value new)
{
    bool ordered =
        assay_slice_is(name, "pccs_url") || assay_slice_is(name, "wires");
    bool there = old.node != ASSAY_JSON_NONE && new.node != ASSAY_JSON_NONE;

    return ordered || !there || is_type(old, ASSAY_JSON_OBJECT)
               ? same_text(d, old, new)
               : same_set(d, old, new);
}

/* Parts of an object (the bootchain) are sets as well. */
static void
compare_member(struct policy_diff *d, struct assay_slice name, struct value old,
               struct value new)
{
    if (is_type(old, ASSAY_JSON_OBJECT) && is_type(new, ASSAY_JSON_OBJECT)) {
        char prefix[64];

        (void)snprintf(prefix, sizeof(prefix), "%.*s.",
                       (int)(name.len < 60 ? name.len : 60),
                       (const char *)name.ptr);
        for (int side = 0; side < 2; side++) {
            struct value of = side == 0 ? old : new;

            for (uint32_t n = assay_json_first(of.j, of.node);
                 n != ASSAY_JSON_NONE; n = assay_json_next(of.j, n)) {
                struct assay_slice part = assay_json_string(of.j, n);
                char text[64];
                struct value a;
                struct value b;

                (void)snprintf(text, sizeof(text), "%.*s", (int)part.len,
                               (const char *)part.ptr);
                a = member_of(old.j, old.node, text);
                b = member_of(new.j, new.node, text);
                if ((side == 0 || a.node == ASSAY_JSON_NONE) &&
                    !same_member(d, part, a, b)) {
                    add_values(d, prefix, part, a, b);
                }
            }
        }
    } else if (!same_member(d, name, old, new)) {
        add_values(d, "", name, old, new);
    }
}

void
policy_diff_policies(struct policy_diff *d, const struct diff_side *old,
                     const struct diff_side *new)
{
    const struct assay_json *a = old->policy->all;
    const struct assay_json *b = new->policy->all;
    struct assay_buf room[2];
    struct assay_slice text[2];

    for (uint32_t n = assay_json_first(a, ASSAY_JSON_ROOT);
         n != ASSAY_JSON_NONE; n = assay_json_next(a, n)) {
        struct assay_slice name = assay_json_string(a, n);

        if (is_compared(name)) {
            compare_member(d, name, find(a, name), find(b, name));
        }
    }
    for (uint32_t n = assay_json_first(b, ASSAY_JSON_ROOT);
         n != ASSAY_JSON_NONE; n = assay_json_next(b, n)) {
        struct assay_slice name = assay_json_string(b, n);

        if (is_compared(name) && find(a, name).node == ASSAY_JSON_NONE) {
            compare_member(d, name, find(a, name), find(b, name));
        }
    }
    text[0] = compose_of(d, old, &room[0]);
    text[1] = compose_of(d, new, &room[1]);
    if (text[0].len > 0 && text[1].len > 0) {
        compare_composes(d, text[0], text[1]);
    } else if (d->err->code == ASSAY_OK) {
        compare_member(d, assay_slice_of("app_compose"),
                       find(a, assay_slice_of("app_compose")),
                       find(b, assay_slice_of("app_compose")));
    }
    assay_buf_free(&room[0]);
    assay_buf_free(&room[1]);
}

/* --- what was found ----------------------------------------------------- */

/* One value that must be in the policy's list, if there is one. */
static void
compare_found(struct policy_diff *d, const char *prefix, const char *name,
              struct value list, const uint8_t *bytes, size_t len)
{
    char hex[2 * 48 + 1] = "";
    struct difference *to;
    struct assay_json_out o;

    if (list.node == ASSAY_JSON_NONE || is_type(list, ASSAY_JSON_NULL)) {
        return;
    }
    if (bytes != NULL) {
        assay_hex_to(hex, (struct assay_slice){bytes, len});
    }
    for (uint32_t i = policy_document_first(list.j, list.node);
         i != ASSAY_JSON_NONE; i = policy_document_next(list.j, list.node, i)) {
        if (assay_slice_is(assay_json_string(list.j, i), hex)) {
            return;
        }
    }
    to = add(d, prefix, assay_slice_of(name));
    if (to != NULL) {
        write_value(d, list, &to->old);
        assay_json_out_init(&o, &to->new, true);
        if (bytes != NULL) {
            assay_json_out_text(&o, NULL, hex);
        }
    }
}

static void
compare_registers(struct policy_diff *d, const struct assay_json *j,
                  const struct found *f)
{
    uint32_t boot = assay_json_member(j, ASSAY_JSON_ROOT, "expected_bootchain");

    for (int i = PIN_MRTD; i <= PIN_MR_OWNER_CONFIG; i++) {
        const char *name = pin_item_name((enum pin_item)i);
        const uint8_t *reg = f->has_register[i] ? f->reg[i] : NULL;

        compare_found(d, "", name, member_of(j, ASSAY_JSON_ROOT, name), reg,
                      sizeof(f->reg[i]));
        compare_found(d, "expected_bootchain.", name, member_of(j, boot, name),
                      reg, sizeof(f->reg[i]));
    }
    compare_found(d, "", "expected_rtmr3",
                  member_of(j, ASSAY_JSON_ROOT, "expected_rtmr3"),
                  f->has_register[PIN_RTMR3] ? f->reg[PIN_RTMR3] : NULL,
                  sizeof(f->reg[PIN_RTMR3]));
}

/* The policy's object, and a text that was not offered: its hash is all. */
static void
add_unseen(struct policy_diff *d, const struct diff_side *old,
           const struct found *f)
{
    static const enum assay_compose_form forms[] = {ASSAY_COMPOSE_INSERTION,
                                                    ASSAY_COMPOSE_SORTED};
    struct value object =
        member_of(old->policy->all, ASSAY_JSON_ROOT, "app_compose");
    uint8_t hash[32];
    struct assay_error err;

    if (!is_type(object, ASSAY_JSON_OBJECT)) {
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        if (assay_compose_hash(d->ctx, assay_json_span(object.j, object.node),
                               forms[i], hash, &err) == ASSAY_OK &&
            f->has_compose && memcmp(hash, f->compose, sizeof(hash)) == 0) {
            return;
        }
    }
    add_values(d, "", assay_slice_of("app_compose"), object,
               (struct value){object.j, ASSAY_JSON_NONE});
}

void
policy_diff_found(struct policy_diff *d, const struct diff_side *old,
                  const struct found *f)
{
    const struct assay_json *j = old->policy->all;
    struct assay_slice found = assay_buf_slice(&f->app_compose);
    struct assay_buf room;
    struct assay_slice text;

    compare_registers(d, j, f);
    compare_found(d, "", "os_image_hash",
                  member_of(j, ASSAY_JSON_ROOT, "os_image_hash"),
                  f->has_os_image ? f->os_image : NULL, sizeof(f->os_image));
    compare_found(d, "", "compose_hash",
                  member_of(j, ASSAY_JSON_ROOT, "compose_hash"),
                  f->has_compose ? f->compose : NULL, sizeof(f->compose));
    text = compose_of(d, old, &room);
    if (text.len > 0 && found.len > 0) {
        compare_composes(d, text, found);
    } else {
        add_unseen(d, old, f);
    }
    assay_buf_free(&room);
}
