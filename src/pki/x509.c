/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * x509.c - what certificates and CRLs have in common.
 */
#include "pki/cert.h"
#include "pki/der.h"

void
assay_x509_signature_algorithm(struct assay_reader *r, const char *field)
{
    /* 1.2.840.10045.4.3.2; RFC 5758 section 3.2: parameters are absent */
    static const uint8_t ecdsa_sha256[] = {0x2a, 0x86, 0x48, 0xce,
                                           0x3d, 0x04, 0x03, 0x02};
    size_t at = r->base + r->pos;
    struct assay_reader alg = assay_der_enter(r, ASSAY_DER_SEQUENCE, field);
    struct assay_slice oid = assay_der_read(&alg, ASSAY_DER_OID, field);

    if (r->err->code == ASSAY_OK &&
        !assay_slice_equal(oid, ASSAY_SLICE(ecdsa_sha256))) {
        assay_fail(r->err, ASSAY_UNSUPPORTED, at, "%s: not ecdsa-with-SHA256",
                   field);
    }
    assay_read_end(&alg, field);
}

/* A positive number of at most 256 bits, padded to 32 octets. */
static void
read_number(struct assay_reader *r, uint8_t out[32], const char *field)
{
    size_t at = r->base + r->pos;
    struct assay_slice n = assay_der_unsigned(r, field);

    if (n.len > 1 && n.ptr[0] == 0) {
        n.ptr++;
        n.len--;
    }
    memset(out, 0, 32);
    if (n.len > 32) {
        assay_fail(r->err, ASSAY_MALFORMED, at, "%s: number above 256 bits",
                   field);
        return;
    }
    assay_copy(out + 32 - n.len, n);
}

void
assay_x509_signature(struct assay_reader *r, uint8_t out[64], const char *field)
{
    struct assay_slice bits = assay_der_octets(r, field);
    struct assay_reader in = {
        .in = bits,
        .base = r->base + r->pos - bits.len,
        .err = r->err,
    };
    struct assay_reader seq = assay_der_enter(&in, ASSAY_DER_SEQUENCE, field);

    read_number(&seq, out, field);
    read_number(&seq, out + 32, field);
    assay_read_end(&seq, field);
    assay_read_end(&in, field);
}

/* AuthorityKeyIdentifier ::= SEQUENCE { [0] keyIdentifier, [1] authority-
 * CertIssuer, [2] serial }; RFC 5280 4.2.1.1. Only [0] is used by Intel. */
struct assay_slice
assay_x509_key_identifier(struct assay_slice value, size_t base,
                          struct assay_error *err)
{
    static const char field[] = "authorityKeyIdentifier";
    struct assay_reader r = {.in = value, .base = base, .err = err};
    struct assay_reader seq = assay_der_enter(&r, ASSAY_DER_SEQUENCE, field);
    struct assay_slice id = assay_der_read(&seq, ASSAY_DER_CONTEXT(0), field);

    assay_read_end(&seq, field);
    assay_read_end(&r, field);
    return id;
}

void
assay_x509_extension(struct assay_reader *r, struct assay_x509_extension *out)
{
    static const char field[] = "extension";
    struct assay_reader ext = assay_der_enter(r, ASSAY_DER_SEQUENCE, field);

    out->oid = assay_der_read(&ext, ASSAY_DER_OID, field);
    out->critical = false;
    if (assay_der_peek(&ext) == ASSAY_DER_BOOLEAN) {
        size_t at = ext.base + ext.pos;

        out->critical = assay_der_boolean(&ext, "extension.critical");
        if (!out->critical) { /* X.690 11.5: a default is not encoded */
            assay_fail(r->err, ASSAY_MALFORMED, at,
                       "extension.critical: default value encoded");
        }
    }
    out->value =
        assay_der_read(&ext, ASSAY_DER_OCTET_STRING, "extension.value");
    out->value_base = ext.base + ext.pos - out->value.len;
    assay_read_end(&ext, field);
}
