/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * signature.c - the signature section: signature, attestation key, and how
 * the quoting enclave and its platform vouch for that key.
 */
#include "quote/quote.h"

#define CERT_TYPE_QE_REPORT 6u

/* Sizes of the certification data types that have one: PPID in the clear or
 * encrypted, CPUSVN (16), PCESVN (2), PCEID (2). Old writers leave the PCEID
 * out, as in the sample that Intel's library is shipped with. */
static const struct {
    uint16_t type;
    size_t len; /* bytes; 0 = any */
} cert_types[] = {
    {ASSAY_CERT_PPID_CLEAR, 16 + 20},    {ASSAY_CERT_PPID_RSA2048, 256 + 20},
    {ASSAY_CERT_PPID_RSA3072, 384 + 20}, {ASSAY_CERT_PCK_LEAF, 0},
    {ASSAY_CERT_PCK_CHAIN, 0},
};
#define PCE_ID_BYTES    2u
#define CERT_TYPE_COUNT (sizeof(cert_types) / sizeof(cert_types[0]))

static void
read_certification(struct assay_reader *r, struct assay_quote_view *q)
{
    size_t at = r->base + r->pos;
    uint16_t type = assay_read_le16(r, "certification data type");
    uint32_t len = assay_read_le32(r, "certification data size");

    q->cert_data = assay_read(r, len, "certification data");
    for (size_t i = 0; i < CERT_TYPE_COUNT; i++) {
        if (cert_types[i].type != type) {
            continue;
        }
        if (cert_types[i].len != 0 && cert_types[i].len != len &&
            cert_types[i].len != len + PCE_ID_BYTES) {
            assay_fail(r->err, ASSAY_MALFORMED, at,
                       "certification data: %u bytes, type %u has %zu", len,
                       type, cert_types[i].len);
        }
        q->cert_type = cert_types[i].type;
        return;
    }
    assay_fail(r->err, ASSAY_UNSUPPORTED, at,
               "certification data type: %u is not 1 to 5", type);
}

/* What type 6 holds in versions 4 and 5, and version 3 has in place. */
static void
read_qe_certification(struct assay_reader *r, struct assay_quote_view *q)
{
    assay_quote_read_sgx_report(r, &q->qe_report);
    q->qe_report_signature = assay_read(r, 64, "QE report signature");
    uint16_t len = assay_read_le16(r, "QE authentication data size");
    q->qe_auth_data = assay_read(r, len, "QE authentication data");
    read_certification(r, q);
}

void
assay_quote_read_signature(struct assay_reader *r, struct assay_quote_view *q)
{
    q->signature = assay_read(r, 64, "quote signature");
    q->attestation_key = assay_read(r, 64, "attestation key");
    if (q->version == 3) {
        read_qe_certification(r, q);
        return;
    }

    size_t at = r->base + r->pos;
    uint16_t type = assay_read_le16(r, "outer certification data type");
    uint32_t len = assay_read_le32(r, "outer certification data size");
    struct assay_slice block = assay_read(r, len, "outer certification data");
    struct assay_reader inner = {
        .in = block, .base = r->base + r->pos - block.len, .err = r->err};

    if (type != CERT_TYPE_QE_REPORT) {
        assay_fail(r->err, ASSAY_UNSUPPORTED, at,
                   "outer certification data type: %u is not 6", type);
    }
    read_qe_certification(&inner, q);
    /* Slack is allowed behind this block, not inside it. */
    assay_read_end(&inner, "outer certification data");
}
