/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "collateral/qe_identity.h"

static void
read_kind(const struct assay_fields *f, struct assay_qe_identity *q)
{
    struct assay_slice id = assay_field_string(f, "id");
    uint32_t version = assay_field_u32(f, "version", UINT32_MAX);

    if (f->err->code != ASSAY_OK) {
        return;
    }
    if (version != 2) {
        assay_fail(f->err, ASSAY_UNSUPPORTED,
                   assay_json_offset(f->doc, f->node),
                   "%s.version: %u is not 2", f->path, version);
        return;
    }
    q->tdx = assay_slice_is(id, "TD_QE");
    if (!q->tdx && !assay_slice_is(id, "QE")) {
        assay_fail(f->err, ASSAY_UNSUPPORTED,
                   assay_json_offset(f->doc, f->node),
                   "%s.id: neither QE nor TD_QE", f->path);
    }
}

static void
read_identity(const struct assay_fields *f, struct assay_qe_identity *q)
{
    read_kind(f, q);
    q->issue_s = assay_field_time(f, "issueDate");
    q->next_update_s = assay_field_time(f, "nextUpdate");
    q->evaluation = assay_field_u32(f, "tcbEvaluationDataNumber", UINT32_MAX);
    assay_field_hex(f, "miscselect", q->miscselect, 4);
    assay_field_hex(f, "miscselectMask", q->miscselect_mask, 4);
    assay_field_hex(f, "attributes", q->attributes, 16);
    assay_field_hex(f, "attributesMask", q->attributes_mask, 16);
    assay_field_hex(f, "mrsigner", q->mrsigner, 32);
    q->isvprodid = (uint16_t)assay_field_u32(f, "isvprodid", UINT16_MAX);
    assay_isv_levels_read(f, &q->levels);
}

enum assay_code
assay_qe_identity_parse(const struct assay_ctx *ctx, struct assay_slice text,
                        struct assay_qe_identity *out, struct assay_error *err)
{
    struct assay_qe_identity q = {.tdx = false};
    struct assay_fields f = {.path = "enclaveIdentity", .err = err};

    memset(out, 0, sizeof(*out));
    if (assay_signed_json_parse(ctx, text, "enclaveIdentity", &q.json, err) !=
        ASSAY_OK) {
        return err->code;
    }
    f.doc = q.json.doc;
    f.node = q.json.body;
    read_identity(&f, &q);
    if (err->code != ASSAY_OK) {
        assay_qe_identity_free(&q);
        return err->code;
    }
    *out = q;
    return ASSAY_OK;
}

void
assay_qe_identity_free(struct assay_qe_identity *q)
{
    assay_isv_levels_free(&q->levels);
    assay_signed_json_free(&q->json);
    memset(q, 0, sizeof(*q));
}
