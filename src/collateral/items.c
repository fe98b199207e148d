/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * items.c - what collateral holds, for people and for caches.
 */
#include "base/json_out.h"
#include "collateral/collateral.h"

#define ITEM_COUNT 8u

size_t
assay_collateral_item_count(const struct assay_collateral *c)
{
    (void)c;
    return ITEM_COUNT;
}

static struct assay_collateral_item
of_cert(const char *name, const struct assay_cert *c)
{
    return (struct assay_collateral_item){name, c->not_before_s, c->not_after_s,
                                          true};
}

struct assay_collateral_item
assay_collateral_item(const struct assay_collateral *c, size_t i)
{
    const struct assay_crl *pck = &c->pck_crl.crl;
    const struct assay_crl *root = &c->root_crl.crl;
    const struct assay_collateral_item items[ITEM_COUNT] = {
        {"tcb_info", c->tcb_info.issue_s, c->tcb_info.next_update_s, false},
        of_cert("tcb_signer", &c->tcb_signer.chain.cert[0]),
        of_cert("tcb_signer_root", &c->tcb_signer.chain.cert[1]),
        {"qe_identity", c->qe_identity.issue_s, c->qe_identity.next_update_s,
         false},
        of_cert("qe_signer", &c->qe_signer.chain.cert[0]),
        of_cert("qe_signer_root", &c->qe_signer.chain.cert[1]),
        {"pck_crl", pck->this_update_s, pck->next_update_s, false},
        {"root_ca_crl", root->this_update_s, root->next_update_s, false},
    };

    return i < ITEM_COUNT ? items[i]
                          : (struct assay_collateral_item){"", 0, 0, false};
}

int64_t
assay_collateral_issued(const struct assay_collateral *c)
{
    int64_t first = c->tcb_info.issue_s;

    if (c->qe_identity.issue_s < first) {
        first = c->qe_identity.issue_s;
    }
    return c->pck_crl.crl.this_update_s < first ? c->pck_crl.crl.this_update_s
                                                : first;
}

struct assay_evaluations
assay_collateral_evaluations(const struct assay_collateral *c)
{
    return (struct assay_evaluations){c->tcb_info.evaluation,
                                      c->qe_identity.evaluation};
}

int64_t
assay_collateral_expires(const struct assay_collateral *c)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < ITEM_COUNT; i++) {
        int64_t t = assay_collateral_item(c, i).expires_s;

        first = t < first ? t : first;
    }
    return first;
}

void
assay_collateral_out_items(struct assay_json_out *o, const char *name,
                           const struct assay_collateral *c)
{
    assay_json_out_open(o, name, '{');
    for (size_t i = 0; i < ITEM_COUNT; i++) {
        struct assay_collateral_item item = assay_collateral_item(c, i);

        assay_json_out_open(o, item.name, '{');
        assay_json_out_time(o, "issued", item.issued_s);
        assay_json_out_time(o, "expires", item.expires_s);
        assay_json_out_close(o, '}');
    }
    assay_json_out_close(o, '}');
}

static void
out_tcb_info(struct assay_json_out *o, const struct assay_tcb_info *t)
{
    assay_json_out_open(o, "tcb_info", '{');
    assay_json_out_text(o, "id", t->tdx ? "TDX" : "SGX");
    assay_json_out_u64(o, "version", t->version);
    assay_json_out_hex(o, "fmspc", ASSAY_SLICE(t->fmspc));
    assay_json_out_hex(o, "pce_id", ASSAY_SLICE(t->pce_id));
    assay_json_out_u64(o, "tcb_evaluation_data_number", t->evaluation);
    assay_json_out_u64(o, "level_count", t->level_count);
    assay_json_out_u64(o, "tdx_module_identity_count", t->identity_count);
    assay_json_out_close(o, '}');
}

static void
out_crl(struct assay_json_out *o, const char *name,
        const struct assay_collateral_crl *c)
{
    assay_json_out_open(o, name, '{');
    assay_json_out_u64(o, "size", c->crl.der.len);
    assay_json_out_u64(o, "revoked_count", c->crl.entry_count);
    assay_json_out_close(o, '}');
}

enum assay_code
assay_collateral_to_json(const struct assay_collateral *c,
                         struct assay_buf *out, struct assay_error *err)
{
    const struct assay_qe_identity *q = &c->qe_identity;
    struct assay_json_out o;

    assay_error_clear(err);
    assay_json_out_init(&o, out, false);
    assay_json_out_open(&o, NULL, '{');
    assay_json_out_time(&o, "expires", assay_collateral_expires(c));
    assay_collateral_out_items(&o, "items", c);
    out_tcb_info(&o, &c->tcb_info);
    assay_json_out_open(&o, "qe_identity", '{');
    assay_json_out_text(&o, "id", q->tdx ? "TD_QE" : "QE");
    assay_json_out_u64(&o, "tcb_evaluation_data_number", q->evaluation);
    assay_json_out_u64(&o, "level_count", q->levels.count);
    assay_json_out_close(&o, '}');
    out_crl(&o, "pck_crl", &c->pck_crl);
    out_crl(&o, "root_ca_crl", &c->root_crl);
    assay_json_out_bool(&o, "has_pck_certificate_chain", c->pck_chain.len > 0);
    assay_json_out_close(&o, '}');
    return assay_buf_check(out, "collateral", err);
}
