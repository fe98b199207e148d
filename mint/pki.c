/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pki.c - see pki.h.
 */
#include "mint/pki.h"

#include "base/buf.h"
#include "base/bytes.h"

/* What the writers of single extensions see. */
struct job {
    const struct mint_cert_options *o;
    const struct mint_cert_context *c;
    uint8_t key_id[MINT_SHA1_BYTES];
    struct assay_error *err;
};

static void
point_of(const struct mint_key *key, uint8_t out[1 + MINT_POINT_BYTES])
{
    out[0] = 0x04;
    memcpy(out + 1, mint_key_public(key), MINT_POINT_BYTES);
}

enum assay_code
mint_key_identifier(const struct mint_key *key, uint8_t out[MINT_SHA1_BYTES],
                    struct assay_error *err)
{
    uint8_t point[1 + MINT_POINT_BYTES];

    point_of(key, point);
    return mint_sha1(ASSAY_SLICE(point), out, err);
}

/* Hex text, or the bytes that stand in for NULL. */
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

static void
write_aki(struct assay_buf *b, const struct job *j)
{
    struct assay_buf id;

    assay_buf_init(&id, MINT_DER_MAX);
    add_hex_or(&id, j->o->aki, j->c->issuer_key_id, "aki", j->err);
    mint_write_aki(b, assay_buf_slice(&id));
    mint_buf_fail(b, &id);
    assay_buf_free(&id);
}

static void
write_ski(struct assay_buf *b, const struct job *j)
{
    size_t mark = mint_der_open(b, MINT_TAG_OCTET_STRING);

    add_hex_or(b, j->o->ski, ASSAY_SLICE(j->key_id), "ski", j->err);
    mint_der_close(b, mark);
}

static void
write_crl_points(struct assay_buf *b, const struct job *j)
{
    size_t points = mint_der_open(b, MINT_TAG_SEQUENCE);
    size_t point = mint_der_open(b, MINT_TAG_SEQUENCE);
    size_t name = mint_der_open(b, MINT_TAG_CONTEXT_CONSTRUCTED + 0);
    size_t full_name = mint_der_open(b, MINT_TAG_CONTEXT_CONSTRUCTED + 0);

    mint_der_text(b, MINT_TAG_CONTEXT + 6, j->o->crl_url);
    mint_der_close(b, full_name);
    mint_der_close(b, name);
    mint_der_close(b, point);
    mint_der_close(b, points);
}

static void
write_key_usage(struct assay_buf *b, const struct job *j)
{
    mint_der_named_bits(b, j->o->key_usage & 0xffffu);
}

static void
write_basic_constraints(struct assay_buf *b, const struct job *j)
{
    size_t mark = mint_der_open(b, MINT_TAG_SEQUENCE);

    if (j->o->ca == MINT_YES) {
        mint_der_boolean(b, true);
    }
    if (j->o->pathlen > 0) {
        mint_der_small(b, MINT_TAG_INTEGER, (uint32_t)j->o->pathlen - 1);
    }
    mint_der_close(b, mark);
}

static void
write_sgx(struct assay_buf *b, const struct job *j)
{
    mint_write_sgx_ext(b, j->c->sgx, j->err);
}

static const struct {
    unsigned bit;
    uint8_t oid[9];
    size_t oid_len;
    bool critical;
    void (*write)(struct assay_buf *b, const struct job *j);
} extensions[] = {
    {MINT_EXT_AKI, {0x55, 0x1d, 0x23}, 3, false, write_aki},
    {MINT_EXT_CRL_POINTS, {0x55, 0x1d, 0x1f}, 3, false, write_crl_points},
    {MINT_EXT_SKI, {0x55, 0x1d, 0x0e}, 3, false, write_ski},
    {MINT_EXT_KEY_USAGE, {0x55, 0x1d, 0x0f}, 3, true, write_key_usage},
    {MINT_EXT_BASIC_CONSTRAINTS,
     {0x55, 0x1d, 0x13},
     3,
     true,
     write_basic_constraints},
    {MINT_EXT_SGX,
     {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01},
     9,
     false,
     write_sgx},
};

static void
write_extension(struct assay_buf *b, size_t i, const struct job *j)
{
    bool flip = (j->o->flip_critical & extensions[i].bit) != 0;
    struct assay_buf value;

    assay_buf_init(&value, MINT_DER_MAX);
    extensions[i].write(&value, j);
    mint_write_extension(
        b, (struct assay_slice){extensions[i].oid, extensions[i].oid_len},
        extensions[i].critical != flip, assay_buf_slice(&value));
    mint_buf_fail(b, &value);
    assay_buf_free(&value);
}

static void
write_extensions(struct assay_buf *b, const struct job *j)
{
    size_t outer = mint_der_open(b, MINT_TAG_CONTEXT_CONSTRUCTED + 3);
    size_t list = mint_der_open(b, MINT_TAG_SEQUENCE);

    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        unsigned bit = extensions[i].bit;

        if (bit == MINT_EXT_SGX && j->c->sgx == NULL) {
            continue;
        }
        if ((j->o->omit & bit) == 0) {
            write_extension(b, i, j);
        }
        if ((j->o->duplicate & bit) != 0) {
            write_extension(b, i, j);
        }
    }
    mint_write_extra(b, j->o->extra, j->err);
    mint_der_close(b, list);
    mint_der_close(b, outer);
}

static void
write_public_key(struct assay_buf *b, const struct job *j)
{
    static const uint8_t ec_public_key[] = {0x2a, 0x86, 0x48, 0xce,
                                            0x3d, 0x02, 0x01};
    static const uint8_t prime256v1[] = {0x2a, 0x86, 0x48, 0xce,
                                         0x3d, 0x03, 0x01, 0x07};
    static const uint8_t secp384r1[] = {0x2b, 0x81, 0x04, 0x00, 0x22};
    uint8_t point[1 + MINT_POINT_BYTES];
    size_t len = sizeof(point);
    size_t info = mint_der_open(b, MINT_TAG_SEQUENCE);
    size_t alg = mint_der_open(b, MINT_TAG_SEQUENCE);

    mint_der_put(b, MINT_TAG_OID, ASSAY_SLICE(ec_public_key));
    if (j->o->spki == MINT_SPKI_OTHER_CURVE) {
        mint_der_put(b, MINT_TAG_OID, ASSAY_SLICE(secp384r1));
    } else {
        mint_der_put(b, MINT_TAG_OID, ASSAY_SLICE(prime256v1));
    }
    mint_der_close(b, alg);
    point_of(j->c->subject_key, point);
    if (j->o->spki == MINT_SPKI_COMPRESSED) {
        point[0] = (uint8_t)(0x02 | (point[MINT_POINT_BYTES] & 1));
        len = 33;
    } else if (j->o->spki == MINT_SPKI_OFF_CURVE) {
        point[MINT_POINT_BYTES] ^= 1;
    }
    mint_der_octets(b, (struct assay_slice){point, len});
    mint_der_close(b, info);
}

static void
write_serial(struct assay_buf *b, const struct job *j)
{
    struct assay_buf serial;

    assay_buf_init(&serial, MINT_DER_MAX);
    add_hex_or(&serial, j->o->serial, ASSAY_SLICE(j->key_id), "serial", j->err);
    if (j->o->negative_serial) {
        mint_der_put(b, MINT_TAG_INTEGER, assay_buf_slice(&serial));
    } else {
        mint_der_unsigned(b, assay_buf_slice(&serial));
    }
    mint_buf_fail(b, &serial);
    assay_buf_free(&serial);
}

static void
write_tbs(struct assay_buf *b, const struct job *j)
{
    const struct mint_cert_options *o = j->o;
    size_t mark = mint_der_open(b, MINT_TAG_SEQUENCE);
    size_t inner;

    if (o->version != 1) {
        inner = mint_der_open(b, MINT_TAG_CONTEXT_CONSTRUCTED + 0);
        mint_der_small(b, MINT_TAG_INTEGER, o->version - 1);
        mint_der_close(b, inner);
    }
    write_serial(b, j);
    mint_write_algorithm(b, o->signing.inner_algorithm);
    mint_write_name(b, o->issuer != NULL ? o->issuer : j->c->issuer_name);
    inner = mint_der_open(b, MINT_TAG_SEQUENCE);
    mint_der_time(b, o->not_before_s, o->time_form);
    mint_der_time(b, o->not_after_s, o->time_form);
    mint_der_close(b, inner);
    mint_write_name(b, &o->subject);
    write_public_key(b, j);
    if (o->omit != MINT_EXT_ALL) {
        write_extensions(b, j);
    }
    mint_der_close(b, mark);
}

enum assay_code
mint_cert_write(const struct mint_cert_options *o,
                const struct mint_cert_context *c, struct assay_buf *out,
                struct assay_error *err)
{
    struct job j = {.o = o, .c = c, .err = err};
    struct assay_buf tbs;
    enum assay_code code = mint_key_identifier(c->subject_key, j.key_id, err);

    if (code != ASSAY_OK) {
        return code;
    }
    assay_buf_init(&tbs, MINT_DER_MAX);
    write_tbs(&tbs, &j);
    mint_patch_buf(&tbs, &o->patch_tbs, err);
    code = mint_write_signed(&tbs, c->signer, &o->signing, out, err);
    mint_patch_buf(out, &o->patch, err);
    assay_buf_free(&tbs);
    return code == ASSAY_OK ? err->code : code;
}
