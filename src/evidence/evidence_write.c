/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_write.c - what a session knows of its evidence, and writing it down.
 */
#include "evidence/evidence.h"

#include "assay/compose.h"
#include "atls/leaf.h"
#include "atls/name.h"
#include "atls/wire.h"
#include "base/bytes.h"
#include "base/json_out.h"

/* --- from a session ----------------------------------------------------- */

/* A text that the measured hash contradicts: no rule has used it. */
static bool
is_idle_compose(const struct assay_ctx *ctx, const struct assay_verdict *v,
                struct assay_slice text, struct assay_error *err)
{
    struct assay_slice measured = assay_verdict_workload(v)->compose_hash;
    uint8_t digest[ASSAY_SHA256_BYTES];

    if (text.len == 0 || measured.ptr == NULL || !assay_verdict_trusted(v) ||
        assay_sha256(ctx, text, digest, err) != ASSAY_OK) {
        return false;
    }
    return !assay_slice_equal(ASSAY_SLICE(digest), measured);
}

enum assay_code
assay_evidence_of_client(const struct assay_ctx *ctx,
                         const struct assay_client *c,
                         struct assay_evidence_view *out,
                         struct assay_error *err)
{
    const struct assay_verdict *v = assay_client_verdict(c);
    struct assay_client_offer offer = assay_client_offered(c);
    struct assay_session_facts f = assay_client_facts(c);

    memset(out, 0, sizeof(*out));
    assay_error_clear(err);
    if (!offer.kept || v == NULL) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "evidence: the session has kept none that was "
                          "appraised");
    }
    *out = (struct assay_evidence_view){
        .quote = assay_client_quote(c),
        .event_log = offer.event_log,
        .app_compose = offer.app_compose,
        .vm_config = offer.vm_config,
        .wire = f.wire,
        .nonce_len = f.nonce_len,
        .certificate = assay_client_certificate(c),
        .time_s = assay_verdict_facts(v).verified_at_s,
        .trusted = assay_verdict_trusted(v),
        .summary = assay_slice_of(assay_verdict_summary(v)),
    };
    memcpy(out->nonce, f.nonce, sizeof(out->nonce));
    memcpy(out->exporter, f.exporter, sizeof(out->exporter));
    if (is_idle_compose(ctx, v, out->app_compose, err)) {
        out->app_compose = ASSAY_EMPTY;
    }
    return err->code;
}

/* --- writing ------------------------------------------------------------ */

static void
fail_part(const char *member, struct assay_error *err)
{
    assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
               "evidence: %s is missing, too large or not valid", member);
}

/* What a reader would refuse is not written. */
static void
check_parts(const struct assay_evidence_view *v, struct assay_error *err)
{
    const struct {
        const char *member;
        bool good;
    } parts[] = {
        {"quote", v->quote != NULL},
        {"app_compose", v->app_compose.len <= ASSAY_EVIDENCE_TEXT_MAX_BYTES},
        {"vm_config", v->vm_config.len <= ASSAY_EVIDENCE_TEXT_MAX_BYTES},
        {"collateral", v->collateral != NULL},
        {"session.wire", (unsigned)v->wire < ASSAY_WIRE_COUNT},
        {"session.nonce",
         (unsigned)v->wire < ASSAY_WIRE_COUNT &&
             v->nonce_len == assay_wire_rule(v->wire)->nonce_len},
        {"session.certificate",
         v->certificate.len > 0 && v->certificate.len <= ASSAY_LEAF_MAX_BYTES},
        {"claims.server_name",
         v->server_name != NULL && assay_name_is_valid(v->server_name)},
        {"claims.policy",
         v->policy.len > 0 && v->policy.len <= ASSAY_POLICY_MAX_BYTES},
        {"claims.policy.compose_file",
         v->compose_file.len <= ASSAY_COMPOSE_MAX_BYTES},
        {"claims.verdict.summary",
         v->summary.len <= ASSAY_EVIDENCE_SUMMARY_MAX_BYTES},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!parts[i].good) {
            fail_part(parts[i].member, err);
        }
    }
}

static void
write_text(struct assay_json_out *o, const char *name, struct assay_slice s)
{
    if (s.len > 0) {
        assay_json_out_string(o, name, s);
    }
}

static void
write_log(struct assay_json_out *o, const struct assay_eventlog *l,
          struct assay_error *err)
{
    struct assay_buf json;

    if (l == NULL) {
        return;
    }
    assay_buf_init(&json, ASSAY_EVENTLOG_MAX_BYTES);
    if (assay_eventlog_to_json(l, &json, err) == ASSAY_OK) {
        assay_json_out_document(o, "event_log", assay_buf_slice(&json));
    }
    assay_buf_free(&json);
}

void
assay_evidence_out_offer(struct assay_json_out *o,
                         const struct assay_evidence_view *v,
                         struct assay_error *err)
{
    write_log(o, v->event_log, err);
    write_text(o, "app_compose", v->app_compose);
    write_text(o, "vm_config", v->vm_config);
}

static void
write_collateral(struct assay_json_out *o, const struct assay_collateral *c,
                 struct assay_error *err)
{
    struct assay_buf json;

    if (err->code != ASSAY_OK) {
        return;
    }
    assay_buf_init(&json, ASSAY_BUNDLE_MAX_BYTES);
    if (assay_collateral_to_bundle(c, &json, err) == ASSAY_OK) {
        assay_json_out_document(o, "collateral", assay_buf_slice(&json));
    }
    assay_buf_free(&json);
}

void
assay_evidence_out_session(struct assay_json_out *o,
                           const struct assay_evidence_view *v)
{
    assay_json_out_open(o, "session", '{');
    assay_json_out_text(o, "wire", assay_wire_name(v->wire));
    assay_json_out_hex(o, "nonce",
                       (struct assay_slice){v->nonce, v->nonce_len});
    assay_json_out_hex(o, "exporter", ASSAY_SLICE(v->exporter));
    assay_json_out_hex(o, "certificate", v->certificate);
    assay_json_out_close(o, '}');
}

void
assay_evidence_out_claims(struct assay_json_out *o,
                          const struct assay_evidence_view *v)
{
    assay_json_out_open(o, "claims", '{');
    assay_json_out_text(o, "server_name", v->server_name);
    assay_json_out_time(o, "time", v->time_s);
    assay_json_out_open(o, "policy", '{');
    assay_json_out_text(o, "form", v->policy_is_toml ? "toml" : "json");
    assay_json_out_string(o, "text", v->policy);
    if (v->compose_file.len > 0) {
        assay_json_out_hex(o, "compose_file", v->compose_file);
    }
    assay_json_out_close(o, '}');
    assay_json_out_hex(o, "root_sha256", ASSAY_SLICE(v->root_sha256));
    assay_json_out_open(o, "verdict", '{');
    assay_json_out_bool(o, "trusted", v->trusted);
    assay_json_out_string(o, "summary", v->summary);
    assay_json_out_close(o, '}');
    assay_json_out_close(o, '}');
}

enum assay_code
assay_evidence_write(const struct assay_evidence_view *v, struct assay_buf *out,
                     struct assay_error *err)
{
    struct assay_json_out o;

    assay_error_clear(err);
    check_parts(v, err);
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    assay_json_out_init(&o, out, false);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_text(&o, "format", ASSAY_EVIDENCE_FORMAT);
    assay_json_out_hex(&o, "quote", assay_quote_view(v->quote)->raw);
    assay_evidence_out_offer(&o, v, err);
    write_collateral(&o, v->collateral, err);
    assay_evidence_out_session(&o, v);
    assay_evidence_out_claims(&o, v);
    assay_json_out_close(&o, '}');
    assay_buf_add_u8(out, '\n');
    return assay_buf_check(out, "evidence", err);
}
