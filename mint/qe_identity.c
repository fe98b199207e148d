/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * qe_identity.c - see qe_identity.h.
 */
#include "mint/qe_identity.h"

#include "base/buf.h"
#include "base/error.h"
#include "mint/json_parts.h"

static void
write_body(struct assay_json_out *j, const struct mint_qe_identity_options *o)
{
    assay_json_out_open(j, NULL, '{');
    assay_json_out_text(j, "id", o->id);
    assay_json_out_i64(j, "version", o->version);
    assay_json_out_time(j, "issueDate", o->issue_s);
    assay_json_out_time(j, "nextUpdate", o->next_update_s);
    assay_json_out_i64(j, "tcbEvaluationDataNumber", o->evaluation_number);
    assay_json_out_text(j, "miscselect", o->miscselect);
    assay_json_out_text(j, "miscselectMask", o->miscselect_mask);
    assay_json_out_text(j, "attributes", o->attributes);
    assay_json_out_text(j, "attributesMask", o->attributes_mask);
    assay_json_out_text(j, "mrsigner", o->mrsigner);
    assay_json_out_i64(j, "isvprodid", o->isvprodid);
    mint_json_isv_levels(j, o->levels, o->level_count);
    assay_json_out_close(j, '}');
}

enum assay_code
mint_qe_identity_write(const struct mint_qe_identity_options *o,
                       const struct mint_key *key, struct assay_buf *out,
                       struct assay_error *err)
{
    struct assay_buf body;
    struct assay_json_out j;
    enum assay_code code;

    if (o->level_count > MINT_LEVELS_MAX) {
        return assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                          "mint: more TCB levels than fit");
    }
    assay_buf_init(&body, MINT_TEXT_MAX);
    assay_json_out_init(&j, &body, !o->json.pretty);
    write_body(&j, o);
    code = mint_signed_json(&o->json, "enclaveIdentity", &body, key, out, err);
    assay_buf_free(&body);
    return code;
}
