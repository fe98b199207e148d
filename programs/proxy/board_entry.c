/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * board_entry.c - what is known of one provider, and how it is told.
 */
#include "board_entry.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/text.h"
#include "io/attested_json.h"
#include "io/evidence_file.h"

#define FILE_NAME_MAX_BYTES 256u

void
board_entry_free(struct board_entry *e)
{
    assay_buf_free(&e->identity);
    board_verdict_free(&e->last);
}

void
board_verdict_free(struct board_verdict *v)
{
    assay_buf_free(&v->verdict);
    assay_buf_free(&v->session);
    assay_buf_free(&v->file);
}

/* --- whose it is -------------------------------------------------------- */

static void
add_part(struct assay_buf *to, struct assay_slice part)
{
    assay_buf_add_le64(to, part.len);
    assay_buf_add(to, part);
}

bool
board_identity(const struct provider *p, struct assay_buf *out)
{
    char authority[ASSAY_URI_HOST_MAX + 10];
    uint8_t root[32];

    assay_buf_init(out, BOARD_IDENTITY_MAX_BYTES);
    assay_uri_authority(&p->base, authority);
    assay_root_sha256(p->root, root);
    add_part(out, assay_slice_of(p->name));
    add_part(out, assay_slice_of(authority));
    add_part(out, assay_slice_of(p->base.target));
    add_part(out, assay_slice_of(p->server_name));
    add_part(out, ASSAY_SLICE(root));
    add_part(out, assay_buf_slice(&p->policy_text));
    add_part(out, assay_buf_slice(&p->compose_file));
    assay_buf_add_u8(out, (uint8_t)p->wire);
    return !out->failed;
}

/* --- an appraisal ------------------------------------------------------- */

/* What runs out first. */
static void
take_collateral(struct board_verdict *v, const struct assay_attested *a)
{
    const struct assay_collateral *c = assay_attested_collateral(a);
    size_t count = c != NULL ? assay_collateral_item_count(c) : 0;

    for (size_t i = 0; i < count; i++) {
        struct assay_collateral_item item = assay_collateral_item(c, i);

        if (v->expires_first == NULL || item.expires_s < v->expires_s) {
            v->expires_first = item.name;
            v->expires_s = item.expires_s;
        }
    }
    if (c != NULL) {
        v->from = assay_origin_name(assay_attested_origin(a));
    }
}

static void
take_documents(struct board_verdict *v, struct assay_attested *a,
               const char *server_name)
{
    const struct assay_client *c = assay_attested_session(a);
    struct assay_json_out o;
    struct assay_error err;

    assay_buf_init(&v->verdict, BOARD_DOCUMENT_MAX_BYTES);
    assay_buf_init(&v->session, BOARD_DOCUMENT_MAX_BYTES);
    (void)!assay_verdict_to_json(assay_client_verdict(c), assay_client_quote(c),
                                 assay_attested_collateral(a), &v->verdict,
                                 &err);
    assay_json_out_init(&o, &v->session, true);
    assay_attested_out(&o, NULL, a, server_name);
}

/* Its bundle begins with the nonce, whether it is kept or not. */
static void
take_names(struct board_verdict *v, const struct assay_client *c,
           const char *server_name)
{
    struct assay_session_facts f = assay_client_facts(c);
    struct assay_evidence_view view = {
        .server_name = server_name,
        .time_s = v->at_s,
    };

    memcpy(view.nonce, f.nonce, sizeof(view.nonce));
    assay_hex_to(v->evidence,
                 (struct assay_slice){f.nonce, PROOF_EVIDENCE_BYTES / 2});
    assay_buf_init(&v->file, FILE_NAME_MAX_BYTES);
    assay_evidence_name(&view, &v->file);
}

/* Whether the policy says which software it is, and what it leaves open:
 * docs/verdict.md, "Event log and workload". A verdict without that row says
 * nothing of it. */
static void
take_note(struct board_verdict *v, const struct assay_verdict *of)
{
    for (size_t i = 0; i < assay_verdict_check_count(of); i++) {
        struct assay_check c = assay_verdict_check(of, i);

        if (strcmp(c.name, "workload") == 0) {
            (void)snprintf(v->note, sizeof(v->note), "%s", c.detail);
            v->partial = c.outcome != ASSAY_PASSED ||
                         strstr(c.detail, "not checked: ") != NULL;
        }
    }
}

void
board_verdict_take(struct board_verdict *v, const struct provider *p,
                   struct assay_attested *a)
{
    const struct assay_client *c = assay_attested_session(a);
    const struct assay_verdict *of = assay_client_verdict(c);

    v->partial = true;
    v->at_s = assay_verdict_facts(of).verified_at_s;
    v->trusted = assay_verdict_trusted(of);
    take_collateral(v, a);
    take_documents(v, a, p->server_name);
    take_names(v, c, p->server_name);
    take_note(v, of);
}

/* --- telling ------------------------------------------------------------ */

/* Connections that were verified outlive an outage of new ones. */
static const char *
state_name(const struct board_entry *e, const struct board_numbers *n)
{
    switch (e != NULL ? e->state : BOARD_UNTRIED) {
    case BOARD_UNTRIED:
        break;
    case BOARD_VERIFIED:
        return "verified";
    case BOARD_REFUSED:
        return "refused";
    case BOARD_OUTAGE:
        return e->since_s != 0 && n->idle + n->busy > 0 ? "verified"
                                                        : "unreachable";
    }
    return "untried";
}

static void
put_time(struct assay_json_out *o, const char *name, int64_t at_s)
{
    if (at_s == 0) {
        assay_json_out_null(o, name);
    } else {
        assay_json_out_time(o, name, at_s);
    }
}

static void
put_document(struct assay_json_out *o, const char *name,
             const struct assay_buf *json)
{
    if (json->len == 0 || json->failed) {
        assay_json_out_null(o, name);
    } else {
        assay_json_out_document(o, name, assay_buf_slice(json));
    }
}

static void
put_verdict(const struct board_entry *e, struct assay_json_out *o)
{
    const struct board_verdict *v = &e->last;
    bool there = v->at_s != 0;

    put_time(o, "verified_since", e->since_s);
    put_time(o, "verdict_at", v->at_s);
    put_document(o, "verdict", &v->verdict);
    put_document(o, "session", &v->session);
    assay_json_out_text(o, "evidence", there ? v->evidence : NULL);
    if (there && !v->file.failed) {
        assay_json_out_string(o, "evidence_file", assay_buf_slice(&v->file));
    } else {
        assay_json_out_null(o, "evidence_file");
    }
    if (v->expires_first == NULL) {
        assay_json_out_null(o, "collateral");
    } else {
        assay_json_out_open(o, "collateral", '{');
        assay_json_out_text(o, "from", v->from);
        assay_json_out_time(o, "expires", v->expires_s);
        assay_json_out_text(o, "expires_first", v->expires_first);
        assay_json_out_close(o, '}');
    }
    if (!v->trusted) {
        assay_json_out_null(o, "policy");
    } else {
        assay_json_out_open(o, "policy", '{');
        assay_json_out_bool(o, "partial", v->partial);
        assay_json_out_text(o, "note", v->note);
        assay_json_out_close(o, '}');
    }
}

static void
put_fault(struct assay_json_out *o, const char *name,
          const struct board_fault *f)
{
    if (f->at_s == 0) {
        assay_json_out_null(o, name);
        return;
    }
    assay_json_out_open(o, name, '{');
    assay_json_out_time(o, "at", f->at_s);
    assay_json_out_text(o, "kind",
                        f->failure.kind == FAILURE_REFUSED ? "refused"
                                                           : "unreachable");
    assay_json_out_text(o, "code", f->failure.code);
    assay_json_out_text(o, "message", f->failure.message);
    assay_json_out_close(o, '}');
}

static void
put_faults(const struct board_entry *e, struct assay_json_out *o)
{
    put_fault(o, "last_failure",
              e->outage.at_s > e->refusal.at_s ? &e->outage : &e->refusal);
    put_fault(o, "last_refusal", &e->refusal);
    put_fault(o, "last_outage", &e->outage);
}

static void
put_numbers(const struct board_numbers *n, struct assay_json_out *o)
{
    assay_json_out_open(o, "links", '{');
    assay_json_out_u64(o, "idle", n->idle);
    assay_json_out_u64(o, "busy", n->busy);
    assay_json_out_u64(o, "attesting", n->attesting);
    assay_json_out_u64(o, "waiting", n->waiting);
    assay_json_out_close(o, '}');
    assay_json_out_open(o, "counters", '{');
    assay_json_out_u64(o, "attested", n->attested);
    assay_json_out_u64(o, "refused", n->refused);
    assay_json_out_u64(o, "failed", n->failed);
    assay_json_out_u64(o, "requests", n->requests);
    assay_json_out_close(o, '}');
}

static void
put_configured(const struct provider *p, struct assay_json_out *o)
{
    static const char *const apis[] = {
        [WIRE_API_ANY] = NULL,
        [WIRE_API_CHAT] = "chat",
        [WIRE_API_RESPONSES] = "responses",
    };
    char authority[ASSAY_URI_HOST_MAX + 10];
    struct assay_buf url;

    assay_uri_authority(&p->base, authority);
    assay_buf_init(&url, ASSAY_URI_MAX_BYTES + sizeof(authority) + 10);
    assay_buf_printf(&url, "https://%s%s", authority, p->base.target);
    assay_json_out_text(o, "name", p->name);
    assay_json_out_text(o, "title", p->title);
    assay_json_out_string(o, "base_url", assay_buf_slice(&url));
    assay_json_out_text(o, "wire_api", apis[p->wire_api]);
    assay_buf_free(&url);
}

void
board_entry_put(const struct board_entry *e, const struct provider *p,
                const struct board_numbers *n, struct assay_json_out *o)
{
    static const struct board_entry nothing;

    assay_json_out_open(o, NULL, '{');
    put_configured(p, o);
    assay_json_out_text(o, "state", state_name(e, n));
    e = e != NULL ? e : &nothing;
    put_verdict(e, o);
    put_numbers(n, o);
    put_faults(e, o);
    assay_json_out_close(o, '}');
}
