/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * x509_write.c - see x509_write.h.
 */
#include "mint/x509_write.h"

#include "base/buf.h"
#include "base/bytes.h"

static void
write_name_part(struct assay_buf *b, uint8_t attribute, unsigned tag,
                const char *text)
{
    const uint8_t oid[3] = {0x55, 0x04, attribute};
    size_t set;
    size_t pair;

    if (text[0] == '\0') {
        return;
    }
    set = mint_der_open(b, MINT_TAG_SET);
    pair = mint_der_open(b, MINT_TAG_SEQUENCE);
    mint_der_put(b, MINT_TAG_OID, ASSAY_SLICE(oid));
    mint_der_text(b, tag, text);
    mint_der_close(b, pair);
    mint_der_close(b, set);
}

static const char *
text_or(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

void
mint_write_name(struct assay_buf *b, const struct mint_name *name)
{
    size_t mark = mint_der_open(b, MINT_TAG_SEQUENCE);

    write_name_part(b, 3, MINT_TAG_UTF8, text_or(name->common_name, ""));
    write_name_part(b, 10, MINT_TAG_UTF8,
                    text_or(name->organization, "Intel Corporation"));
    write_name_part(b, 7, MINT_TAG_UTF8,
                    text_or(name->locality, "Santa Clara"));
    write_name_part(b, 8, MINT_TAG_UTF8, text_or(name->state, "CA"));
    write_name_part(b, 6, MINT_TAG_PRINTABLE, text_or(name->country, "US"));
    mint_der_close(b, mark);
}

void
mint_write_algorithm(struct assay_buf *b, enum mint_algorithm alg)
{
    static const uint8_t ecdsa_sha256[] = {0x2a, 0x86, 0x48, 0xce,
                                           0x3d, 0x04, 0x03, 0x02};
    static const uint8_t ecdsa_sha384[] = {0x2a, 0x86, 0x48, 0xce,
                                           0x3d, 0x04, 0x03, 0x03};
    static const uint8_t rsa_sha256[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                         0x0d, 0x01, 0x01, 0x0b};
    static const struct {
        struct assay_slice oid;
        bool null;
    } table[] = {
        [MINT_ALG_DEFAULT] = {{ecdsa_sha256, sizeof(ecdsa_sha256)}, false},
        [MINT_ALG_ECDSA_SHA384] = {{ecdsa_sha384, sizeof(ecdsa_sha384)}, false},
        [MINT_ALG_ECDSA_SHA256_NULL] = {{ecdsa_sha256, sizeof(ecdsa_sha256)},
                                        true},
        [MINT_ALG_RSA_SHA256] = {{rsa_sha256, sizeof(rsa_sha256)}, true},
    };
    size_t mark = mint_der_open(b, MINT_TAG_SEQUENCE);

    mint_der_put(b, MINT_TAG_OID, table[alg].oid);
    if (table[alg].null) {
        mint_der_put(b, MINT_TAG_NULL, ASSAY_EMPTY);
    }
    mint_der_close(b, mark);
}

void
mint_write_extension(struct assay_buf *b, struct assay_slice oid, bool critical,
                     struct assay_slice value)
{
    size_t mark = mint_der_open(b, MINT_TAG_SEQUENCE);

    mint_der_put(b, MINT_TAG_OID, oid);
    if (critical) {
        mint_der_boolean(b, true);
    }
    mint_der_put(b, MINT_TAG_OCTET_STRING, value);
    mint_der_close(b, mark);
}

void
mint_write_extra(struct assay_buf *b,
                 const struct mint_extension extra[MINT_EXTRA_MAX],
                 struct assay_error *err)
{
    for (size_t i = 0; i < MINT_EXTRA_MAX && extra[i].oid != NULL; i++) {
        struct assay_buf oid;
        struct assay_buf value;

        assay_buf_init(&oid, MINT_DER_MAX);
        assay_buf_init(&value, MINT_DER_MAX);
        mint_add_hex(&oid, extra[i].oid, "extra.oid", err);
        mint_add_hex(&value, text_or(extra[i].value, ""), "extra.value", err);
        mint_write_extension(b, assay_buf_slice(&oid), extra[i].critical,
                             assay_buf_slice(&value));
        mint_buf_fail(b, &oid);
        mint_buf_fail(b, &value);
        assay_buf_free(&value);
        assay_buf_free(&oid);
    }
}

void
mint_write_aki(struct assay_buf *b, struct assay_slice key_id)
{
    size_t mark = mint_der_open(b, MINT_TAG_SEQUENCE);

    mint_der_put(b, MINT_TAG_CONTEXT + 0, key_id);
    mint_der_close(b, mark);
}

enum assay_code
mint_write_signed(const struct assay_buf *tbs, const struct mint_key *key,
                  const struct mint_signing *how, struct assay_buf *out,
                  struct assay_error *err)
{
    uint8_t sig[MINT_SIG_BYTES];
    struct assay_buf sig_der;
    size_t mark;
    enum assay_code code = mint_check(tbs, "mint: to-be-signed part", err);

    if (code == ASSAY_OK) {
        code = mint_key_sign(key, assay_buf_slice(tbs), sig, err);
    }
    if (code != ASSAY_OK) {
        return code;
    }
    if (how->break_signature) {
        sig[MINT_SIG_BYTES - 1] ^= 1;
    }
    assay_buf_init(&sig_der, MINT_DER_MAX);
    mint_der_signature(&sig_der, sig);

    mark = mint_der_open(out, MINT_TAG_SEQUENCE);
    assay_buf_add(out, assay_buf_slice(tbs));
    mint_write_algorithm(out, how->outer_algorithm);
    mint_der_octets(out, assay_buf_slice(&sig_der));
    mint_der_close(out, mark);
    for (unsigned i = 0; i < how->trailing; i++) {
        assay_buf_add_u8(out, 0);
    }
    mint_buf_fail(out, &sig_der);
    assay_buf_free(&sig_der);
    return mint_check(out, "mint: signed DER", err);
}
