/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pki/crl.h"

#include "pki/cert.h"
#include "pki/der.h"

#define MAX_EXTENSIONS 16u

/* An entry's extensions (reason, date) change nothing for us, whatever the
 * reason: the certificate is not to be used. But a critical one could mean
 * that the entry is not about this issuer (RFC 5280 section 5.3.3). */
static void
skip_entry_extensions(struct assay_reader *entry)
{
    struct assay_reader list =
        assay_der_enter(entry, ASSAY_DER_SEQUENCE, "crlEntryExtensions");

    while (assay_der_peek(&list) != 0) {
        size_t at = list.base + list.pos;
        struct assay_x509_extension e;

        assay_x509_extension(&list, &e);
        if (e.critical) {
            assay_fail(entry->err, ASSAY_UNSUPPORTED, at,
                       "crlEntryExtensions: critical and unknown");
        }
    }
    assay_read_end(&list, "crlEntryExtensions");
}

static struct assay_slice
read_entry(struct assay_reader *list)
{
    struct assay_reader entry =
        assay_der_enter(list, ASSAY_DER_SEQUENCE, "revokedCertificate");
    struct assay_slice serial =
        assay_der_unsigned(&entry, "revokedCertificate.serial");

    (void)assay_der_time(&entry, "revokedCertificate.date");
    if (assay_der_peek(&entry) != 0) {
        skip_entry_extensions(&entry);
    }
    assay_read_end(&entry, "revokedCertificate");
    return serial;
}

static void
read_entries(struct assay_reader *tbs, struct assay_crl *c)
{
    struct assay_reader list =
        assay_der_enter(tbs, ASSAY_DER_SEQUENCE, "revokedCertificates");

    c->entries = list.in;
    while (assay_der_peek(&list) != 0) {
        (void)read_entry(&list);
        c->entry_count++;
    }
    assay_read_end(&list, "revokedCertificates");
}

static void
read_extensions(struct assay_reader *tbs, struct assay_crl *c)
{
    static const uint8_t oid_number[] = {0x55, 0x1d, 0x14};
    static const uint8_t oid_aki[] = {0x55, 0x1d, 0x23};
    static const uint8_t oid_delta[] = {0x55, 0x1d, 0x1b};
    static const uint8_t oid_distribution[] = {0x55, 0x1d, 0x1c};
    struct assay_slice seen[MAX_EXTENSIONS];
    size_t count = 0;
    struct assay_reader wrap =
        assay_der_enter(tbs, ASSAY_DER_CONTEXT_CONSTRUCTED(0), "crlExtensions");
    struct assay_reader list =
        assay_der_enter(&wrap, ASSAY_DER_SEQUENCE, "crlExtensions");

    while (assay_der_peek(&list) != 0) {
        size_t at = list.base + list.pos;
        struct assay_x509_extension e;

        assay_x509_extension(&list, &e);
        for (size_t i = 0; i < count; i++) {
            if (assay_slice_equal(seen[i], e.oid)) {
                assay_fail(tbs->err, ASSAY_MALFORMED, at,
                           "crlExtensions: one occurs twice");
            }
        }
        if (count == MAX_EXTENSIONS) {
            assay_fail(tbs->err, ASSAY_TOO_LARGE, at,
                       "crlExtensions: more than %u", MAX_EXTENSIONS);
            return;
        }
        seen[count++] = e.oid;
        /* Neither of the two that are understood is critical (RFC 5280,
         * 5.2.1 and 5.2.3); a list that is partial is refused even where its
         * issuer forgot to mark it so. */
        if (e.critical || assay_slice_equal(e.oid, ASSAY_SLICE(oid_delta)) ||
            assay_slice_equal(e.oid, ASSAY_SLICE(oid_distribution))) {
            assay_fail(tbs->err, ASSAY_UNSUPPORTED, at,
                       "crlExtensions: critical, or of a delta or partial CRL");
        } else if (assay_slice_equal(e.oid, ASSAY_SLICE(oid_number))) {
            struct assay_reader number = {
                .in = e.value, .base = e.value_base, .err = tbs->err};

            (void)assay_der_unsigned(&number, "cRLNumber");
            assay_read_end(&number, "cRLNumber");
            c->has_number = true;
        } else if (assay_slice_equal(e.oid, ASSAY_SLICE(oid_aki))) {
            c->aki = assay_x509_key_identifier(e.value, e.value_base, tbs->err);
        }
    }
    assay_read_end(&list, "crlExtensions");
    assay_read_end(&wrap, "crlExtensions");
}

/* TBSCertList, RFC 5280 section 5.1. */
static void
read_tbs(struct assay_reader *outer, struct assay_crl *c)
{
    struct assay_reader tbs =
        assay_der_enter(outer, ASSAY_DER_SEQUENCE, "tbsCertList");

    if (assay_der_peek(&tbs) == ASSAY_DER_SEQUENCE) { /* the algorithm */
        assay_fail(outer->err, ASSAY_UNSUPPORTED, tbs.base,
                   "version: a version 1 CRL, not 2");
    }
    if (assay_der_small(&tbs, ASSAY_DER_INTEGER, 255, "version") != 1) {
        assay_fail(outer->err, ASSAY_UNSUPPORTED, tbs.base,
                   "version: not a version 2 CRL");
    }
    assay_x509_signature_algorithm(&tbs, "tbsCertList.signature");
    c->issuer = assay_der_whole(&tbs, ASSAY_DER_SEQUENCE, "issuer");
    c->this_update_s = assay_der_time(&tbs, "thisUpdate");
    c->next_update_s = assay_der_time(&tbs, "nextUpdate");
    if (assay_der_peek(&tbs) == ASSAY_DER_SEQUENCE) {
        read_entries(&tbs, c);
    }
    read_extensions(&tbs, c);
    assay_read_end(&tbs, "tbsCertList");
}

enum assay_code
assay_crl_parse(struct assay_slice der, struct assay_crl *out,
                struct assay_error *err)
{
    struct assay_crl c = {.der = der};
    struct assay_reader r = assay_der_reader(der, err);
    struct assay_reader crl;
    struct assay_reader peek;

    memset(out, 0, sizeof(*out));
    assay_error_clear(err);
    crl = assay_der_enter(&r, ASSAY_DER_SEQUENCE, "certificateList");
    peek = crl;
    c.tbs = assay_der_whole(&peek, ASSAY_DER_SEQUENCE, "tbsCertList");
    read_tbs(&crl, &c);
    assay_x509_signature_algorithm(&crl, "signatureAlgorithm");
    assay_x509_signature(&crl, c.signature, "signatureValue");
    assay_read_end(&crl, "certificateList");
    assay_read_end(&r, "certificateList");
    if (err->code == ASSAY_OK) {
        *out = c;
    }
    return err->code;
}

/* Size of an element's header (tag and length) and of its content; false if it
 * does not fit, which parsing has ruled out. */
static bool
measure(const uint8_t *at, size_t left, size_t *head, size_t *len)
{
    size_t octets;

    if (left < 2) {
        return false;
    }
    *head = 2;
    *len = at[1];
    if (*len >= 0x80) {
        octets = *len & 0x7fu;
        if (octets > sizeof(uint32_t) || left < 2 + octets) {
            return false;
        }
        *head += octets;
        *len = 0;
        for (size_t i = 0; i < octets; i++) {
            *len = *len << 8 | at[2 + i];
        }
    }
    return *len <= left - *head;
}

/* Every verification of a quote scans, so this knows just as much of DER as it
 * needs: each entry starts with its serial. */
bool
assay_crl_revokes(const struct assay_crl *crl, struct assay_slice serial)
{
    const uint8_t *at = crl->entries.ptr;
    size_t left = crl->entries.len;

    while (left > 0) {
        size_t head;
        size_t len;

        /* What does not fit is memory that changed under us: revoked. */
        if (!measure(at, left, &head, &len)) {
            return true;
        }
        if (len >= 2 + serial.len && serial.len < 0x80 &&
            at[head + 1] == serial.len &&
            memcmp(at + head + 2, serial.ptr, serial.len) == 0) {
            return true;
        }
        at += head + len;
        left -= head + len;
    }
    return false;
}
