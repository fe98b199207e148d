/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "collateral/collateral.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "collateral/parts.h"

enum assay_code
assay_signed_cert(const struct assay_ctx *ctx, const struct assay_cert *cert,
                  struct assay_signed *out, struct assay_error *err)
{
    memcpy(out->signature, cert->signature, sizeof(out->signature));
    return assay_sha256(ctx, cert->tbs, out->digest, err);
}

static void
parse_signer(const struct assay_ctx *ctx, struct assay_slice pem,
             const char *what, struct assay_collateral_signer *out,
             struct assay_error *err)
{
    if (err->code == ASSAY_OK &&
        assay_chain_parse(pem, 2, what, &out->chain, err) == ASSAY_OK) {
        (void)assay_signed_cert(ctx, &out->chain.cert[0], &out->seal, err);
    }
}

/* What hex of a SEQUENCE begins with; a page for people does not. */
static bool
looks_like_hex(struct assay_slice s)
{
    return s.len >= 2 && s.len % 2 == 0 && s.ptr[0] == '3' && s.ptr[1] == '0';
}

static struct assay_slice
trim(struct assay_slice s)
{
    while (s.len > 0 && (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r' ||
                         s.ptr[s.len - 1] == ' ')) {
        s.len--;
    }
    return s;
}

/* Intel's PCS sends DER or PEM; its PCCS sends hex of the DER under either
 * content type, so only the bytes tell. */
void
assay_crl_decode(struct assay_slice in, const char *what, struct assay_buf *der,
                 struct assay_error *err)
{
    size_t pos = 0;
    bool found = false;

    if (in.len > 0 && in.ptr[0] == 0x30) { /* hex of DER begins with '3' */
        assay_buf_add(der, in);
        (void)assay_buf_check(der, what, err);
        return;
    }
    if (assay_slice_find(in, "-----BEGIN") == 0) {
        (void)assay_pem_next(in, &pos, "X509 CRL", der, &found, what, err);
        if (err->code == ASSAY_OK &&
            (!found ||
             trim((struct assay_slice){in.ptr + pos, in.len - pos}).len != 0)) {
            assay_fail(err, ASSAY_MALFORMED, pos,
                       "%s: not exactly one PEM block", what);
        }
        return;
    }
    in = trim(in);
    if (looks_like_hex(in)) {
        uint8_t *room = assay_buf_extend(der, in.len / 2);

        if (room != NULL) {
            (void)assay_hex_decode(in, room, in.len / 2, what, err);
        }
        (void)assay_buf_check(der, what, err);
        return;
    }
    assay_fail(err, ASSAY_MALFORMED, 0, "%s: neither DER, PEM nor hex", what);
}

static void
parse_crl(const struct assay_ctx *ctx, struct assay_slice in, const char *what,
          struct assay_collateral_crl *out, struct assay_error *err)
{
    if (err->code != ASSAY_OK) {
        return;
    }
    assay_buf_init(&out->der, ASSAY_CRL_MAX_BYTES);
    assay_crl_decode(in, what, &out->der, err);
    if (err->code != ASSAY_OK) {
        return;
    }
    if (assay_crl_parse(assay_buf_slice(&out->der), &out->crl, err) !=
        ASSAY_OK) {
        assay_error_prefix(err, "%s", what);
        return;
    }
    memcpy(out->seal.signature, out->crl.signature,
           sizeof(out->seal.signature));
    (void)assay_sha256(ctx, out->crl.tbs, out->seal.digest, err);
}

static void
check_parts(struct assay_collateral_parts *parts, struct assay_error *err)
{
    for (size_t i = 0; i < ASSAY_PART_COUNT; i++) {
        const struct assay_part_row *row = &assay_part_rows[i];
        size_t len = assay_part(parts, i)->len;

        if (row->required && len == 0) {
            assay_fail(err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                       "collateral: %s is missing or empty", row->name);
        }
        if (len > row->max) {
            assay_fail(err, ASSAY_TOO_LARGE, ASSAY_NO_OFFSET,
                       "%s: %zu bytes, limit %zu", row->name, len, row->max);
        }
    }
}

/* The JSON texts and the PCK chain are kept, since views borrow them. */
static void
keep_texts(struct assay_collateral *c,
           const struct assay_collateral_parts *parts, struct assay_error *err)
{
    assay_buf_init(&c->text, parts->tcb_info.len + parts->qe_identity.len +
                                 parts->pck_certificate_chain.len);
    assay_buf_add(&c->text, parts->tcb_info);
    assay_buf_add(&c->text, parts->qe_identity);
    assay_buf_add(&c->text, parts->pck_certificate_chain);
    if (assay_buf_check(&c->text, "collateral", err) != ASSAY_OK) {
        return;
    }
    c->tcb_info_text = (struct assay_slice){c->text.ptr, parts->tcb_info.len};
    c->qe_identity_text = (struct assay_slice){
        c->text.ptr + parts->tcb_info.len, parts->qe_identity.len};
    c->pck_chain = (struct assay_slice){c->text.ptr + parts->tcb_info.len +
                                            parts->qe_identity.len,
                                        parts->pck_certificate_chain.len};
}

static void
parse_documents(const struct assay_ctx *ctx, struct assay_collateral *c,
                struct assay_error *err)
{
    if (err->code == ASSAY_OK &&
        assay_tcb_info_parse(ctx, c->tcb_info_text, &c->tcb_info, err) !=
            ASSAY_OK) {
        assay_error_prefix(err, "tcb_info");
    }
    if (err->code == ASSAY_OK &&
        assay_qe_identity_parse(ctx, c->qe_identity_text, &c->qe_identity,
                                err) != ASSAY_OK) {
        assay_error_prefix(err, "qe_identity");
    }
}

enum assay_code
assay_collateral_from_parts(const struct assay_ctx *ctx,
                            const struct assay_collateral_parts *parts,
                            struct assay_collateral **out,
                            struct assay_error *err)
{
    struct assay_collateral_parts p = *parts;
    struct assay_collateral *c = NULL;

    *out = NULL;
    assay_error_clear(err);
    check_parts(&p, err);
    if (err->code != ASSAY_OK) {
        return err->code;
    }
    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "collateral: out of memory");
    }
    keep_texts(c, &p, err);
    parse_documents(ctx, c, err);
    parse_signer(ctx, p.tcb_info_issuer_chain, "tcb_info_issuer_chain",
                 &c->tcb_signer, err);
    parse_signer(ctx, p.qe_identity_issuer_chain, "qe_identity_issuer_chain",
                 &c->qe_signer, err);
    parse_crl(ctx, p.pck_crl, "pck_crl", &c->pck_crl, err);
    parse_crl(ctx, p.root_ca_crl, "root_ca_crl", &c->root_crl, err);
    if (err->code == ASSAY_OK) {
        *out = c;
        c = NULL; /* handed to the caller */
    }
    assay_collateral_free(c);
    return err->code;
}

void
assay_collateral_free(struct assay_collateral *c)
{
    if (c == NULL) {
        return;
    }
    assay_tcb_info_free(&c->tcb_info);
    assay_qe_identity_free(&c->qe_identity);
    assay_chain_free(&c->tcb_signer.chain);
    assay_chain_free(&c->qe_signer.chain);
    assay_buf_free(&c->pck_crl.der);
    assay_buf_free(&c->root_crl.der);
    assay_buf_free(&c->text);
    free(c);
}
