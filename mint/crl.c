/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * crl.c - see crl.h.
 */
#include "mint/crl.h"

#include "base/buf.h"
#include "base/bytes.h"
#include "base/text.h"

struct job {
    const struct mint_crl_options *o;
    const struct mint_crl_context *c;
    bool first_entry; /* none written yet */
    struct assay_error *err;
};

/* Reason keyCompromise, as Intel's. */
static void
write_reason(struct assay_buf *b)
{
    static const uint8_t oid[] = {0x55, 0x1d, 0x15};
    static const uint8_t value[] = {MINT_TAG_ENUMERATED, 1, 1};

    mint_write_extension(b, ASSAY_SLICE(oid), false, ASSAY_SLICE(value));
}

static void
write_entry(struct assay_buf *b, struct job *j, struct assay_slice serial)
{
    const struct mint_extension extra[MINT_EXTRA_MAX] = {j->o->entry_extra};
    bool reason = (j->o->omit & MINT_CRL_REASON) == 0;
    bool more = j->first_entry && extra[0].oid != NULL;
    size_t entry = mint_der_open(b, MINT_TAG_SEQUENCE);

    mint_der_unsigned(b, serial);
    mint_der_time(b, j->o->this_update_s, j->o->time_form);
    if (reason || more) {
        size_t list = mint_der_open(b, MINT_TAG_SEQUENCE);

        if (reason) {
            write_reason(b);
        }
        if (more) {
            mint_write_extra(b, extra, j->err);
        }
        mint_der_close(b, list);
    }
    mint_der_close(b, entry);
    j->first_entry = false;
}

static void
write_made_up(struct assay_buf *b, struct job *j)
{
    for (unsigned i = 0; i < j->o->fill; i++) {
        uint8_t serial[20];

        memset(serial, 0x5f, sizeof(serial));
        serial[16] = (uint8_t)(i >> 24);
        serial[17] = (uint8_t)(i >> 16);
        serial[18] = (uint8_t)(i >> 8);
        serial[19] = (uint8_t)i;
        write_entry(b, j, ASSAY_SLICE(serial));
    }
}

static void
write_listed(struct assay_buf *b, struct job *j)
{
    for (size_t i = 0; i < MINT_REVOKED_MAX && j->o->revoked[i] != NULL; i++) {
        struct assay_buf serial;

        assay_buf_init(&serial, MINT_DER_MAX);
        mint_add_hex(&serial, j->o->revoked[i], "crl.revoked", j->err);
        write_entry(b, j, assay_buf_slice(&serial));
        mint_buf_fail(b, &serial);
        assay_buf_free(&serial);
    }
}

/* RFC 5280: no empty list, but no list. */
static void
write_revoked(struct assay_buf *b, struct job *j)
{
    size_t list;

    if (j->o->fill == 0 && j->o->revoke == 0 && j->o->revoked[0] == NULL) {
        return;
    }
    list = mint_der_open(b, MINT_TAG_SEQUENCE);
    write_made_up(b, j);
    for (unsigned i = 0; i < MINT_CERT_COUNT; i++) {
        if ((j->o->revoke & MINT_REVOKE(i)) != 0) {
            write_entry(b, j, j->c->serials[i]);
        }
    }
    write_listed(b, j);
    mint_der_close(b, list);
}

static void
write_number(struct assay_buf *b, struct job *j)
{
    static const uint8_t oid[] = {0x55, 0x1d, 0x14};
    struct assay_buf number;
    struct assay_buf value;

    assay_buf_init(&number, MINT_DER_MAX);
    assay_buf_init(&value, MINT_DER_MAX);
    mint_add_hex(&number, j->o->number, "crl.number", j->err);
    mint_der_unsigned(&value, assay_buf_slice(&number));
    mint_write_extension(b, ASSAY_SLICE(oid), false, assay_buf_slice(&value));
    mint_buf_fail(b, &number);
    mint_buf_fail(b, &value);
    assay_buf_free(&value);
    assay_buf_free(&number);
}

static void
write_aki(struct assay_buf *b, struct job *j)
{
    static const uint8_t oid[] = {0x55, 0x1d, 0x23};
    struct assay_buf id;
    struct assay_buf value;

    assay_buf_init(&id, MINT_DER_MAX);
    assay_buf_init(&value, MINT_DER_MAX);
    if (j->o->aki != NULL) {
        mint_add_hex(&id, j->o->aki, "crl.aki", j->err);
    } else {
        assay_buf_add(&id, j->c->issuer_key_id);
    }
    mint_write_aki(&value, assay_buf_slice(&id));
    mint_write_extension(b, ASSAY_SLICE(oid), false, assay_buf_slice(&value));
    mint_buf_fail(b, &id);
    mint_buf_fail(b, &value);
    assay_buf_free(&value);
    assay_buf_free(&id);
}

static void
write_extensions(struct assay_buf *b, struct job *j)
{
    static const struct {
        unsigned bit;
        void (*write)(struct assay_buf *b, struct job *j);
    } table[] = {{MINT_CRL_NUMBER, write_number}, {MINT_CRL_AKI, write_aki}};
    size_t outer = mint_der_open(b, MINT_TAG_CONTEXT_CONSTRUCTED + 0);
    size_t list = mint_der_open(b, MINT_TAG_SEQUENCE);

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if ((j->o->omit & table[i].bit) == 0) {
            table[i].write(b, j);
        }
        if ((j->o->duplicate & table[i].bit) != 0) {
            table[i].write(b, j);
        }
    }
    mint_write_extra(b, j->o->extra, j->err);
    mint_der_close(b, list);
    mint_der_close(b, outer);
}

static void
write_tbs(struct assay_buf *b, struct job *j)
{
    const struct mint_crl_options *o = j->o;
    size_t mark = mint_der_open(b, MINT_TAG_SEQUENCE);

    if (o->version != 1) {
        mint_der_small(b, MINT_TAG_INTEGER, o->version - 1);
    }
    mint_write_algorithm(b, o->signing.inner_algorithm);
    mint_write_name(b, o->issuer != NULL ? o->issuer : j->c->issuer_name);
    mint_der_time(b, o->this_update_s, o->time_form);
    if ((o->omit & MINT_CRL_NEXT) == 0) {
        mint_der_time(b, o->next_update_s, o->time_form);
    }
    write_revoked(b, j);
    if (o->version != 1) {
        write_extensions(b, j);
    }
    mint_der_close(b, mark);
}

enum assay_code
mint_crl_write(const struct mint_crl_options *o,
               const struct mint_crl_context *c, struct assay_buf *out,
               struct assay_error *err)
{
    struct job j = {.o = o, .c = c, .first_entry = true, .err = err};
    struct assay_buf tbs;
    enum assay_code code;

    assay_buf_init(&tbs, MINT_DER_MAX);
    write_tbs(&tbs, &j);
    mint_patch_buf(&tbs, &o->patch_tbs, err);
    code = mint_write_signed(&tbs, c->signer, &o->signing, out, err);
    mint_patch_buf(out, &o->patch, err);
    assay_buf_free(&tbs);
    return code == ASSAY_OK ? err->code : code;
}

void
mint_crl_encode(struct assay_buf *out, struct assay_slice der,
                enum mint_form form)
{
    switch (form) {
    case MINT_FORM_DER:
        assay_buf_add(out, der);
        break;
    case MINT_FORM_HEX:
        assay_hex_encode(out, der);
        break;
    case MINT_FORM_PEM:
        assay_pem_encode(out, "X509 CRL", der);
        break;
    }
}
