/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * members.c - which members a bundle has, and of which type: a table.
 */
#include "evidence/members.h"

#include <stdio.h>
#include <string.h>

#include "assay/evidence.h"
#include "base/bytes.h"
#include "collateral/parts.h"

struct member {
    const char *name;
    enum assay_json_type type; /* TRUE: a boolean */
    bool required;
};
#define MEMBERS_MAX 8u

static const struct object {
    const char *path; /* "": the bundle */
    struct member members[MEMBERS_MAX + 1];
} objects[] = {
    {"",
     {{"format", ASSAY_JSON_STRING, true},
      {"quote", ASSAY_JSON_STRING, true},
      {"event_log", ASSAY_JSON_ARRAY, false},
      {"app_compose", ASSAY_JSON_STRING, false},
      {"vm_config", ASSAY_JSON_STRING, false},
      {"collateral", ASSAY_JSON_OBJECT, true},
      {"session", ASSAY_JSON_OBJECT, true},
      {"claims", ASSAY_JSON_OBJECT, true}}},
    {"session",
     {{"wire", ASSAY_JSON_STRING, true},
      {"nonce", ASSAY_JSON_STRING, true},
      {"exporter", ASSAY_JSON_STRING, true},
      {"certificate", ASSAY_JSON_STRING, true}}},
    {"claims",
     {{"server_name", ASSAY_JSON_STRING, true},
      {"time", ASSAY_JSON_STRING, true},
      {"policy", ASSAY_JSON_OBJECT, true},
      {"root_sha256", ASSAY_JSON_STRING, true},
      {"verdict", ASSAY_JSON_OBJECT, true}}},
    {"claims.policy",
     {{"form", ASSAY_JSON_STRING, true},
      {"text", ASSAY_JSON_STRING, true},
      {"compose_file", ASSAY_JSON_STRING, false}}},
    {"claims.verdict",
     {{"trusted", ASSAY_JSON_TRUE, true},
      {"summary", ASSAY_JSON_STRING, true}}},
};
#define OBJECT_COUNT (sizeof(objects) / sizeof(objects[0]))

uint32_t
assay_evidence_find(const struct assay_json *j, const char *path)
{
    uint32_t node = ASSAY_JSON_ROOT;
    char name[32];

    while (*path != '\0' && node != ASSAY_JSON_NONE) {
        size_t n = strcspn(path, ".");

        memcpy(name, path, n);
        name[n] = '\0';
        node = assay_json_member(j, node, name);
        path += path[n] == '.' ? n + 1 : n;
    }
    return node;
}

static bool
is_type(const struct assay_json *j, uint32_t node, enum assay_json_type want)
{
    enum assay_json_type have = assay_json_type(j, node);

    return have == want ||
           (want == ASSAY_JSON_TRUE && have == ASSAY_JSON_FALSE);
}

static const struct member *
known_member(const struct object *o, struct assay_slice name)
{
    for (const struct member *m = o->members; m->name != NULL; m++) {
        if (assay_slice_is(name, m->name)) {
            return m;
        }
    }
    return NULL;
}

/* For people who add to bundles: "x-ticket". */
static bool
is_extension(struct assay_slice name)
{
    return name.len > 2 && name.ptr[0] == 'x' && name.ptr[1] == '-';
}

static void
check_object(const struct assay_json *j, const struct object *o,
             struct assay_error *err)
{
    const char *dot = o->path[0] != '\0' ? "." : "";
    uint32_t node = assay_evidence_find(j, o->path);

    for (uint32_t c = assay_json_first(j, node); c != ASSAY_JSON_NONE;
         c = assay_json_next(j, c)) {
        struct assay_slice name = assay_json_string(j, c);
        const struct member *m = known_member(o, name);

        if (m == NULL && !is_extension(name)) {
            assay_fail(err, ASSAY_INVALID, assay_json_offset(j, c),
                       "evidence: unknown member %s%s%.*s", o->path, dot,
                       (int)(name.len < 60 ? name.len : 60),
                       (const char *)name.ptr);
        } else if (m != NULL && !is_type(j, assay_json_value(j, c), m->type)) {
            assay_fail(err, ASSAY_INVALID, assay_json_offset(j, c),
                       "evidence: %s%s%s: not %s", o->path, dot, m->name,
                       m->type == ASSAY_JSON_TRUE
                           ? "true or false"
                           : assay_json_type_name(m->type));
        }
    }
    for (const struct member *m = o->members; m->name != NULL; m++) {
        if (m->required &&
            assay_json_member(j, node, m->name) == ASSAY_JSON_NONE) {
            assay_fail(err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                       "evidence: %s%s%s is missing", o->path, dot, m->name);
        }
    }
}

/* Another version may have other members: it is the first thing to ask. */
static void
check_format(const struct assay_json *j, struct assay_error *err)
{
    uint32_t node = assay_evidence_find(j, "format");

    if (assay_json_type(j, ASSAY_JSON_ROOT) != ASSAY_JSON_OBJECT ||
        node == ASSAY_JSON_NONE ||
        assay_json_type(j, node) != ASSAY_JSON_STRING) {
        assay_fail(err, ASSAY_MALFORMED, 0,
                   "evidence: not a bundle: \"format\": "
                   "\"" ASSAY_EVIDENCE_FORMAT "\" is missing");
    } else if (!assay_slice_is(assay_json_string(j, node),
                               ASSAY_EVIDENCE_FORMAT)) {
        assay_fail(err, ASSAY_UNSUPPORTED, assay_json_offset(j, node),
                   "evidence: format: not " ASSAY_EVIDENCE_FORMAT);
    }
}

/* One is kept in bundles of collateral for other tools, and nobody judges it:
 * who changed it would not be found out. */
static bool
is_judged(const struct assay_part_row *row)
{
    return strcmp(row->name, "pck_crl_issuer_chain") != 0;
}

static bool
is_part(struct assay_slice name)
{
    for (size_t i = 0; i < ASSAY_PART_COUNT; i++) {
        if (is_judged(&assay_part_rows[i]) &&
            assay_slice_is(name, assay_part_rows[i].name)) {
            return true;
        }
    }
    return false;
}

static bool
is_of_event(struct assay_slice name)
{
    static const char *const known[] = {
        "imr",           "event_type", "digest",   "event",
        "event_payload", "version",    "preimage",
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (assay_slice_is(name, known[i])) {
            return true;
        }
    }
    return false;
}

/* Of an object whose values others read; `where` is what it is called. */
static void
check_names(const struct assay_json *j, uint32_t node, const char *where,
            bool (*is_known)(struct assay_slice name), struct assay_error *err)
{
    for (uint32_t c = assay_json_first(j, node); c != ASSAY_JSON_NONE;
         c = assay_json_next(j, c)) {
        struct assay_slice name = assay_json_string(j, c);

        if (!is_known(name) && !is_extension(name)) {
            assay_fail(err, ASSAY_INVALID, assay_json_offset(j, c),
                       "evidence: unknown member %s.%.*s", where,
                       (int)(name.len < 60 ? name.len : 60),
                       (const char *)name.ptr);
        }
    }
}

/* A log that a server hands out may have more in its entries, but nothing finds
 * a change of that: it has no place in a bundle. */
static void
check_events(const struct assay_json *j, struct assay_error *err)
{
    uint32_t log = assay_evidence_find(j, "event_log");
    unsigned number = 0;
    char where[32];

    for (uint32_t e = assay_json_first(j, log); e != ASSAY_JSON_NONE;
         e = assay_json_next(j, e)) {
        (void)snprintf(where, sizeof(where), "event_log[%u]", number++);
        if (assay_json_type(j, e) == ASSAY_JSON_OBJECT) { /* or it is refused */
            check_names(j, e, where, is_of_event, err);
        }
    }
}

enum assay_code
assay_evidence_check_members(const struct assay_json *j,
                             struct assay_error *err)
{
    assay_error_clear(err);
    check_format(j, err);
    for (size_t i = 0; i < OBJECT_COUNT && err->code == ASSAY_OK; i++) {
        check_object(j, &objects[i], err);
    }
    if (err->code == ASSAY_OK) {
        check_names(j, assay_evidence_find(j, "collateral"), "collateral",
                    is_part, err);
        check_events(j, err);
    }
    return err->code;
}
