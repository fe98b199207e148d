/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "collateral/signed_json.h"

#include "collateral/fields.h"

/* Depth as in Intel's library since its stack exhaustion of 2026. */
static const struct assay_json_limits limits = {
    .max_bytes = 1024u * 1024u,
    .max_depth = 32,
    .max_nodes = 128u * 1024u,
};

enum assay_code
assay_signed_json_parse(const struct assay_ctx *ctx, struct assay_slice text,
                        const char *body, struct assay_signed_json *out,
                        struct assay_error *err)
{
    struct assay_signed_json j = {.doc = NULL};
    struct assay_fields top = {.path = "document", .err = err};

    memset(out, 0, sizeof(*out));
    assay_error_clear(err);
    if (assay_json_parse(text, &limits, "document", &j.doc, err) != ASSAY_OK) {
        return err->code;
    }
    top.doc = j.doc;
    top.node = ASSAY_JSON_ROOT;
    j.body = assay_field(&top, body, ASSAY_JSON_OBJECT);
    assay_field_hex(&top, "signature", j.seal.signature,
                    sizeof(j.seal.signature));
    if (err->code == ASSAY_OK && assay_json_count(j.doc, 0) != 2) {
        assay_fail(err, ASSAY_MALFORMED, 0,
                   "document: members other than %s and signature", body);
    }
    if (err->code == ASSAY_OK) {
        (void)assay_sha256(ctx, assay_json_span(j.doc, j.body), j.seal.digest,
                           err);
    }
    if (err->code != ASSAY_OK) {
        assay_json_free(j.doc);
        return err->code;
    }
    *out = j;
    return ASSAY_OK;
}

void
assay_signed_json_free(struct assay_signed_json *j)
{
    assay_json_free(j->doc);
    memset(j, 0, sizeof(*j));
}
