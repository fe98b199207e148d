/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bundle.c - collateral in one JSON file, in and out.
 */
#include "assay/collateral.h"
#include "base/json.h"
#include "base/json_out.h"
#include "base/text.h"
#include "collateral/collateral.h"
#include "collateral/parts.h"

static const struct assay_json_limits limits = {
    .max_bytes = ASSAY_BUNDLE_MAX_BYTES,
    .max_depth = 4,
    .max_nodes = 1024,
};

static void
read_members(const struct assay_json *j, struct assay_collateral_parts *parts,
             struct assay_error *err)
{
    if (assay_json_type(j, ASSAY_JSON_ROOT) != ASSAY_JSON_OBJECT) {
        assay_fail(err, ASSAY_MALFORMED, 0, "collateral: not a JSON object");
        return;
    }
    for (size_t i = 0; i < ASSAY_PART_COUNT; i++) {
        const char *name = assay_part_rows[i].name;
        uint32_t node = assay_json_member(j, ASSAY_JSON_ROOT, name);

        if (node == ASSAY_JSON_NONE ||
            assay_json_type(j, node) == ASSAY_JSON_NULL) {
            continue; /* what must be there is for from_parts to say */
        }
        if (assay_json_type(j, node) != ASSAY_JSON_STRING) {
            assay_fail(err, ASSAY_MALFORMED, assay_json_offset(j, node),
                       "collateral: %s is not a string", name);
            return;
        }
        *assay_part(parts, i) = assay_json_string(j, node);
    }
}

enum assay_code
assay_collateral_parse(const struct assay_ctx *ctx, struct assay_slice bundle,
                       struct assay_collateral **out, struct assay_error *err)
{
    struct assay_collateral_parts parts = {.tcb_info = {NULL, 0}};
    struct assay_json *j = NULL;

    *out = NULL;
    assay_error_clear(err);
    if (assay_json_parse(bundle, &limits, "collateral", &j, err) == ASSAY_OK) {
        read_members(j, &parts, err);
    }
    if (err->code == ASSAY_OK &&
        assay_collateral_from_parts(ctx, &parts, out, err) != ASSAY_OK) {
        *out = NULL;
    }
    assay_json_free(j);
    return err->code;
}

/* Whatever form it came in, so that other tools can read the bundle. */
static void
write_crl(struct assay_json_out *o, const char *name, struct assay_slice crl,
          struct assay_error *err)
{
    struct assay_buf der;

    assay_buf_init(&der, ASSAY_CRL_MAX_BYTES);
    assay_crl_decode(crl, name, &der, err);
    assay_json_out_hex(o, name, assay_buf_slice(&der));
    assay_buf_free(&der);
}

enum assay_code
assay_collateral_write(const struct assay_collateral_parts *parts,
                       struct assay_buf *out, struct assay_error *err)
{
    struct assay_collateral_parts p = *parts;
    struct assay_json_out o;

    assay_error_clear(err);
    assay_json_out_init(&o, out, false);
    assay_json_out_open(&o, NULL, '{');
    for (size_t i = 0; i < ASSAY_PART_COUNT; i++) {
        const struct assay_part_row *row = &assay_part_rows[i];
        struct assay_slice s = *assay_part(&p, i);

        if (s.len > 0 && row->crl) {
            write_crl(&o, row->name, s, err);
        } else if (s.len > 0) {
            assay_json_out_string(&o, row->name, s);
        }
    }
    assay_json_out_close(&o, '}');
    (void)assay_buf_check(out, "collateral bundle", err);
    return err->code;
}

static void
write_chain(struct assay_buf *to, const struct assay_chain *c)
{
    for (size_t i = 0; i < c->count; i++) {
        assay_pem_encode(to, "CERTIFICATE", c->cert[i].der);
    }
}

enum assay_code
assay_collateral_to_bundle(const struct assay_collateral *c,
                           struct assay_buf *out, struct assay_error *err)
{
    struct assay_collateral_parts parts = {
        .tcb_info = c->tcb_info_text,
        .qe_identity = c->qe_identity_text,
        .pck_crl = assay_buf_slice(&c->pck_crl.der),
        .root_ca_crl = assay_buf_slice(&c->root_crl.der),
        .pck_certificate_chain = c->pck_chain,
    };
    struct assay_buf tcb_chain;
    struct assay_buf qe_chain;

    assay_error_clear(err);
    assay_buf_init(&tcb_chain, ASSAY_CHAIN_MAX_BYTES);
    assay_buf_init(&qe_chain, ASSAY_CHAIN_MAX_BYTES);
    write_chain(&tcb_chain, &c->tcb_signer.chain);
    write_chain(&qe_chain, &c->qe_signer.chain);
    if (assay_buf_check(&tcb_chain, "tcb_info_issuer_chain", err) == ASSAY_OK &&
        assay_buf_check(&qe_chain, "qe_identity_issuer_chain", err) ==
            ASSAY_OK) {
        parts.tcb_info_issuer_chain = assay_buf_slice(&tcb_chain);
        parts.qe_identity_issuer_chain = assay_buf_slice(&qe_chain);
        (void)!assay_collateral_write(&parts, out, err);
    }
    assay_buf_free(&tcb_chain);
    assay_buf_free(&qe_chain);
    return err->code;
}
