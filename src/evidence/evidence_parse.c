/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_parse.c - a bundle from text to view. Which members there are,
 * members.c has judged; the readers take their values. Nothing is authenticated
 * here.
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
#include "evidence/members.h"

static const struct assay_json_limits limits = {
    .max_bytes = ASSAY_EVIDENCE_MAX_BYTES,
    .max_depth = 8,
    .max_nodes = 1u << 18, /* an event has up to 15 */
};

struct bundle {
    const struct assay_json *j;
    struct assay_evidence *e;
    struct assay_error *err;
};

static uint32_t
find(const struct bundle *b, const char *path)
{
    return assay_evidence_find(b->j, path);
}

static void
fail_at(const struct bundle *b, uint32_t node, enum assay_code code,
        const char *path, const char *why)
{
    assay_fail(b->err, code, assay_json_offset(b->j, node), "evidence: %s: %s",
               path, why);
}

/* --- values -------------------------------------------------------------- */

/* A text, which may be missing where the table allows that. */
static struct assay_slice
read_text(const struct bundle *b, const char *path, size_t max)
{
    uint32_t node = find(b, path);
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
        (void)!assay_hex_decode(assay_json_string(b->j, find(b, path)), out, n,
                                "hex", b->err);
        blame(b, path);
    }
}

/* Hex of 1 to max octets, or no such member. */
static void
read_hex(const struct bundle *b, const char *path, size_t max,
         struct assay_buf *out)
{
    uint32_t node = find(b, path);
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
    uint32_t node = find(b, "event_log");

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
    struct assay_slice span = assay_json_span(b->j, find(b, "collateral"));

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
    uint32_t node = find(b, "session.wire");
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
        fail_at(b, find(b, "claims.server_name"), ASSAY_INVALID,
                "claims.server_name", "no DNS name and no IP address");
    }
    e->view.server_name = e->server_name;
}

static void
read_policy(const struct bundle *b)
{
    struct assay_evidence_view *v = &b->e->view;
    uint32_t form = find(b, "claims.policy.form");

    v->policy_is_toml = assay_slice_is(assay_json_string(b->j, form), "toml");
    if (!v->policy_is_toml &&
        !assay_slice_is(assay_json_string(b->j, form), "json")) {
        fail_at(b, form, ASSAY_INVALID, "claims.policy.form",
                "not json or toml");
    }
    v->policy = read_text(b, "claims.policy.text", ASSAY_POLICY_MAX_BYTES);
    if (v->policy.len == 0 && b->err->code == ASSAY_OK) {
        fail_at(b, find(b, "claims.policy.text"), ASSAY_MALFORMED,
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
        (void)!assay_time_parse(assay_json_string(b->j, find(b, "claims.time")),
                                &v->time_s, "time", b->err);
        blame(b, "claims.time");
    }
    if (b->err->code == ASSAY_OK && v->time_s < 0) {
        fail_at(b, find(b, "claims.time"), ASSAY_INVALID, "claims.time",
                "before 1970");
    }
    read_policy(b);
    read_fixed(b, "claims.root_sha256", v->root_sha256, sizeof(v->root_sha256));
    v->trusted = assay_json_type(b->j, find(b, "claims.verdict.trusted")) ==
                 ASSAY_JSON_TRUE;
    v->summary = read_text(b, "claims.verdict.summary",
                           ASSAY_EVIDENCE_SUMMARY_MAX_BYTES);
}

static void
read_bundle(const struct bundle *b)
{
    struct assay_evidence_view *v = &b->e->view;

    if (assay_evidence_check_members(b->j, b->err) != ASSAY_OK) {
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
