/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * member.c - the kinds of value that a policy's members have.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/timestamp.h"
#include "policy/parse.h"

#define STRING_MAX (64u * 1024u) /* a PEM certificate fits */

void
assay_member_fail(const struct assay_member_place *at, const char *fmt, ...)
{
    char text[160];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    assay_fail(at->err, ASSAY_INVALID, assay_json_offset(at->doc, at->node),
               "%s: %s", at->path, text);
}

void
assay_member_no_memory(const struct assay_member_place *at)
{
    assay_fail(at->err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET, "%s: out of memory",
               at->path);
}

void
assay_member_unknown(const struct assay_member_place *at,
                     struct assay_slice name, const char *const *names)
{
    const char *near = assay_nearest(name, names);

    assay_member_fail(at, "unknown member%s%s",
                      near != NULL ? "; the nearest is " : "",
                      near != NULL ? near : "");
}

struct assay_member_place
assay_member_part(const struct assay_member_place *at, uint32_t name,
                  char path[ASSAY_MEMBER_PATH])
{
    struct assay_slice s = assay_json_string(at->doc, name);
    struct assay_member_place part = *at;

    (void)snprintf(path, ASSAY_MEMBER_PATH, "%s.%.*s", at->path,
                   (int)(s.len < 40 ? s.len : 40), (const char *)s.ptr);
    part.node = assay_json_value(at->doc, name);
    part.path = path;
    return part;
}

bool
assay_member_bool(const struct assay_member_place *at)
{
    enum assay_json_type type = assay_json_type(at->doc, at->node);

    if (type != ASSAY_JSON_TRUE && type != ASSAY_JSON_FALSE) {
        assay_member_fail(at, "must be true or false");
    }
    return type == ASSAY_JSON_TRUE;
}

struct assay_number_rule
assay_member_integer(const struct assay_member_place *at, int64_t max)
{
    int64_t v = 0;

    if (!assay_json_i64(at->doc, at->node, &v) || v < 0 || v > max) {
        assay_member_fail(at, "must be an integer from 0 to %lld",
                          (long long)max);
        return (struct assay_number_rule){false, 0};
    }
    return (struct assay_number_rule){true, v};
}

static struct assay_slice
text_of(const struct assay_member_place *at)
{
    struct assay_slice s = assay_json_string(at->doc, at->node);

    if (assay_json_type(at->doc, at->node) != ASSAY_JSON_STRING ||
        s.len > STRING_MAX) {
        assay_member_fail(at, "must be a string of at most %u bytes",
                          STRING_MAX);
        return ASSAY_EMPTY;
    }
    return s;
}

struct assay_number_rule
assay_member_date(const struct assay_member_place *at)
{
    struct assay_slice s = text_of(at);
    struct assay_error sub;
    int64_t t = 0;

    assay_error_clear(&sub);
    if (at->err->code == ASSAY_OK &&
        assay_time_parse_loose(s, &t, "date", &sub) != ASSAY_OK) {
        assay_member_fail(at, "must be a date like 2026-11-20T00:00:00Z");
        return (struct assay_number_rule){false, 0};
    }
    return (struct assay_number_rule){true, t};
}

char *
assay_member_string(const struct assay_member_place *at)
{
    struct assay_slice s = text_of(at);
    char *copy = NULL;

    if (at->err->code != ASSAY_OK) {
        return NULL;
    }
    copy = malloc(s.len + 1);
    if (copy == NULL) {
        assay_member_no_memory(at);
        return NULL;
    }
    assay_copy(copy, s);
    copy[s.len] = '\0';
    return copy;
}

/* A list counts its elements, a single value is a list of one; an empty list
 * is refused, since it would either forbid or allow all. */
static uint32_t
count_items(const struct assay_member_place *at)
{
    uint32_t count;

    if (assay_json_type(at->doc, at->node) != ASSAY_JSON_ARRAY) {
        return 1;
    }
    count = assay_json_count(at->doc, at->node);
    if (count == 0 || count > ASSAY_POLICY_LIST_MAX) {
        assay_member_fail(at, "must be a list of 1 to %u values",
                          ASSAY_POLICY_LIST_MAX);
    }
    return count;
}

static struct assay_member_place
first_item(const struct assay_member_place *at)
{
    struct assay_member_place item = *at;

    if (assay_json_type(at->doc, at->node) == ASSAY_JSON_ARRAY) {
        item.node = assay_json_first(at->doc, at->node);
    }
    return item;
}

static void
next_item(const struct assay_member_place *at, struct assay_member_place *item)
{
    item->node = item->node == at->node ? ASSAY_JSON_NONE
                                        : assay_json_next(at->doc, item->node);
}

void
assay_member_strings(const struct assay_member_place *at,
                     struct assay_string_list *out)
{
    uint32_t count = count_items(at);
    struct assay_member_place item = first_item(at);

    if (at->err->code != ASSAY_OK || count == 0) {
        return;
    }
    out->item = calloc(count, sizeof(*out->item));
    if (out->item == NULL) {
        assay_member_no_memory(at);
        return;
    }
    for (; item.node != ASSAY_JSON_NONE && at->err->code == ASSAY_OK;
         next_item(at, &item)) {
        char *s = assay_member_string(&item);

        if (s != NULL) {
            out->item[out->count++] = s;
        }
    }
}

void
assay_member_hex(const struct assay_member_place *at, uint8_t *out, size_t size)
{
    struct assay_slice s = text_of(at);
    struct assay_error sub;

    assay_error_clear(&sub);
    if (at->err->code == ASSAY_OK &&
        assay_hex_decode(s, out, size, "hex", &sub) != ASSAY_OK) {
        assay_member_fail(at, "must be %zu hex digits", 2 * size);
    }
}

void
assay_member_values(const struct assay_member_place *at, size_t size,
                    struct assay_value_set *out)
{
    uint32_t count = count_items(at);
    struct assay_member_place item = first_item(at);

    if (at->err->code != ASSAY_OK || count == 0) {
        return;
    }
    out->size = size;
    out->bytes = calloc(count, size);
    if (out->bytes == NULL) {
        assay_member_no_memory(at);
        return;
    }
    for (; item.node != ASSAY_JSON_NONE && at->err->code == ASSAY_OK;
         next_item(at, &item)) {
        assay_member_hex(&item, out->bytes + out->count * size, size);
        out->count++;
    }
}
