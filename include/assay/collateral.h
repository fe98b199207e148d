/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * collateral.h - what Intel (or a test PKI) endorses: TCB info, QE identity,
 * CRLs and their issuer chains (RFC 9334: endorsements).
 *
 * Parsed here, authenticated in assay_verify(). A collateral object is
 * immutable and may be used by several threads and for many quotes.
 * Formats: Intel PCS API version 4; encodings of Intel's PCCS.
 */
#pragma once

#include "assay/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

struct assay_ctx; /* assay/verify.h */
struct assay_quote;

#define ASSAY_BUNDLE_MAX_BYTES      (16u * 1024u * 1024u)
#define ASSAY_TCB_INFO_MAX_BYTES    (1024u * 1024u)
#define ASSAY_QE_IDENTITY_MAX_BYTES (256u * 1024u)
#define ASSAY_CRL_MAX_BYTES         (4u * 1024u * 1024u)
#define ASSAY_CHAIN_MAX_BYTES       (32u * 1024u)

/* The parts as a source delivers them. */
struct assay_collateral_parts {
    struct assay_slice tcb_info; /* {"tcbInfo":{...},"signature":"..."} */
    struct assay_slice tcb_info_issuer_chain;    /* PEM, signer then root */
    struct assay_slice qe_identity;              /* {"enclaveIdentity":...} */
    struct assay_slice qe_identity_issuer_chain; /* PEM, signer then root */
    struct assay_slice pck_crl;               /* DER, PEM or hex of the DER */
    struct assay_slice root_ca_crl;           /* DER, PEM or hex of the DER */
    struct assay_slice pck_certificate_chain; /* PEM leaf, intermediate, root;
                          used only where the quote brings no chain; or empty */
    struct assay_slice pck_crl_issuer_chain;  /* PEM, kept in bundles so that
                          other tools can use them; not judged; or empty */
};

struct assay_collateral; /* opaque, immutable */

/* From parts; all are copied. *out is freed with assay_collateral_free() and
 * is NULL unless ASSAY_OK. The message names the part. ASSAY_TRUNCATED,
 * ASSAY_MALFORMED, ASSAY_UNSUPPORTED, ASSAY_TOO_LARGE, ASSAY_MISSING (an empty
 * part), ASSAY_NO_MEMORY, ASSAY_CRYPTO. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code assay_collateral_from_parts(
    const struct assay_ctx *ctx, const struct assay_collateral_parts *parts,
    struct assay_collateral **out, struct assay_error *err);

/* From a bundle: one JSON object whose members are named like the parts above
 * (strings; CRLs as hex). Unknown members are ignored; `trusted_root` is never
 * trusted. Errors as above. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_collateral_parse(const struct assay_ctx *ctx, struct assay_slice bundle,
                       struct assay_collateral **out, struct assay_error *err);
ASSAY_API void assay_collateral_free(struct assay_collateral *c); /* or NULL */

/* The bundle form of parts, ready for a file; appended to out. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_collateral_write(const struct assay_collateral_parts *parts,
                       struct assay_buf *out, struct assay_error *err);
/* The same from an object: all that is judged of it, so that the bundle is
 * judged as the object is. ASSAY_TOO_LARGE, ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_collateral_to_bundle(const struct assay_collateral *c,
                           struct assay_buf *out, struct assay_error *err);

/* One endorsement with its dates, for people and caches. */
struct assay_collateral_item {
    const char *name;  /* "tcb_info", "tcb_signer", "root_ca_crl", ... */
    int64_t issued_s;  /* Unix seconds: issueDate, thisUpdate, notBefore */
    int64_t expires_s; /* Unix seconds: nextUpdate, notAfter */
    bool certificate;  /* else a document that is issued anew all the time */
};

ASSAY_API size_t assay_collateral_item_count(const struct assay_collateral *c);
/* i below the count. */
ASSAY_API struct assay_collateral_item
assay_collateral_item(const struct assay_collateral *c, size_t i);
/* Earliest issued_s of TCB info, QE identity and PCK CRL, which are issued anew
 * all the time (the root CA CRL is not). */
ASSAY_API int64_t assay_collateral_issued(const struct assay_collateral *c);
/* tcbEvaluationDataNumbers. The two documents are issued apart from each other
 * and need not have the same. A higher number is a newer evaluation; 0 stands
 * for one that is not known. */
struct assay_evaluations {
    uint32_t tcb_info;
    uint32_t qe_identity;
};
ASSAY_API struct assay_evaluations
assay_collateral_evaluations(const struct assay_collateral *c);
/* Earliest expires_s of the items. */
ASSAY_API int64_t assay_collateral_expires(const struct assay_collateral *c);

/* What it holds, as one JSON object: per item issue and expiry dates, TCB
 * info's FMSPC, PCEID, evaluation numbers, levels, CRL sizes. Unverified. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_collateral_to_json(const struct assay_collateral *c,
                         struct assay_buf *out, struct assay_error *err);

/* What a fetcher must ask for to serve a quote (Intel PCS version 4). */
struct assay_collateral_need {
    bool tdx;       /* TDX or SGX endpoints */
    char fmspc[13]; /* 12 lower-case hex digits, NUL-terminated */
    char ca[10];    /* "platform" or "processor" */
};

/* From the quote's PCK chain, or from `pck_chain` (PEM) if it brings none.
 * ASSAY_MISSING if neither is there; else as assay_collateral_parse(). */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_collateral_need(const struct assay_quote *q, struct assay_slice pck_chain,
                      struct assay_collateral_need *out,
                      struct assay_error *err);

#ifdef __cplusplus
}
#endif
