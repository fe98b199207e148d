/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tls_cert.c - see tls_cert.h.
 */
#include "mint/tls_cert.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/text.h"

#define DAY           INT64_C(86400)
#define OID_ALT_NAME  "551d11" /* RFC 5280, section 4.2.1.6 */
#define OID_KEY_USAGE "551d25" /* extended: section 4.2.1.12 */

enum { GENERAL_NAME_DNS = 2, GENERAL_NAME_IP = 7 };

/* A CA that is valid for ten years. */
static enum assay_code
write_ca(const struct mint_key *key, int64_t from_s, const struct mint_name *as,
         struct assay_buf *pem, struct assay_error *err)
{
    const struct mint_cert_options o = {
        .subject = *as,
        .version = 3,
        .not_before_s = from_s,
        .not_after_s = from_s + 3650 * DAY,
        .key_usage = MINT_KU_CERT_SIGN | MINT_KU_CRL_SIGN,
        .ca = MINT_YES,
        .pathlen = MINT_PATHLEN(0),
        .omit = MINT_EXT_CRL_POINTS | MINT_EXT_SGX,
    };
    uint8_t id[MINT_SHA1_BYTES];
    struct mint_cert_context c = {
        .issuer_name = as, .subject_key = key, .signer = key};
    struct assay_buf der;
    enum assay_code code = mint_key_identifier(key, id, err);

    assay_buf_init(&der, MINT_DER_MAX);
    c.issuer_key_id = ASSAY_SLICE(id);
    if (code == ASSAY_OK) {
        code = mint_cert_write(&o, &c, &der, err);
    }
    assay_pem_encode(pem, "CERTIFICATE", assay_buf_slice(&der));
    assay_buf_free(&der);
    return code == ASSAY_OK ? assay_buf_check(pem, "mint: CA", err) : code;
}

/* Host names only: what a certificate's reader compares. */
static bool
is_dns_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*";
    size_t len = strlen(name);

    return len > 0 && len <= MINT_TLS_NAME_MAX && strspn(name, allowed) == len;
}

static void
write_alt_name(struct assay_buf *b, const char *name, struct assay_error *err)
{
    uint8_t ip[16];

    if (inet_pton(AF_INET, name, ip) == 1) {
        mint_der_put(b, MINT_TAG_CONTEXT + GENERAL_NAME_IP,
                     (struct assay_slice){ip, 4});
    } else if (inet_pton(AF_INET6, name, ip) == 1) {
        mint_der_put(b, MINT_TAG_CONTEXT + GENERAL_NAME_IP, ASSAY_SLICE(ip));
    } else if (is_dns_name(name)) {
        mint_der_text(b, MINT_TAG_CONTEXT + GENERAL_NAME_DNS, name);
    } else {
        (void)assay_fail(err, ASSAY_INVALID, ASSAY_NO_OFFSET,
                         "an alternative name is neither a DNS name nor an IP "
                         "address");
    }
}

static void
write_alt_names(struct assay_buf *b, const struct mint_tls_options *o,
                struct assay_error *err)
{
    size_t mark = mint_der_open(b, MINT_TAG_SEQUENCE);

    for (size_t i = 0; i < MINT_TLS_NAMES_MAX && o->alt_names[i] != NULL; i++) {
        write_alt_name(b, o->alt_names[i], err);
    }
    mint_der_close(b, mark);
}

static void
write_usages(struct assay_buf *b, const struct mint_tls_options *o)
{
    uint8_t oid[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
    size_t mark = mint_der_open(b, MINT_TAG_SEQUENCE);

    if (o->server_auth) {
        mint_der_put(b, MINT_TAG_OID, ASSAY_SLICE(oid));
    }
    oid[sizeof(oid) - 1] = 0x02;
    if (o->client_auth) {
        mint_der_put(b, MINT_TAG_OID, ASSAY_SLICE(oid));
    }
    mint_der_close(b, mark);
}

/* The leaf's own extensions, as the hex texts that the writer wants. */
struct extras {
    struct assay_buf names;
    struct assay_buf usages;
};

static void
hex_text(struct assay_buf *to, const struct assay_buf *der)
{
    assay_hex_encode(to, assay_buf_slice(der));
    assay_buf_add_u8(to, 0);
    mint_buf_fail(to, der);
}

static enum assay_code
make_extras(const struct mint_tls_options *o, struct extras *x,
            struct assay_error *err)
{
    struct assay_buf names;
    struct assay_buf usages;

    assay_buf_init(&names, MINT_DER_MAX);
    assay_buf_init(&usages, MINT_DER_MAX);
    write_alt_names(&names, o, err);
    write_usages(&usages, o);
    hex_text(&x->names, &names);
    hex_text(&x->usages, &usages);
    assay_buf_free(&usages);
    assay_buf_free(&names);
    if (x->usages.failed) {
        return assay_buf_check(&x->usages, "mint: key usages", err);
    }
    return mint_check(&x->names, "mint: alternative names", err);
}

static void
add_extension(struct mint_extension extra[MINT_EXTRA_MAX], const char *oid,
              const struct assay_buf *hex)
{
    size_t i = extra[0].oid == NULL ? 0 : 1;

    extra[i].oid = oid;
    extra[i].value = (const char *)hex->ptr;
}

static enum assay_code
write_leaf(const struct mint_tls_options *o, const struct mint_key *key,
           const struct mint_key *ca, const struct mint_name *issuer,
           const struct extras *x, struct assay_buf *pem,
           struct assay_error *err)
{
    struct mint_cert_options c = {
        .subject = {o->subject, "", "", "", ""},
        .version = 3,
        .not_before_s = o->not_before_s,
        .not_after_s = o->not_after_s,
        .key_usage = MINT_KU_DIGITAL_SIGNATURE,
        .ca = MINT_NO,
        .pathlen = MINT_PATHLEN_NONE,
        .omit = MINT_EXT_CRL_POINTS | MINT_EXT_SGX,
    };
    uint8_t id[MINT_SHA1_BYTES];
    struct mint_cert_context around = {
        .issuer_name = issuer, .subject_key = key, .signer = ca};
    struct assay_buf der;
    enum assay_code code = mint_key_identifier(ca, id, err);

    around.issuer_key_id = ASSAY_SLICE(id);
    if (o->alt_names[0] != NULL) {
        add_extension(c.extra, OID_ALT_NAME, &x->names);
    }
    if (o->server_auth || o->client_auth) {
        add_extension(c.extra, OID_KEY_USAGE, &x->usages);
    }
    assay_buf_init(&der, MINT_DER_MAX);
    if (code == ASSAY_OK) {
        code = mint_cert_write(&c, &around, &der, err);
    }
    assay_pem_encode(pem, "CERTIFICATE", assay_buf_slice(&der));
    assay_buf_free(&der);
    return code == ASSAY_OK ? assay_buf_check(pem, "mint: leaf", err) : code;
}

/* ECPrivateKey (RFC 5915), without the curve, which stands around it. */
static void
write_ec_key(struct assay_buf *b, const struct mint_key *key)
{
    uint8_t point[1 + MINT_POINT_BYTES] = {0x04};
    size_t whole = mint_der_open(b, MINT_TAG_SEQUENCE);
    size_t public;

    memcpy(point + 1, mint_key_public(key), MINT_POINT_BYTES);
    mint_der_small(b, MINT_TAG_INTEGER, 1);
    mint_der_put(b, MINT_TAG_OCTET_STRING,
                 (struct assay_slice){mint_key_scalar(key), MINT_SCALAR_BYTES});
    public = mint_der_open(b, MINT_TAG_CONTEXT_CONSTRUCTED + 1);
    mint_der_octets(b, ASSAY_SLICE(point));
    mint_der_close(b, public);
    mint_der_close(b, whole);
}

/* PrivateKeyInfo (RFC 5208). */
static enum assay_code
write_key(const struct mint_key *key, struct assay_buf *pem,
          struct assay_error *err)
{
    static const uint8_t ec_public_key[] = {0x2a, 0x86, 0x48, 0xce,
                                            0x3d, 0x02, 0x01};
    static const uint8_t prime256v1[] = {0x2a, 0x86, 0x48, 0xce,
                                         0x3d, 0x03, 0x01, 0x07};
    struct assay_buf der;
    size_t whole;
    size_t part;

    assay_buf_init(&der, MINT_DER_MAX);
    whole = mint_der_open(&der, MINT_TAG_SEQUENCE);
    mint_der_small(&der, MINT_TAG_INTEGER, 0);
    part = mint_der_open(&der, MINT_TAG_SEQUENCE);
    mint_der_put(&der, MINT_TAG_OID, ASSAY_SLICE(ec_public_key));
    mint_der_put(&der, MINT_TAG_OID, ASSAY_SLICE(prime256v1));
    mint_der_close(&der, part);
    part = mint_der_open(&der, MINT_TAG_OCTET_STRING);
    write_ec_key(&der, key);
    mint_der_close(&der, part);
    mint_der_close(&der, whole);
    assay_pem_encode(pem, "PRIVATE KEY", assay_buf_slice(&der));
    mint_buf_fail(pem, &der);
    assay_buf_free(&der);
    return assay_buf_check(pem, "mint: private key", err);
}

static enum assay_code
issue(const struct mint_key *ca, const struct mint_key *key,
      const struct mint_tls_options *o, struct mint_tls_cert *out,
      struct assay_error *err)
{
    static const struct mint_name issuer = {"assay-sim CA", "", "", "", ""};
    struct extras x;
    enum assay_code code;

    assay_buf_init(&x.names, MINT_DER_MAX);
    assay_buf_init(&x.usages, MINT_DER_MAX);
    code = make_extras(o, &x, err);
    if (code == ASSAY_OK) {
        code = write_leaf(o, key, ca, &issuer, &x, &out->leaf_pem, err);
    }
    if (code == ASSAY_OK) {
        code = write_ca(ca, o->ca_from_s, &issuer, &out->ca_pem, err);
    }
    if (code == ASSAY_OK) {
        code = write_key(key, &out->key_pem, err);
    }
    assay_buf_free(&x.usages);
    assay_buf_free(&x.names);
    return code;
}

enum assay_code
mint_tls_issue(const uint8_t seed[MINT_SEED_BYTES],
               const struct mint_tls_options *o, struct mint_tls_cert *out,
               struct assay_error *err)
{
    char label[MINT_LABEL_MAX];
    struct mint_key *ca = NULL;
    struct mint_key *key = NULL;
    enum assay_code code;

    assay_error_clear(err);
    assay_buf_init(&out->key_pem, MINT_TEXT_MAX);
    assay_buf_init(&out->leaf_pem, MINT_TEXT_MAX);
    assay_buf_init(&out->ca_pem, MINT_TEXT_MAX);
    (void)snprintf(label, sizeof(label), "TLS key %u", o->number);
    code = mint_key_derive(seed, "TLS CA", &ca, err);
    if (code == ASSAY_OK) {
        code = mint_key_derive(seed, label, &key, err);
    }
    if (code == ASSAY_OK) {
        code = issue(ca, key, o, out, err);
    }
    mint_key_free(key);
    mint_key_free(ca);
    return code;
}

void
mint_tls_cert_free(struct mint_tls_cert *c)
{
    assay_buf_free(&c->key_pem);
    assay_buf_free(&c->leaf_pem);
    assay_buf_free(&c->ca_pem);
}
