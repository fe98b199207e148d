/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pck_chain.c - reading the chain of a platform: its PCK certificate, the CA
 * that issued it, and the root.
 */
#include "dcap/judge.h"

/* The quote's own chain, or for certification data that has none (types 1 to
 * 4) the one that came with the collateral. */
static struct assay_slice
chain_text(struct assay_dcap_run *r)
{
    const struct assay_quote_view *q = r->in->quote;

    if (q->cert_type == ASSAY_CERT_PCK_CHAIN) {
        return q->cert_data;
    }
    if (r->in->collateral->pck_chain.len == 0) {
        assay_fail(r->err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                   "quote: has no PCK chain (certification data type %u), and "
                   "the collateral brings none",
                   (unsigned)q->cert_type);
    }
    return r->in->collateral->pck_chain;
}

/* Splits a text behind its first PEM block. */
static bool
split(struct assay_slice text, struct assay_slice *first,
      struct assay_slice *rest)
{
    static const char end[] = "-----END CERTIFICATE-----";
    size_t at = assay_slice_find(text, end);

    if (at == ASSAY_NO_OFFSET) {
        return false;
    }
    at += sizeof(end) - 1;
    *first = (struct assay_slice){text.ptr, at};
    *rest = (struct assay_slice){text.ptr + at, text.len - at};
    return true;
}

/* Platforms of one CA differ in their first certificate only. False if the rest
 * of the text is not known: nothing was read then. */
static bool
read_with_known_issuers(struct assay_dcap_run *r, struct assay_slice text)
{
    const struct assay_issuer_pair *known;
    struct assay_slice leaf;

    if (!split(text, &leaf, &r->issuers_text)) {
        return false;
    }
    known =
        assay_issuers_get(assay_facts_issuers(r->in->facts), r->issuers_text);
    if (known == NULL) {
        return false;
    }
    if (assay_chain_parse(leaf, 1, "PCK chain", &r->chain, r->err) !=
        ASSAY_OK) {
        return true;
    }
    r->issuers = *known;
    r->issuers_text = ASSAY_EMPTY; /* no need to remember them again */
    return true;
}

static void
read_all(struct assay_dcap_run *r, struct assay_slice text)
{
    if (assay_chain_parse(text, 3, "PCK chain", &r->chain, r->err) !=
        ASSAY_OK) {
        return;
    }
    r->issuers.ca = r->chain.cert[1];
    r->issuers.root = r->chain.cert[2];
    (void)assay_signed_cert(r->in->ctx, &r->issuers.ca, &r->issuers.ca_seal,
                            r->err);
    (void)assay_sha256(r->in->ctx, r->issuers.root.der, r->issuers.root_sha256,
                       r->err);
}

void
assay_dcap_read_chain(struct assay_dcap_run *r)
{
    struct assay_slice text = chain_text(r);

    if (r->err->code == ASSAY_OK && !read_with_known_issuers(r, text)) {
        read_all(r, text);
    }
    if (r->err->code != ASSAY_OK) {
        return;
    }
    r->pck_cert = r->chain.cert[0];
    if (r->pck_cert.sgx_extension.len == 0) {
        assay_fail(r->err, ASSAY_MALFORMED, ASSAY_NO_OFFSET,
                   "PCK chain: the leaf has no SGX extension");
        return;
    }
    if (assay_sgx_extension_parse(r->pck_cert.sgx_extension, &r->pck, r->err) !=
        ASSAY_OK) {
        assay_error_prefix(r->err, "PCK certificate");
        return;
    }
    (void)assay_signed_cert(r->in->ctx, &r->pck_cert, &r->pck_seal, r->err);
}

/* Only if the chain is in the order that the next one is looked up by. */
void
assay_dcap_keep_issuers(struct assay_dcap_run *r)
{
    if (r->err->code == ASSAY_OK && r->issuers_text.len > 0 &&
        assay_checks_have(r->checks, ASSAY_CHECK_BIT(PCK_CHAIN)) &&
        r->pck_cert.der.ptr == r->chain.der.ptr) {
        assay_issuers_put(assay_facts_issuers(r->in->facts), r->issuers_text,
                          &r->issuers);
    }
}
