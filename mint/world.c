/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * world.c - see world.h.
 */
#include "mint/world.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_out.h"
#include "base/text.h"

struct cert {
    struct assay_buf der;
    struct assay_buf serial; /* of the INTEGER, for revocation */
    struct assay_buf ski;    /* as written, for AKIs */
};

/* What mint_world_remake() makes, replaced as a whole. */
struct products {
    struct cert certs[MINT_CERT_COUNT];
    struct assay_buf root_pem;
    struct assay_buf pck_chain; /* for the collateral */
    struct assay_buf tcb_info;
    struct assay_buf tcb_info_chain;
    struct assay_buf qe_identity;
    struct assay_buf qe_identity_chain;
    struct assay_buf root_crl; /* DER */
    struct assay_buf pck_crl;  /* DER */
    struct assay_buf root_crl_part;
    struct assay_buf pck_crl_part;
    struct assay_buf pck_crl_chain;
};

struct mint_world {
    struct mint_options options;
    struct mint_key *keys[MINT_KEY_COUNT];
    struct products made;
};

static void
products_init(struct products *p)
{
    for (size_t i = 0; i < MINT_CERT_COUNT; i++) {
        assay_buf_init(&p->certs[i].der, MINT_DER_MAX);
        assay_buf_init(&p->certs[i].serial, MINT_DER_MAX);
        assay_buf_init(&p->certs[i].ski, MINT_DER_MAX);
    }
    assay_buf_init(&p->root_pem, MINT_TEXT_MAX);
    assay_buf_init(&p->pck_chain, MINT_TEXT_MAX);
    assay_buf_init(&p->tcb_info, MINT_TEXT_MAX);
    assay_buf_init(&p->tcb_info_chain, MINT_TEXT_MAX);
    assay_buf_init(&p->qe_identity, MINT_TEXT_MAX);
    assay_buf_init(&p->qe_identity_chain, MINT_TEXT_MAX);
    assay_buf_init(&p->root_crl, MINT_DER_MAX);
    assay_buf_init(&p->pck_crl, MINT_DER_MAX);
    assay_buf_init(&p->root_crl_part, MINT_TEXT_MAX);
    assay_buf_init(&p->pck_crl_part, MINT_TEXT_MAX);
    assay_buf_init(&p->pck_crl_chain, MINT_TEXT_MAX);
}

static void
products_free(struct products *p)
{
    for (size_t i = 0; i < MINT_CERT_COUNT; i++) {
        assay_buf_free(&p->certs[i].der);
        assay_buf_free(&p->certs[i].serial);
        assay_buf_free(&p->certs[i].ski);
    }
    assay_buf_free(&p->root_pem);
    assay_buf_free(&p->pck_chain);
    assay_buf_free(&p->tcb_info);
    assay_buf_free(&p->tcb_info_chain);
    assay_buf_free(&p->qe_identity);
    assay_buf_free(&p->qe_identity_chain);
    assay_buf_free(&p->root_crl);
    assay_buf_free(&p->pck_crl);
    assay_buf_free(&p->root_crl_part);
    assay_buf_free(&p->pck_crl_part);
    assay_buf_free(&p->pck_crl_chain);
}

static enum assay_code
make_keys(struct mint_world *w, struct assay_error *err)
{
    static const char *const labels[MINT_KEY_COUNT] = {
        [MINT_KEY_ROOT] = "root CA",
        [MINT_KEY_PLATFORM_CA] = "PCK platform CA",
        [MINT_KEY_PROCESSOR_CA] = "PCK processor CA",
        [MINT_KEY_TCB_SIGNER] = "TCB signing",
        [MINT_KEY_PCK] = "PCK",
        [MINT_KEY_ATTESTATION] = "attestation",
        [MINT_KEY_STRANGER] = "stranger",
    };
    uint8_t seed[MINT_SEED_BYTES] = {0};
    enum assay_code code;

    if (w->options.seed != NULL) {
        mint_put_hex(seed, sizeof(seed), w->options.seed, "seed", err);
    }
    code = err->code;
    for (size_t i = 1; i < MINT_KEY_COUNT && code == ASSAY_OK; i++) {
        code = w->options.seed != NULL
                   ? mint_key_derive(seed, labels[i], &w->keys[i], err)
                   : mint_key_random(&w->keys[i], err);
    }
    return code;
}

const struct mint_key *
mint_world_key(const struct mint_world *w, enum mint_key_id key)
{
    return w->keys[key];
}

static const struct mint_key *
key_or(const struct mint_world *w, enum mint_key_id key,
       enum mint_key_id otherwise)
{
    return w->keys[key != MINT_KEY_DEFAULT ? key : otherwise];
}

static enum mint_key_id
ca_key(const struct mint_world *w)
{
    return w->options.processor_ca ? MINT_KEY_PROCESSOR_CA
                                   : MINT_KEY_PLATFORM_CA;
}

/* Which certificate is made of what. */
struct plan {
    enum mint_cert_id cert;
    const struct mint_cert_options *o;
    enum mint_key_id subject_key;
    enum mint_cert_id issuer; /* made before */
};

static void
add_hex_or(struct assay_buf *b, const char *hex, struct assay_slice otherwise,
           const char *field, struct assay_error *err)
{
    if (hex != NULL) {
        mint_add_hex(b, hex, field, err);
    } else {
        assay_buf_add(b, otherwise);
    }
}

/* One certificate and what others need to know of it. */
static enum assay_code
make_cert(const struct mint_world *w, struct products *p,
          const struct plan *plan, struct assay_error *err)
{
    const struct mint_options *all = &w->options;
    const struct mint_cert_options *o = plan->o;
    const bool by_ca = plan->issuer == MINT_CERT_CA;
    struct cert *made = &p->certs[plan->cert];
    uint8_t id[MINT_SHA1_BYTES];
    struct mint_cert_context c = {
        .issuer_name = by_ca ? &all->ca.subject : &all->root.subject,
        .subject_key = key_or(w, o->subject_key, plan->subject_key),
        .signer =
            key_or(w, o->signing.signer, by_ca ? ca_key(w) : MINT_KEY_ROOT),
        .sgx = plan->cert == MINT_CERT_PCK ? &all->sgx : NULL,
    };
    enum assay_code code = mint_key_identifier(c.subject_key, id, err);

    if (code != ASSAY_OK) {
        return code;
    }
    add_hex_or(&made->ski, o->ski, ASSAY_SLICE(id), "ski", err);
    add_hex_or(&made->serial, o->serial, ASSAY_SLICE(id), "serial", err);
    c.issuer_key_id = assay_buf_slice(&p->certs[plan->issuer].ski);
    code = mint_check(&made->ski, "mint: ski", err);
    if (code == ASSAY_OK) {
        code = mint_check(&made->serial, "mint: serial", err);
    }
    return code == ASSAY_OK ? mint_cert_write(o, &c, &made->der, err) : code;
}

static enum assay_code
make_certs(const struct mint_world *w, struct products *p,
           struct assay_error *err)
{
    const struct mint_options *o = &w->options;
    const struct plan plans[] = {
        {MINT_CERT_ROOT, &o->root, MINT_KEY_ROOT, MINT_CERT_ROOT},
        {MINT_CERT_CA, &o->ca, ca_key(w), MINT_CERT_ROOT},
        {MINT_CERT_TCB_SIGNER, &o->tcb_signer, MINT_KEY_TCB_SIGNER,
         MINT_CERT_ROOT},
        {MINT_CERT_PCK, &o->pck, MINT_KEY_PCK, MINT_CERT_CA},
    };
    enum assay_code code = ASSAY_OK;

    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        code = make_cert(w, p, &plans[i], err);
        if (code != ASSAY_OK) {
            break;
        }
    }
    return code;
}

static void
write_chain(struct assay_buf *b, const struct products *p,
            const enum mint_cert_id chain[MINT_CHAIN_MAX])
{
    for (size_t i = 0; i < MINT_CHAIN_MAX && chain[i] != MINT_CERT_NONE; i++) {
        assay_pem_encode(b, "CERTIFICATE",
                         assay_buf_slice(&p->certs[chain[i]].der));
    }
}

static void
make_chains(const struct mint_world *w, struct products *p)
{
    static const enum mint_cert_id root[MINT_CHAIN_MAX] = {MINT_CERT_ROOT};
    static const enum mint_cert_id pck[MINT_CHAIN_MAX] = {
        MINT_CERT_PCK, MINT_CERT_CA, MINT_CERT_ROOT};
    static const enum mint_cert_id ca[MINT_CHAIN_MAX] = {MINT_CERT_CA,
                                                         MINT_CERT_ROOT};

    write_chain(&p->root_pem, p, root);
    if (w->options.chain_in_collateral == MINT_YES) {
        write_chain(&p->pck_chain, p, pck);
    }
    write_chain(&p->pck_crl_chain, p, ca);
    write_chain(&p->tcb_info_chain, p, w->options.tcb_info.json.chain);
    write_chain(&p->qe_identity_chain, p, w->options.qe_identity.json.chain);
}

static enum assay_code
make_crl(const struct mint_world *w, struct products *p, bool root,
         struct assay_error *err)
{
    const struct mint_options *all = &w->options;
    const struct mint_crl_options *o = root ? &all->root_crl : &all->pck_crl;
    const struct cert *issuer = &p->certs[root ? MINT_CERT_ROOT : MINT_CERT_CA];
    struct assay_buf *der = root ? &p->root_crl : &p->pck_crl;
    struct mint_crl_context c = {
        .issuer_name = root ? &all->root.subject : &all->ca.subject,
        .issuer_key_id = assay_buf_slice(&issuer->ski),
        .signer =
            key_or(w, o->signing.signer, root ? MINT_KEY_ROOT : ca_key(w)),
    };
    enum assay_code code;

    for (size_t i = 0; i < MINT_CERT_COUNT; i++) {
        c.serials[i] = assay_buf_slice(&p->certs[i].serial);
    }
    code = mint_crl_write(o, &c, der, err);
    mint_crl_encode(root ? &p->root_crl_part : &p->pck_crl_part,
                    assay_buf_slice(der), o->form);
    return code;
}

static enum assay_code
make_documents(const struct mint_world *w, struct products *p,
               struct assay_error *err)
{
    const struct mint_options *o = &w->options;
    enum assay_code code = mint_tcb_info_write(
        &o->tcb_info, key_or(w, o->tcb_info.json.signer, MINT_KEY_TCB_SIGNER),
        &p->tcb_info, err);

    if (code == ASSAY_OK) {
        code = mint_qe_identity_write(
            &o->qe_identity,
            key_or(w, o->qe_identity.json.signer, MINT_KEY_TCB_SIGNER),
            &p->qe_identity, err);
    }
    return code;
}

/* The texts that are only copied together are asked for here. */
static enum assay_code
check_texts(const struct products *p, struct assay_error *err)
{
    const struct assay_buf *const texts[] = {
        &p->root_pem,          &p->pck_chain,     &p->tcb_info_chain,
        &p->qe_identity_chain, &p->root_crl_part, &p->pck_crl_part,
        &p->pck_crl_chain,
    };
    enum assay_code code = err->code;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (code == ASSAY_OK) {
            code = mint_check(texts[i], "mint: collateral", err);
        }
    }
    return code;
}

enum assay_code
mint_world_remake(struct mint_world *w, struct assay_error *err)
{
    struct products fresh;
    enum assay_code code;

    assay_error_clear(err);
    products_init(&fresh);
    code = make_certs(w, &fresh, err);
    if (code == ASSAY_OK) {
        code = make_crl(w, &fresh, true, err);
    }
    if (code == ASSAY_OK) {
        code = make_crl(w, &fresh, false, err);
    }
    if (code == ASSAY_OK) {
        code = make_documents(w, &fresh, err);
    }
    if (code == ASSAY_OK) {
        make_chains(w, &fresh);
        code = check_texts(&fresh, err);
    }
    if (code != ASSAY_OK) {
        products_free(&fresh);
        return code;
    }
    products_free(&w->made);
    w->made = fresh;
    return ASSAY_OK;
}

enum assay_code
mint_world_new(const struct mint_options *o, struct mint_world **out,
               struct assay_error *err)
{
    struct mint_world *w = calloc(1, sizeof(*w));
    enum assay_code code;

    *out = NULL;
    assay_error_clear(err);
    if (w == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "mint: no memory for a world");
    }
    if (o != NULL) {
        w->options = *o;
    }
    mint_options_fill(&w->options);
    products_init(&w->made);
    code = make_keys(w, err);
    if (code == ASSAY_OK) {
        code = mint_world_remake(w, err);
    }
    if (code != ASSAY_OK) {
        mint_world_free(w);
        return code;
    }
    *out = w;
    return ASSAY_OK;
}

void
mint_world_free(struct mint_world *w)
{
    if (w == NULL) {
        return;
    }
    products_free(&w->made);
    for (size_t i = 0; i < MINT_KEY_COUNT; i++) {
        mint_key_free(w->keys[i]);
    }
    free(w);
}

struct mint_options *
mint_world_options(struct mint_world *w)
{
    return &w->options;
}

enum assay_code
mint_world_quote(const struct mint_world *w, struct assay_buf *out,
                 struct assay_error *err)
{
    const struct mint_quote_options *q = &w->options.quote;
    struct mint_quote_context c = {
        .platform = &w->options.platform,
        .attestation_key = key_or(w, q->attestation_key, MINT_KEY_ATTESTATION),
        .qe_report_signer = key_or(w, q->qe_report_signer, MINT_KEY_PCK),
    };
    struct assay_buf chain;
    enum assay_code code;

    assay_error_clear(err);
    c.signer =
        q->signer != MINT_KEY_DEFAULT ? w->keys[q->signer] : c.attestation_key;
    assay_buf_init(&chain, MINT_TEXT_MAX);
    write_chain(&chain, &w->made, q->chain);
    c.chain = assay_buf_slice(&chain);
    code = mint_check(&chain, "mint: PCK chain", err);
    if (code == ASSAY_OK) {
        code = mint_quote_write(q, &c, out, err);
    }
    assay_buf_free(&chain);
    return code;
}

struct assay_collateral_parts
mint_world_collateral_parts(const struct mint_world *w)
{
    const struct products *p = &w->made;

    return (struct assay_collateral_parts){
        .tcb_info = assay_buf_slice(&p->tcb_info),
        .tcb_info_issuer_chain = assay_buf_slice(&p->tcb_info_chain),
        .qe_identity = assay_buf_slice(&p->qe_identity),
        .qe_identity_issuer_chain = assay_buf_slice(&p->qe_identity_chain),
        .pck_crl = assay_buf_slice(&p->pck_crl_part),
        .root_ca_crl = assay_buf_slice(&p->root_crl_part),
        .pck_certificate_chain = assay_buf_slice(&p->pck_chain),
        .pck_crl_issuer_chain = assay_buf_slice(&p->pck_crl_chain),
    };
}

enum assay_code
mint_world_bundle(const struct mint_world *w, struct assay_buf *out,
                  struct assay_error *err)
{
    const struct assay_collateral_parts p = mint_world_collateral_parts(w);
    struct assay_json_out j;

    assay_error_clear(err);
    assay_json_out_init(&j, out, false);
    assay_json_out_open(&j, NULL, '{');
    assay_json_out_string(&j, "tcb_info", p.tcb_info);
    assay_json_out_string(&j, "tcb_info_issuer_chain", p.tcb_info_issuer_chain);
    assay_json_out_string(&j, "qe_identity", p.qe_identity);
    assay_json_out_string(&j, "qe_identity_issuer_chain",
                          p.qe_identity_issuer_chain);
    assay_json_out_hex(&j, "pck_crl", assay_buf_slice(&w->made.pck_crl));
    assay_json_out_hex(&j, "root_ca_crl", assay_buf_slice(&w->made.root_crl));
    assay_json_out_string(&j, "pck_crl_issuer_chain", p.pck_crl_issuer_chain);
    if (p.pck_certificate_chain.len > 0) {
        assay_json_out_string(&j, "pck_certificate_chain",
                              p.pck_certificate_chain);
    }
    assay_json_out_string(&j, "trusted_root",
                          assay_buf_slice(&w->made.root_pem));
    assay_json_out_close(&j, '}');
    assay_buf_add_text(out, "\n");
    return assay_buf_check(out, "mint: bundle", err);
}

struct assay_slice
mint_world_root_pem(const struct mint_world *w)
{
    return assay_buf_slice(&w->made.root_pem);
}

struct assay_slice
mint_world_cert_der(const struct mint_world *w, enum mint_cert_id cert)
{
    return assay_buf_slice(&w->made.certs[cert].der);
}

struct assay_slice
mint_world_root_crl_der(const struct mint_world *w)
{
    return assay_buf_slice(&w->made.root_crl);
}

struct assay_slice
mint_world_pck_crl_der(const struct mint_world *w)
{
    return assay_buf_slice(&w->made.pck_crl);
}
