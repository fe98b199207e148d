/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * session_facts.c - what a session tells of itself: state, facts, verdict,
 * evidence.
 */
#include "state.h"

static bool
may_try(const struct js_session *s)
{
    js_clear();
    return js_is(s, &js_session_kind);
}

int32_t
js_session_state(const struct js_session *s)
{
    return js_is(s, &js_session_kind) ? (int32_t)assay_client_state(s->client)
                                      : (int32_t)ASSAY_CLIENT_FAILED;
}

int32_t
js_session_error(const struct js_session *s)
{
    return may_try(s) ? js_failed(assay_client_error(s->client))
                      : js_error_code();
}

/* --- facts ---------------------------------------------------------------- */

static void
put_need(struct assay_json_out *out, const struct assay_client *c)
{
    const struct assay_collateral_need *need = assay_client_need(c);

    if (assay_client_quote(c) == NULL) {
        assay_json_out_null(out, "need");
        return;
    }
    assay_json_out_open(out, "need", '{');
    assay_json_out_text(out, "tee", need->tdx ? "tdx" : "sgx");
    assay_json_out_text(out, "fmspc", need->fmspc);
    assay_json_out_text(out, "ca", need->ca);
    assay_json_out_close(out, '}');
}

static void
put_session(struct assay_json_out *out, const struct assay_session_facts *f)
{
    assay_json_out_text(out, "tls_version", f->tls_version);
    assay_json_out_text(out, "tls_cipher", f->tls_cipher);
    assay_json_out_text(out, "wire", assay_wire_name(f->wire));
    assay_json_out_hex(out, "certificate_sha256",
                       ASSAY_SLICE(f->certificate_sha256));
    assay_json_out_bool(out, "certificate_checked", f->certificate_checked);
    assay_json_out_hex(out, "exporter", ASSAY_SLICE(f->exporter));
    assay_json_out_hex(out, "nonce",
                       (struct assay_slice){f->nonce, f->nonce_len});
    assay_json_out_i64(out, "attested_ms", f->attested_ms);
    assay_json_out_u64(out, "attestations", f->attestations);
}

int32_t
js_session_facts(const struct js_session *s)
{
    struct assay_session_facts facts;
    struct assay_json_out out;

    if (!may_try(s)) {
        return js_error_code();
    }
    facts = assay_client_facts(s->client);
    assay_json_out_init(&out, js_text(), true);
    assay_json_out_open(&out, NULL, '{');
    assay_json_out_bool(&out, "truncated", assay_client_truncated(s->client));
    assay_json_out_u64(&out, "retry_after_s",
                       assay_client_retry_after_s(s->client));
    put_session(&out, &facts);
    put_need(&out, s->client);
    assay_json_out_close(&out, '}');
    return js_text_done("facts");
}

/* --- documents ------------------------------------------------------------ */

static const struct assay_collateral *
collateral_of(const struct js_session *s)
{
    return s->collateral != NULL ? s->collateral->collateral : NULL;
}

int32_t
js_session_verdict(const struct js_session *s)
{
    const struct assay_verdict *v;
    struct assay_error err;
    bool still; /* what it is of is still there */

    if (!may_try(s)) {
        return js_error_code();
    }
    v = assay_client_verdict(s->client);
    if (v == NULL) {
        return js_refuse(ASSAY_NOT_FOUND, "session: there is no verdict yet");
    }
    still = assay_client_offered(s->client).kept;
    return js_text_made(
        assay_verdict_to_json(v, still ? assay_client_quote(s->client) : NULL,
                              still ? collateral_of(s) : NULL, js_text(), &err),
        &err);
}

int32_t
js_session_evidence(const struct js_session *s)
{
    struct assay_evidence_view view;
    struct assay_error err;

    if (!may_try(s)) {
        return js_error_code();
    }
    if (assay_evidence_of_client(js_instance.ctx, s->client, &view, &err) !=
        ASSAY_OK) {
        return js_failed(&err);
    }
    view.collateral = collateral_of(s);
    view.server_name = s->server_name;
    view.policy = assay_buf_slice(&s->policy->json);
    view.compose_file = assay_buf_slice(&s->policy->compose);
    assay_root_sha256(s->root->root, view.root_sha256);
    return js_text_made(assay_evidence_write(&view, js_text(), &err), &err);
}
