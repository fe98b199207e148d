/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pki/cert.h"

#include "pki/der.h"

/* Name ::= SEQUENCE OF RDN; RDN ::= SET OF { type OID, value }. Names are
 * compared as bytes; only the subject's common name is looked into. */
static struct assay_slice
read_name(struct assay_reader *r, struct assay_slice *common_name,
          const char *field)
{
    static const uint8_t oid_cn[] = {0x55, 0x04, 0x03};
    struct assay_reader whole = *r;
    struct assay_reader name = assay_der_enter(r, ASSAY_DER_SEQUENCE, field);
    struct assay_slice cn = ASSAY_EMPTY;
    unsigned found = 0;

    while (assay_der_peek(&name) != 0) {
        size_t at = name.base + name.pos;
        struct assay_reader rdn = assay_der_enter(&name, ASSAY_DER_SET, field);
        struct assay_reader pair =
            assay_der_enter(&rdn, ASSAY_DER_SEQUENCE, field);
        struct assay_slice type = assay_der_read(&pair, ASSAY_DER_OID, field);
        unsigned tag;
        struct assay_slice value = assay_der_any(&pair, &tag, field);

        assay_read_end(&pair, field);
        assay_read_end(&rdn, field);
        if (!assay_slice_equal(type, ASSAY_SLICE(oid_cn))) {
            continue;
        }
        if (++found > 1 || (tag != ASSAY_DER_UTF8_STRING &&
                            tag != ASSAY_DER_PRINTABLE_STRING)) {
            assay_fail(r->err, ASSAY_UNSUPPORTED, at,
                       "%s: more than one common name, or not UTF-8", field);
        }
        cn = value;
    }
    assay_read_end(&name, field);
    if (common_name != NULL) {
        *common_name = cn;
    }
    return assay_der_whole(&whole, ASSAY_DER_SEQUENCE, field);
}

static void
read_validity(struct assay_reader *r, struct assay_cert *c)
{
    struct assay_reader v = assay_der_enter(r, ASSAY_DER_SEQUENCE, "validity");

    c->not_before_s = assay_der_time(&v, "validity.notBefore");
    c->not_after_s = assay_der_time(&v, "validity.notAfter");
    assay_read_end(&v, "validity");
}

/* SubjectPublicKeyInfo with id-ecPublicKey, prime256v1 and an uncompressed
 * point (RFC 5480). */
static void
read_public_key(struct assay_reader *r, struct assay_cert *c)
{
    static const char field[] = "subjectPublicKeyInfo";
    static const uint8_t algorithm[] = {
        0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,       /* EC */
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, /* P-256 */
    };
    size_t at = r->base + r->pos;
    struct assay_reader spki = assay_der_enter(r, ASSAY_DER_SEQUENCE, field);
    struct assay_slice alg = assay_der_read(&spki, ASSAY_DER_SEQUENCE, field);
    struct assay_slice point = assay_der_octets(&spki, field);

    assay_read_end(&spki, field);
    if (r->err->code != ASSAY_OK) {
        return;
    }
    if (!assay_slice_equal(alg, ASSAY_SLICE(algorithm)) || point.len != 65 ||
        point.ptr[0] != 0x04) {
        assay_fail(r->err, ASSAY_UNSUPPORTED, at,
                   "%s: not an uncompressed P-256 key", field);
        return;
    }
    c->key = (struct assay_slice){point.ptr + 1, 64};
}

static void
read_ski(const struct assay_x509_extension *e, struct assay_cert *c,
         struct assay_error *err)
{
    struct assay_reader r = {.in = e->value, .base = e->value_base, .err = err};

    c->ski = assay_der_read(&r, ASSAY_DER_OCTET_STRING, "subjectKeyIdentifier");
    assay_read_end(&r, "subjectKeyIdentifier");
}

static void
read_aki(const struct assay_x509_extension *e, struct assay_cert *c,
         struct assay_error *err)
{
    c->aki = assay_x509_key_identifier(e->value, e->value_base, err);
}

/* Points that are full names of one URI each, and no more: one with reasons or
 * a CRL issuer would say that the CRL of the certificate's issuer is not the
 * whole truth (RFC 5280 section 4.2.1.13). The URIs are not used. */
static void
read_crl_points(const struct assay_x509_extension *e, struct assay_cert *c,
                struct assay_error *err)
{
    static const char field[] = "cRLDistributionPoints";
    struct assay_reader r = {.in = e->value, .base = e->value_base, .err = err};
    struct assay_reader points = assay_der_enter(&r, ASSAY_DER_SEQUENCE, field);

    do {
        struct assay_reader point =
            assay_der_enter(&points, ASSAY_DER_SEQUENCE, field);
        struct assay_reader name =
            assay_der_enter(&point, ASSAY_DER_CONTEXT_CONSTRUCTED(0), field);
        struct assay_reader full =
            assay_der_enter(&name, ASSAY_DER_CONTEXT_CONSTRUCTED(0), field);

        (void)assay_der_read(&full, ASSAY_DER_CONTEXT(6), field);
        assay_read_end(&full, field);
        assay_read_end(&name, field);
        assay_read_end(&point, field);
    } while (assay_der_peek(&points) != 0);
    assay_read_end(&points, field);
    assay_read_end(&r, field);
    c->has_crl_points = true;
}

/* A BIT STRING with named bits: bit 0 is the top bit of the first octet, and
 * trailing zero bits are not encoded (X.690 11.2.2). */
static void
read_key_usage(const struct assay_x509_extension *e, struct assay_cert *c,
               struct assay_error *err)
{
    struct assay_reader r = {.in = e->value, .base = e->value_base, .err = err};
    struct assay_slice bits =
        assay_der_read(&r, ASSAY_DER_BIT_STRING, "keyUsage");

    assay_read_end(&r, "keyUsage");
    if (err->code != ASSAY_OK) {
        return;
    }
    if (bits.len < 2 || bits.len > 3 || bits.ptr[0] > 7 ||
        (bits.ptr[bits.len - 1] & ((2u << bits.ptr[0]) - 1)) !=
            (1u << bits.ptr[0])) {
        assay_fail(err, ASSAY_MALFORMED, e->value_base,
                   "keyUsage: bit string is not in its shortest form");
        return;
    }
    for (size_t bit = 0; bit < 8 * (bits.len - 1); bit++) {
        if ((bits.ptr[1 + bit / 8] & (0x80u >> bit % 8)) != 0) {
            c->key_usage |= 1u << bit;
        }
    }
    c->has_key_usage = true;
}

static void
read_basic_constraints(const struct assay_x509_extension *e,
                       struct assay_cert *c, struct assay_error *err)
{
    struct assay_reader r = {.in = e->value, .base = e->value_base, .err = err};
    struct assay_reader seq =
        assay_der_enter(&r, ASSAY_DER_SEQUENCE, "basicConstraints");

    c->path_len = ASSAY_PATH_LEN_NONE;
    if (assay_der_peek(&seq) == ASSAY_DER_BOOLEAN) {
        c->is_ca = assay_der_boolean(&seq, "basicConstraints.cA");
        if (!c->is_ca) {
            assay_fail(err, ASSAY_MALFORMED, e->value_base,
                       "basicConstraints.cA: default value encoded");
        }
    }
    if (assay_der_peek(&seq) == ASSAY_DER_INTEGER) {
        c->path_len = assay_der_small(&seq, ASSAY_DER_INTEGER, 255,
                                      "basicConstraints.pathLen");
    }
    assay_read_end(&seq, "basicConstraints");
    assay_read_end(&r, "basicConstraints");
    if (c->is_ca && !e->critical) { /* RFC 5280 section 4.2.1.9 */
        assay_fail(err, ASSAY_MALFORMED, e->value_base,
                   "basicConstraints: those of a CA are not critical");
    }
    c->has_basic_constraints = true;
}

static void
keep_sgx(const struct assay_x509_extension *e, struct assay_cert *c,
         struct assay_error *err)
{
    (void)err;
    c->sgx_extension = e->value;
}

/* They would have to be kept even where a CA forgot to mark them critical. */
static void
refuse_name_constraints(const struct assay_x509_extension *e,
                        struct assay_cert *c, struct assay_error *err)
{
    (void)c;
    assay_fail(err, ASSAY_UNSUPPORTED, e->value_base,
               "nameConstraints: not handled");
}

/* Extensions that are understood; any other is skipped, or refused if it is
 * critical (RFC 5280 section 4.2). */
static const struct {
    uint8_t oid[10];
    size_t oid_len;
    bool never_critical; /* RFC 5280 sections 4.2.1.1 and 4.2.1.2 */
    void (*read)(const struct assay_x509_extension *e, struct assay_cert *c,
                 struct assay_error *err);
} known[] = {
    {{0x55, 0x1d, 0x0e}, 3, true, read_ski},
    {{0x55, 0x1d, 0x0f}, 3, false, read_key_usage},
    {{0x55, 0x1d, 0x13}, 3, false, read_basic_constraints},
    {{0x55, 0x1d, 0x1e}, 3, false, refuse_name_constraints},
    {{0x55, 0x1d, 0x1f}, 3, false, read_crl_points},
    {{0x55, 0x1d, 0x23}, 3, true, read_aki},
    {{0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01},
     9,
     false,
     keep_sgx},
};
#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

static void
read_one_extension(struct assay_reader *r, struct assay_cert *c,
                   struct assay_slice *seen, size_t count)
{
    size_t at = r->base + r->pos;
    struct assay_x509_extension e;

    assay_x509_extension(r, &e);
    for (size_t i = 0; i < count; i++) {
        if (assay_slice_equal(seen[i], e.oid)) {
            assay_fail(r->err, ASSAY_MALFORMED, at, "extension: occurs twice");
        }
    }
    seen[count] = e.oid;
    for (size_t i = 0; i < KNOWN_COUNT && r->err->code == ASSAY_OK; i++) {
        struct assay_slice oid = {known[i].oid, known[i].oid_len};

        if (assay_slice_equal(oid, e.oid)) {
            if (e.critical && known[i].never_critical) {
                assay_fail(r->err, ASSAY_MALFORMED, at,
                           "extension: a key identifier is critical");
            }
            known[i].read(&e, c, r->err);
            return;
        }
    }
    if (e.critical) {
        assay_fail(r->err, ASSAY_UNSUPPORTED, at,
                   "extension: critical and unknown");
    }
}

static void
read_extensions(struct assay_reader *tbs, struct assay_cert *c)
{
    struct assay_slice seen[ASSAY_CERT_MAX_EXTENSIONS];
    struct assay_reader wrap =
        assay_der_enter(tbs, ASSAY_DER_CONTEXT_CONSTRUCTED(3), "extensions");
    struct assay_reader list =
        assay_der_enter(&wrap, ASSAY_DER_SEQUENCE, "extensions");
    size_t count = 0;

    while (assay_der_peek(&list) != 0) {
        if (count == ASSAY_CERT_MAX_EXTENSIONS) {
            assay_fail(tbs->err, ASSAY_TOO_LARGE, list.base + list.pos,
                       "extensions: more than %u", ASSAY_CERT_MAX_EXTENSIONS);
            return;
        }
        read_one_extension(&list, c, seen, count++);
    }
    assay_read_end(&list, "extensions");
    assay_read_end(&wrap, "extensions");
}

/* TBSCertificate, RFC 5280 section 4.1; the unique identifiers of v2 are not
 * used by anyone and refused. */
static void
read_tbs(struct assay_reader *outer, struct assay_cert *c)
{
    struct assay_reader tbs =
        assay_der_enter(outer, ASSAY_DER_SEQUENCE, "tbsCertificate");
    struct assay_reader version;

    if (assay_der_peek(&tbs) == ASSAY_DER_INTEGER) { /* the serial number */
        assay_fail(outer->err, ASSAY_UNSUPPORTED, tbs.base,
                   "version: X.509 version 1, not 3");
    }
    version =
        assay_der_enter(&tbs, ASSAY_DER_CONTEXT_CONSTRUCTED(0), "version");
    if (assay_der_small(&version, ASSAY_DER_INTEGER, 255, "version") != 2) {
        assay_fail(outer->err, ASSAY_UNSUPPORTED, version.base,
                   "version: not X.509 version 3");
    }
    assay_read_end(&version, "version");
    c->serial = assay_der_unsigned(&tbs, "serialNumber");
    if (c->serial.len > 21) {
        assay_fail(outer->err, ASSAY_MALFORMED, tbs.base + tbs.pos,
                   "serialNumber: above 20 octets");
    }
    assay_x509_signature_algorithm(&tbs, "tbsCertificate.signature");
    c->issuer = read_name(&tbs, NULL, "issuer");
    read_validity(&tbs, c);
    c->subject = read_name(&tbs, &c->common_name, "subject");
    read_public_key(&tbs, c);
    read_extensions(&tbs, c);
    assay_read_end(&tbs, "tbsCertificate");
}

enum assay_code
assay_cert_parse(struct assay_slice der, struct assay_cert *out,
                 struct assay_error *err)
{
    struct assay_cert c = {.der = der};
    struct assay_reader r = assay_der_reader(der, err);
    struct assay_reader cert;
    struct assay_reader peek;

    memset(out, 0, sizeof(*out));
    assay_error_clear(err);
    if (der.len > ASSAY_CERT_MAX_BYTES) {
        return assay_fail(err, ASSAY_TOO_LARGE, 0,
                          "certificate: %zu bytes, limit %u", der.len,
                          ASSAY_CERT_MAX_BYTES);
    }
    cert = assay_der_enter(&r, ASSAY_DER_SEQUENCE, "certificate");
    peek = cert;
    c.tbs = assay_der_whole(&peek, ASSAY_DER_SEQUENCE, "tbsCertificate");
    read_tbs(&cert, &c);
    assay_x509_signature_algorithm(&cert, "signatureAlgorithm");
    assay_x509_signature(&cert, c.signature, "signatureValue");
    assay_read_end(&cert, "certificate");
    assay_read_end(&r, "certificate");
    if (err->code == ASSAY_OK) {
        *out = c;
    }
    return err->code;
}
