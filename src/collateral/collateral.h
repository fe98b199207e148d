/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * collateral.h - inside the floors: all endorsements of one platform, parsed.
 */
#pragma once

#include "assay/collateral.h"
#include "collateral/qe_identity.h"
#include "collateral/tcb_info.h"
#include "pki/chain.h"
#include "pki/crl.h"

/* A CRL in any of the encodings that sources use, as DER. */
struct assay_collateral_crl {
    struct assay_buf der;
    struct assay_crl crl;
    struct assay_signed seal;
};

/* A chain of two: signer and root. */
struct assay_collateral_signer {
    struct assay_chain chain;
    struct assay_signed seal; /* of the signer's certificate */
};

struct assay_collateral {
    struct assay_buf text; /* owns the JSON texts and the PCK chain: */
    struct assay_slice tcb_info_text;
    struct assay_slice qe_identity_text;
    struct assay_slice pck_chain; /* PEM; empty if none */
    struct assay_tcb_info tcb_info;
    struct assay_qe_identity qe_identity;
    struct assay_collateral_signer tcb_signer;
    struct assay_collateral_signer qe_signer;
    struct assay_collateral_crl pck_crl;
    struct assay_collateral_crl root_crl;
};

/* Digest and signature of a parsed certificate. */
enum assay_code assay_signed_cert(const struct assay_ctx *ctx,
                                  const struct assay_cert *cert,
                                  struct assay_signed *out,
                                  struct assay_error *err);

/* Issue and expiry of each item as one JSON object. */
struct assay_json_out;
void assay_collateral_out_items(struct assay_json_out *o, const char *name,
                                const struct assay_collateral *c);
