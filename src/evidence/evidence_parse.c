/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_parse.c - a bundle from text to view.
 *
 * The tables say which members an object has; the readers below take their
 * values. Nothing is authenticated here.
 */
#include "evidence/evidence.h"

#include <stdlib.h>

#include "assay/compose.h"
#include "atls/leaf.h"
#include "atls/name.h"
#include "atls/wire.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "collateral/parts.h"

static const struct assay_json_limits limits = {
    .max_bytes = ASSAY_EVIDENCE_MAX_BYTES,
    .max_depth = 8,
    .max_nodes = 1u << 18, /* an event has up to 15 */
};

/* --- which members there are -------------------------------------------- */

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

struct bundle {
    const struct assay_json *j;
    struct assay_evidence *e;
    struct assay_error *err;
};

/* The value at a path of names with dots between; NONE if it is not there. */
static uint32_t
find(const struct assay_json *j, const char *path)
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

static void
fail_at(const struct bundle *b, uint32_t node, enum assay_code code,
        const char *path, const char *why)
{
    assay_fail(b->err, code, assay_json_offset(b->j, node), "evidence: %s: %s",
               path, why);
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
check_object(const struct bundle *b, const struct object *o)
{
    const char *dot = o->path[0] != '\0' ? "." : "";
    uint32_t node = find(b->j, o->path);

    for (uint32_t c = assay_json_first(b->j, node); c != ASSAY_JSON_NONE;
         c = assay_json_next(b->j, c)) {
        struct assay_slice name = assay_json_string(b->j, c);
        const struct member *m = known_member(o, name);

        if (m == NULL && !is_extension(name)) {
            assay_fail(b->err, ASSAY_INVALID, assay_json_offset(b->j, c),
                       "evidence: unknown member %s%s%.*s", o->path, dot,
                       (int)(name.len < 60 ? name.len : 60),
                       (const char *)name.ptr);
        } else if (m != NULL &&
                   !is_type(b->j, assay_json_value(b->j, c), m->type)) {
            assay_fail(b->err, ASSAY_INVALID, assay_json_offset(b->j, c),
                       "evidence: %s%s%s: not %s", o->path, dot, m->name,
                       m->type == ASSAY_JSON_TRUE
                           ? "true or false"
                           : assay_json_type_name(m->type));
        }
    }
    for (const struct member *m = o->members; m->name != NULL; m++) {
        if (m->required &&
            assay_json_member(b->j, node, m->name) == ASSAY_JSON_NONE) {
            assay_fail(b->err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                       "evidence: %s%s%s is missing", o->path, dot, m->name);
        }
    }
}

/* Another version may have other members: it is the first thing to ask. */
static void
check_format(const struct bundle *b)
{
    uint32_t node = find(b->j, "format");

    if (assay_json_type(b->j, ASSAY_JSON_ROOT) != ASSAY_JSON_OBJECT ||
        node == ASSAY_JSON_NONE ||
        assay_json_type(b->j, node) != ASSAY_JSON_STRING) {
        assay_fail(b->err, ASSAY_MALFORMED, 0,
                   "evidence: not a bundle: \"format\": "
                   "\"" ASSAY_EVIDENCE_FORMAT "\" is missing");
    } else if (!assay_slice_is(assay_json_string(b->j, node),
                               ASSAY_EVIDENCE_FORMAT)) {
        fail_at(b, node, ASSAY_UNSUPPORTED, "format",
                "not " ASSAY_EVIDENCE_FORMAT);
    }
}

/* One is kept in bundles of collateral for other tools, and nobody judges it:
 * who changed it would not be found out. */
static bool
is_judged(const struct assay_part_row *row)
{
    return strcmp(row->name, "pck_crl_issuer_chain") != 0;
}

static void
check_collateral_names(const struct bundle *b)
{
    uint32_t node = find(b->j, "collateral");

    for (uint32_t c = assay_json_first(b->j, node); c != ASSAY_JSON_NONE;
         c = assay_json_next(b->j, c)) {
        struct assay_slice name = assay_json_string(b->j, c);
        bool known = is_extension(name);

        for (size_t i = 0; i < ASSAY_PART_COUNT; i++) {
            known = known || (is_judged(&assay_part_rows[i]) &&
                              assay_slice_is(name, assay_part_rows[i].name));
        }
        if (!known) {
            assay_fail(b->err, ASSAY_INVALID, assay_json_offset(b->j, c),
                       "evidence: unknown member collateral.%.*s",
                       (int)(name.len < 60 ? name.len : 60),
                       (const char *)name.ptr);
        }
    }
}

static void
check_members(const struct bundle *b)
{
    check_format(b);
    for (size_t i = 0; i < OBJECT_COUNT && b->err->code == ASSAY_OK; i++) {
        check_object(b, &objects[i]);
    }
    if (b->err->code == ASSAY_OK) {
        check_collateral_names(b);
    }
}

/* --- values -------------------------------------------------------------- */

/* A text, which may be missing where the table allows that. */
static struct assay_slice
read_text(const struct bundle *b, const char *path, size_t max)
{
    uint32_t node = find(b->j, path);
    struct assay_slice s = assay_json_string(b->j, node);

    if (node != ASSAY_JSON_NONE && s.len > max) {
        fail_at(b, node, ASSAY_TOO_LARGE, path, "too large");
        return ASSAY_EMPTY;
    }
    return s;
}

/* What begins a message of a part's own parser. */
static void
blame(const struct bundle *b, const char *path)
{
    if (b->err->code != ASSAY_OK) {
        b->err->offset = ASSAY_NO_OFFSET; /* that of the part says nothing */
        assay_error_prefix(b->err, "evidence: %s", path);
    }
}

/* Hex of exactly n octets. */
static void
read_fixed(const struct bundle *b, const char *path, uint8_t *out, size_t n)
{
    if (b->err->code == ASSAY_OK) {
        (void)!assay_hex_decode(assay_json_string(b->j, find(b->j, path)), out,
                                n, "hex", b->err);
        blame(b, path);
    }
}

/* Hex of 1 to max octets, or no such member. */
static void
read_hex(const struct bundle *b, const char *path, size_t max,
         struct assay_buf *out)
{
    uint32_t node = find(b->j, path);
    struct assay_slice hex = assay_json_string(b->j, node);
    uint8_t *room;

    assay_buf_init(out, max);
    if (node == ASSAY_JSON_NONE || b->err->code != ASSAY_OK) {
        return;
    }
    if (hex.len == 0 || hex.len % 2 != 0) {
        fail_at(b, node, ASSAY_MALFORMED, path,
                hex.len == 0 ? "empty" : "an odd number of hex digits");
        return;
    }
    if (hex.len / 2 > max) {
        fail_at(b, node, ASSAY_TOO_LARGE, path, "too large");
        return;
    }
    room = assay_buf_extend(out, hex.len / 2);
    if (room != NULL) {
        (void)!assay_hex_decode(hex, room, out->len, "hex", b->err);
        blame(b, path);
    } else {
        (void)!assay_buf_check(out, "evidence", b->err);
    }
}

static void
read_quote(const struct bundle *b)
{
    struct assay_buf raw;

    read_hex(b, "quote", ASSAY_QUOTE_MAX_BYTES, &raw);
    if (b->err->code == ASSAY_OK) {
        (void)!assay_quote_parse(assay_buf_slice(&raw), &b->e->quote, b->err);
        blame(b, "quote");
    }
    assay_buf_free(&raw);
    b->e->view.quote = b->e->quote;
}

static void
read_log(const struct bundle *b)
{
    uint32_t node = find(b->j, "event_log");

    if (node != ASSAY_JSON_NONE && b->err->code == ASSAY_OK) {
        (void)!assay_eventlog_parse(assay_json_span(b->j, node),
                                    &b->e->event_log, b->err);
        blame(b, "event_log");
    }
    b->e->view.event_log = b->e->event_log;
}

static void
read_collateral(const struct bundle *b)
{
    struct assay_slice span = assay_json_span(b->j, find(b->j, "collateral"));

    if (b->err->code == ASSAY_OK) {
        (void)!assay_collateral_parse(b->e->ctx, span, &b->e->collateral,
                                      b->err);
        blame(b, "collateral");
    }
    b->e->view.collateral = b->e->collateral;
}

static void
read_session(const struct bundle *b)
{
    struct assay_evidence_view *v = &b->e->view;
    uint32_t node = find(b->j, "session.wire");
    struct assay_slice name = assay_json_string(b->j, node);
    enum assay_wire wire = ASSAY_WIRE_V2;

    while (wire < ASSAY_WIRE_COUNT &&
           !assay_slice_is(name, assay_wire_name(wire))) {
        wire++;
    }
    if (wire == ASSAY_WIRE_COUNT) {
        fail_at(b, node, ASSAY_INVALID, "session.wire", "not v2, v1 or v0");
        return;
    }
    v->wire = wire;
    v->nonce_len = assay_wire_rule(wire)->nonce_len;
    read_fixed(b, "session.nonce", v->nonce, v->nonce_len);
    read_fixed(b, "session.exporter", v->exporter, sizeof(v->exporter));
    read_hex(b, "session.certificate", ASSAY_LEAF_MAX_BYTES,
             &b->e->certificate);
    v->certificate = assay_buf_slice(&b->e->certificate);
}

static void
read_server_name(const struct bundle *b)
{
    struct assay_evidence *e = b->e;
    struct assay_slice name =
        read_text(b, "claims.server_name", ASSAY_SERVER_NAME_MAX_BYTES);

    assay_copy(e->server_name, name); /* the rest is zero; no NUL in JSON */
    if (b->err->code == ASSAY_OK && !assay_name_is_valid(e->server_name)) {
        fail_at(b, find(b->j, "claims.server_name"), ASSAY_INVALID,
                "claims.server_name", "no DNS name and no IP address");
    }
    e->view.server_name = e->server_name;
}

static void
read_policy(const struct bundle *b)
{
    struct assay_evidence_view *v = &b->e->view;
    uint32_t form = find(b->j, "claims.policy.form");

    v->policy_is_toml = assay_slice_is(assay_json_string(b->j, form), "toml");
    if (!v->policy_is_toml &&
        !assay_slice_is(assay_json_string(b->j, form), "json")) {
        fail_at(b, form, ASSAY_INVALID, "claims.policy.form",
                "not json or toml");
    }
    v->policy = read_text(b, "claims.policy.text", ASSAY_POLICY_MAX_BYTES);
    if (v->policy.len == 0 && b->err->code == ASSAY_OK) {
        fail_at(b, find(b->j, "claims.policy.text"), ASSAY_MALFORMED,
                "claims.policy.text", "empty");
    }
    read_hex(b, "claims.policy.compose_file", ASSAY_COMPOSE_MAX_BYTES,
             &b->e->compose_file);
    v->compose_file = assay_buf_slice(&b->e->compose_file);
}

static void
read_claims(const struct bundle *b)
{
    struct assay_evidence_view *v = &b->e->view;

    read_server_name(b);
    if (b->err->code == ASSAY_OK) {
        (void)!assay_time_parse(
            assay_json_string(b->j, find(b->j, "claims.time")), &v->time_s,
            "time", b->err);
        blame(b, "claims.time");
    }
    if (b->err->code == ASSAY_OK && v->time_s < 0) {
        fail_at(b, find(b->j, "claims.time"), ASSAY_INVALID, "claims.time",
                "before 1970");
    }
    read_policy(b);
    read_fixed(b, "claims.root_sha256", v->root_sha256, sizeof(v->root_sha256));
    v->trusted = assay_json_type(b->j, find(b->j, "claims.verdict.trusted")) ==
                 ASSAY_JSON_TRUE;
    v->summary = read_text(b, "claims.verdict.summary",
                           ASSAY_EVIDENCE_SUMMARY_MAX_BYTES);
}

static void
read_bundle(const struct bundle *b)
{
    struct assay_evidence_view *v = &b->e->view;

    check_members(b);
    if (b->err->code != ASSAY_OK) {
        return;
    }
    read_quote(b);
    read_log(b);
    v->app_compose = read_text(b, "app_compose", ASSAY_EVIDENCE_TEXT_MAX_BYTES);
    v->vm_config = read_text(b, "vm_config", ASSAY_EVIDENCE_TEXT_MAX_BYTES);
    read_collateral(b);
    if (b->err->code == ASSAY_OK) {
        read_session(b);
    }
    read_claims(b);
}

/* --- the object ----------------------------------------------------------- */

/* The copy has just the size of the text. */
static enum assay_code
keep_text(struct assay_evidence *e, struct assay_slice json,
          struct assay_error *err)
{
    if (json.len > ASSAY_EVIDENCE_MAX_BYTES) {
        return assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                          "evidence: %zu bytes, limit %u", json.len,
                          ASSAY_EVIDENCE_MAX_BYTES);
    }
    assay_buf_init(&e->text, json.len);
    assay_buf_reserve(&e->text, json.len);
    assay_buf_add(&e->text, json);
    return assay_buf_check(&e->text, "evidence", err);
}

enum assay_code
assay_evidence_parse(const struct assay_ctx *ctx, struct assay_slice json,
                     struct assay_evidence **out, struct assay_error *err)
{
    struct assay_evidence *e = calloc(1, sizeof(*e));

    *out = NULL;
    assay_error_clear(err);
    if (e == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "evidence: out of memory");
    }
    e->ctx = ctx;
    if (keep_text(e, json, err) == ASSAY_OK &&
        assay_json_parse(assay_buf_slice(&e->text), &limits, "evidence",
                         &e->json, err) == ASSAY_OK) {
        read_bundle(&(struct bundle){e->json, e, err});
    }
    if (err->code == ASSAY_OK) {
        *out = e;
        e = NULL; /* handed to the caller */
    }
    assay_evidence_free(e);
    return err->code;
}

void
assay_evidence_free(struct assay_evidence *e)
{
    if (e == NULL) {
        return;
    }
    assay_json_free(e->json);
    assay_buf_free(&e->text);
    assay_quote_free(e->quote);
    assay_eventlog_free(e->event_log);
    assay_collateral_free(e->collateral);
    assay_buf_free(&e->certificate);
    assay_buf_free(&e->compose_file);
    free(e);
}

const struct assay_evidence_view *
assay_evidence_view(const struct assay_evidence *e)
{
    return &e->view;
}
