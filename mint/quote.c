/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quote.c - see quote.h.
 */
#include "mint/quote.h"

#include "base/buf.h"
#include "base/bytes.h"

enum { SGX_REPORT_BYTES = 384, QE_REPORT_DATA = 320 };

struct job {
    const struct mint_quote_options *o;
    const struct mint_quote_context *c;
    uint8_t shown_key[MINT_POINT_BYTES];
    uint8_t qe_report[SGX_REPORT_BYTES];
    uint8_t qe_signature[MINT_SIG_BYTES];
    uint8_t signature[MINT_SIG_BYTES];
    struct assay_buf auth;
    struct assay_buf cert;
    struct assay_error *err;
};

static void
add_repeated(struct assay_buf *b, uint8_t octet, size_t n)
{
    uint8_t *to = assay_buf_extend(b, n);

    if (to != NULL && n > 0) {
        memset(to, octet, n);
    }
}

static void
apply_patches(struct assay_buf *b,
              const struct mint_patch patches[MINT_PATCHES_MAX],
              struct assay_error *err)
{
    for (size_t i = 0; i < MINT_PATCHES_MAX; i++) {
        mint_patch_buf(b, &patches[i], err);
    }
}

static void
write_body(struct assay_buf *b, const struct job *j)
{
    const struct mint_quote_options *o = j->o;
    size_t size = mint_body_size(o->body_type);
    uint8_t *to;

    if (o->body != NULL) {
        mint_add_hex(b, o->body, "quote.body", j->err);
        return;
    }
    add_repeated(b, 0, size);
    if (b->failed || size == 0) {
        return;
    }
    to = b->ptr + b->len - size;
    if (o->body_type == ASSAY_BODY_SGX) {
        mint_sgx_report_write(to, &o->sgx, j->c->platform, j->err);
    } else {
        mint_td_report_write(to, size, &o->td, j->err);
    }
}

/* Header, descriptor of version 5, and body: what is signed. */
static void
write_signed_part(struct assay_buf *b, const struct job *j)
{
    const struct mint_quote_options *o = j->o;
    struct assay_buf body;

    assay_buf_init(&body, MINT_QUOTE_MAX);
    write_body(&body, j);
    assay_buf_add_le16(b, (uint16_t)o->version);
    assay_buf_add_le16(b, (uint16_t)o->att_key_type);
    assay_buf_add_le32(b, (uint32_t)o->tee_type);
    assay_buf_add_le16(b, o->word8);
    assay_buf_add_le16(b, o->word10);
    mint_add_hex(b, o->qe_vendor_id, "quote.qe_vendor_id", j->err);
    mint_add_hex(b, o->user_data, "quote.user_data", j->err);
    if (o->version >= 5) {
        assay_buf_add_le16(b, (uint16_t)o->body_type_word);
        assay_buf_add_le32(b, o->body_size_word != 0
                                  ? (uint32_t)o->body_size_word
                                  : (uint32_t)body.len);
    }
    assay_buf_add(b, assay_buf_slice(&body));
    mint_buf_fail(b, &body);
    assay_buf_free(&body);
    apply_patches(b, o->patch_signed, j->err);
}

/* REPORTDATA of the QE: SHA-256 of the attestation key and the authentication
 * data, then 32 zero octets. */
static enum assay_code
bind_key(struct job *j)
{
    struct assay_buf in;
    enum assay_code code;

    assay_buf_init(&in, MINT_QUOTE_MAX);
    assay_buf_add(&in, ASSAY_SLICE(j->shown_key));
    assay_buf_add(&in, assay_buf_slice(&j->auth));
    code = mint_check(&in, "mint: key binding", j->err);
    if (code == ASSAY_OK && j->o->qe.report_data == NULL) {
        code = mint_sha256(assay_buf_slice(&in), j->qe_report + QE_REPORT_DATA,
                           j->err);
    }
    assay_buf_free(&in);
    return code;
}

static enum assay_code
make_qe_report(struct job *j)
{
    enum assay_code code;

    mint_sgx_report_write(j->qe_report, &j->o->qe, j->c->platform, j->err);
    code = bind_key(j);
    if (j->o->break_binding) {
        j->qe_report[QE_REPORT_DATA] ^= 1;
    }
    for (size_t i = 0; i < MINT_PATCHES_MAX; i++) {
        mint_apply_patch(j->qe_report, sizeof(j->qe_report), &j->o->patch_qe[i],
                         j->err);
    }
    if (code == ASSAY_OK) {
        code = mint_key_sign(j->c->qe_report_signer, ASSAY_SLICE(j->qe_report),
                             j->qe_signature, j->err);
    }
    if (j->o->break_qe_signature) {
        j->qe_signature[MINT_SIG_BYTES - 1] ^= 1;
    }
    return code;
}

/* Types 1 to 3: PPID (encrypted: made up), CPUSVN, PCESVN, PCEID. */
static void
write_platform_id(struct assay_buf *b, const struct job *j)
{
    const struct mint_platform *p = j->c->platform;
    uint8_t cpusvn[16] = {0};

    if (j->o->cert_type == ASSAY_CERT_PPID_CLEAR) {
        mint_add_hex(b, p->ppid, "platform.ppid", j->err);
    } else {
        add_repeated(b, 0xe7,
                     j->o->cert_type == ASSAY_CERT_PPID_RSA2048 ? 256 : 384);
    }
    mint_platform_cpusvn(p, cpusvn, j->err);
    assay_buf_add(b, ASSAY_SLICE(cpusvn));
    assay_buf_add_le16(b, (uint16_t)p->pcesvn);
    mint_add_hex(b, p->pceid, "platform.pceid", j->err);
}

static void
write_cert_data(struct assay_buf *b, const struct job *j)
{
    const struct mint_quote_options *o = j->o;

    if (o->cert_text != NULL) {
        assay_buf_add_text(b, o->cert_text);
    } else if (o->cert_type >= ASSAY_CERT_PPID_CLEAR &&
               o->cert_type <= ASSAY_CERT_PPID_RSA3072) {
        write_platform_id(b, j);
    } else {
        assay_buf_add(b, j->c->chain);
        if (o->nul == MINT_YES) {
            assay_buf_add_u8(b, 0);
        }
    }
    add_repeated(b, o->slack_byte, o->slack_in_cert_data);
}

/* QE report, its signature, authentication and certification data. */
static void
write_qe_part(struct assay_buf *b, const struct job *j)
{
    const struct mint_quote_options *o = j->o;
    uint32_t auth_size = (uint32_t)j->auth.len;
    uint32_t cert_size = (uint32_t)j->cert.len;

    assay_buf_add(b, ASSAY_SLICE(j->qe_report));
    assay_buf_add(b, ASSAY_SLICE(j->qe_signature));
    assay_buf_add_le16(b, (uint16_t)(auth_size + (uint32_t)o->auth_size_error));
    assay_buf_add(b, assay_buf_slice(&j->auth));
    assay_buf_add_le16(b, (uint16_t)o->cert_type);
    assay_buf_add_le32(b, cert_size + (uint32_t)o->cert_size_error);
    assay_buf_add(b, assay_buf_slice(&j->cert));
}

static void
write_signature_section(struct assay_buf *b, const struct job *j)
{
    const struct mint_quote_options *o = j->o;
    struct assay_buf qe_part;

    assay_buf_init(&qe_part, MINT_QUOTE_MAX);
    write_qe_part(&qe_part, j);
    assay_buf_add(b, ASSAY_SLICE(j->signature));
    assay_buf_add(b, ASSAY_SLICE(j->shown_key));
    if (o->version >= 4) {
        add_repeated(&qe_part, o->slack_byte, o->slack_in_outer);
        assay_buf_add_le16(b, (uint16_t)o->outer_type);
        assay_buf_add_le32(b, (uint32_t)qe_part.len +
                                  (uint32_t)o->outer_size_error);
    }
    assay_buf_add(b, assay_buf_slice(&qe_part));
    add_repeated(b, o->slack_byte, o->slack_in_signature);
    mint_buf_fail(b, &qe_part);
    assay_buf_free(&qe_part);
}

static void
prepare(struct job *j)
{
    memcpy(j->shown_key, mint_key_public(j->c->attestation_key),
           MINT_POINT_BYTES);
    if (j->o->key_off_curve) {
        j->shown_key[MINT_POINT_BYTES - 1] ^= 1;
    }
    for (int32_t i = 0; i < j->o->auth_size; i++) {
        assay_buf_add_u8(&j->auth, (uint8_t)i);
    }
    write_cert_data(&j->cert, j);
}

static enum assay_code
write_quote(struct assay_buf *b, struct job *j)
{
    const struct mint_quote_options *o = j->o;
    struct assay_buf section;
    enum assay_code code = make_qe_report(j);

    write_signed_part(b, j);
    if (code == ASSAY_OK) {
        code = mint_check(b, "mint: quote body", j->err);
    }
    if (code == ASSAY_OK) {
        code = mint_key_sign(j->c->signer, assay_buf_slice(b), j->signature,
                             j->err);
    }
    if (code != ASSAY_OK) {
        return code;
    }
    if (o->break_signature) {
        j->signature[MINT_SIG_BYTES - 1] ^= 1;
    }
    assay_buf_init(&section, MINT_QUOTE_MAX);
    write_signature_section(&section, j);
    assay_buf_add_le32(b, (uint32_t)section.len +
                              (uint32_t)o->signature_size_error);
    assay_buf_add(b, assay_buf_slice(&section));
    add_repeated(b, o->slack_byte, o->trailing);
    apply_patches(b, o->patch, j->err);
    mint_buf_fail(b, &section);
    assay_buf_free(&section);
    return mint_check(b, "mint: quote", j->err);
}

enum assay_code
mint_quote_write(const struct mint_quote_options *o,
                 const struct mint_quote_context *c, struct assay_buf *out,
                 struct assay_error *err)
{
    struct job j = {.o = o, .c = c, .err = err};
    struct assay_buf quote;
    enum assay_code code;

    assay_buf_init(&j.auth, MINT_QUOTE_MAX);
    assay_buf_init(&j.cert, MINT_QUOTE_MAX);
    assay_buf_init(&quote, MINT_QUOTE_MAX);
    prepare(&j);
    code = mint_check(&j.auth, "mint: authentication data", err);
    if (code == ASSAY_OK) {
        code = mint_check(&j.cert, "mint: certification data", err);
    }
    if (code == ASSAY_OK) {
        code = write_quote(&quote, &j);
    }
    if (code == ASSAY_OK) {
        assay_buf_add(out, assay_buf_slice(&quote));
        code = assay_buf_check(out, "mint: quote", err);
    }
    assay_buf_free(&quote);
    assay_buf_free(&j.cert);
    assay_buf_free(&j.auth);
    return code;
}
