/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * board_json.c - what is known of one provider, as JSON: docs/proxy-status.md.
 */
#include "base/bytes.h"
#include "board_entry.h"

/* Connections that were verified outlive an outage of new ones. */
static const char *
state_name(const struct board_entry *e, const struct board_numbers *n)
{
    enum board_state state = e != NULL ? e->state : BOARD_UNTRIED;

    switch (state) {
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
