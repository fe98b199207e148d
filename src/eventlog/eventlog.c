/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * eventlog.c - a log from JSON. What an entry says is kept as it is; whether
 * it may say so is judged in replay.c and dstack.c.
 */
#include "assay/eventlog.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"

#define DIGEST_MAX_BYTES 64u /* of the longest digest that a TPM has */

static const struct assay_json_limits limits = {
    .max_bytes = ASSAY_EVENTLOG_MAX_BYTES,
    .max_depth = 16,
    .max_nodes = 64u * ASSAY_EVENTLOG_MAX_EVENTS,
};

struct assay_eventlog {
    size_t count;
    uint8_t *bytes; /* behind the entries, in the same block */
    struct assay_event event[];
};

/* An entry while it is read. */
struct entry {
    const struct assay_json *doc;
    uint32_t node;
    size_t index;
    uint8_t **room; /* where the next octets go */
    struct assay_error *err;
};

static void
malformed(const struct entry *e, uint32_t node, const char *member,
          const char *why)
{
    assay_fail(
        e->err, ASSAY_MALFORMED,
        assay_json_offset(e->doc, node != ASSAY_JSON_NONE ? node : e->node),
        "event log: entry %zu: %s%s", e->index, member, why);
}

static uint32_t
read_u32(const struct entry *e, const char *member)
{
    uint32_t node = assay_json_member(e->doc, e->node, member);
    uint64_t v = 0;

    if (node == ASSAY_JSON_NONE) {
        malformed(e, node, member, ": missing");
    } else if (!assay_json_u64(e->doc, node, &v) || v > UINT32_MAX) {
        malformed(e, node, member, ": not an integer from 0 to 4294967295");
        v = 0;
    }
    return (uint32_t)v;
}

/* Only these two ways to compute a digest are known. */
static uint32_t
read_version(const struct entry *e)
{
    uint32_t v;

    if (assay_json_member(e->doc, e->node, "version") == ASSAY_JSON_NONE) {
        return 1;
    }
    v = read_u32(e, "version");
    if (v != 1 && v != 2) {
        malformed(e, assay_json_member(e->doc, e->node, "version"), "version",
                  ": not 1 or 2");
    }
    return v;
}

/* A string member; NONE if it is not there, or is no string. */
static uint32_t
find_string(const struct entry *e, const char *member)
{
    uint32_t node = assay_json_member(e->doc, e->node, member);

    if (node != ASSAY_JSON_NONE &&
        assay_json_type(e->doc, node) != ASSAY_JSON_STRING) {
        malformed(e, node, member, ": not a string");
        return ASSAY_JSON_NONE;
    }
    return node;
}

static struct assay_slice
read_name(const struct entry *e)
{
    uint32_t node = find_string(e, "event");
    struct assay_slice text = assay_json_string(e->doc, node);
    struct assay_slice kept = {*e->room, text.len};

    if (node == ASSAY_JSON_NONE) {
        malformed(e, node, "event", ": missing");
    }
    assay_copy(*e->room, text);
    *e->room += text.len;
    return kept;
}

/* The octets of a hex string; none where there is no such member. */
static struct assay_slice
read_hex(const struct entry *e, const char *member)
{
    uint32_t node = find_string(e, member);
    struct assay_slice text = assay_json_string(e->doc, node);
    struct assay_slice kept = {*e->room, text.len / 2};
    struct assay_error sub;

    if (text.len % 2 != 0) {
        malformed(e, node, member, ": an odd number of hex digits");
        return ASSAY_EMPTY;
    }
    assay_error_clear(&sub);
    if (assay_hex_decode(text, *e->room, kept.len, member, &sub) != ASSAY_OK) {
        malformed(e, node, "", sub.msg);
        return ASSAY_EMPTY;
    }
    *e->room += kept.len;
    return kept;
}

static void
read_event(const struct entry *e, struct assay_event *to)
{
    uint32_t preimage = assay_json_member(e->doc, e->node, "preimage");

    if (assay_json_type(e->doc, e->node) != ASSAY_JSON_OBJECT) {
        malformed(e, e->node, "", "not an object");
        return;
    }
    to->imr = read_u32(e, "imr");
    to->type = read_u32(e, "event_type");
    to->version = read_version(e);
    to->name = read_name(e);
    to->payload = read_hex(e, "event_payload");
    to->digest = read_hex(e, "digest");
    to->has_preimage = preimage != ASSAY_JSON_NONE;
    to->preimage = read_hex(e, "preimage");
    if (to->digest.len > DIGEST_MAX_BYTES) {
        malformed(e, assay_json_member(e->doc, e->node, "digest"), "digest",
                  ": more than 128 hex digits");
    }
}

/* Neither names nor hex grow by being read, so that the octets of all entries
 * fit where the text did. */
static struct assay_eventlog *
allocate(size_t count, size_t text_bytes, struct assay_error *err)
{
    size_t head =
        sizeof(struct assay_eventlog) + count * sizeof(struct assay_event);
    struct assay_eventlog *l = calloc(1, head + text_bytes);

    if (l == NULL) {
        assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                   "event log: out of memory");
        return NULL;
    }
    l->count = count;
    l->bytes = (uint8_t *)l + head;
    return l;
}

static struct assay_eventlog *
read_log(const struct assay_json *doc, size_t text_bytes,
         struct assay_error *err)
{
    size_t count = assay_json_count(doc, ASSAY_JSON_ROOT);
    struct entry e = {.doc = doc, .err = err};
    struct assay_eventlog *l = NULL;
    uint8_t *room;

    if (assay_json_type(doc, ASSAY_JSON_ROOT) != ASSAY_JSON_ARRAY) {
        assay_fail(err, ASSAY_MALFORMED, assay_json_offset(doc, 0),
                   "event log: not an array");
        return NULL;
    }
    if (count > ASSAY_EVENTLOG_MAX_EVENTS) {
        assay_fail(err, ASSAY_TOO_LARGE, 0, "event log: %zu entries, limit %u",
                   count, ASSAY_EVENTLOG_MAX_EVENTS);
        return NULL;
    }
    l = allocate(count, text_bytes, err);
    if (l == NULL) {
        return NULL;
    }
    room = l->bytes;
    e.room = &room;
    e.node = assay_json_first(doc, ASSAY_JSON_ROOT);
    for (; e.index < count && err->code == ASSAY_OK; e.index++) {
        read_event(&e, &l->event[e.index]);
        e.node = assay_json_next(doc, e.node);
    }
    return l;
}

enum assay_code
assay_eventlog_parse(struct assay_slice json, struct assay_eventlog **out,
                     struct assay_error *err)
{
    struct assay_json *doc = NULL;
    struct assay_eventlog *l = NULL;

    *out = NULL;
    assay_error_clear(err);
    if (assay_json_parse(json, &limits, "event log", &doc, err) != ASSAY_OK) {
        return err->code;
    }
    l = read_log(doc, json.len, err);
    if (err->code == ASSAY_OK) {
        *out = l;
        l = NULL; /* handed to the caller */
    }
    assay_eventlog_free(l);
    assay_json_free(doc);
    return err->code;
}

void
assay_eventlog_free(struct assay_eventlog *l)
{
    free(l);
}

size_t
assay_eventlog_count(const struct assay_eventlog *l)
{
    return l->count;
}

const struct assay_event *
assay_eventlog_event(const struct assay_eventlog *l, size_t i)
{
    return &l->event[i];
}
