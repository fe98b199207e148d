/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * need.c - which collateral a quote asks for.
 */
#include <stdio.h>

#include "assay/quote.h"
#include "base/text.h"
#include "collateral/collateral.h"
#include "pki/sgx_extension.h"

/* The CA's name tells which CRL to ask for; what comes back is checked
 * against the CA itself. */
static void
read_ca(const struct assay_cert *leaf, struct assay_collateral_need *out,
        struct assay_error *err)
{
    if (assay_slice_find(leaf->issuer, "SGX PCK Platform CA") !=
        ASSAY_NO_OFFSET) {
        (void)snprintf(out->ca, sizeof(out->ca), "platform");
    } else if (assay_slice_find(leaf->issuer, "SGX PCK Processor CA") !=
               ASSAY_NO_OFFSET) {
        (void)snprintf(out->ca, sizeof(out->ca), "processor");
    } else {
        assay_fail(err, ASSAY_UNSUPPORTED, ASSAY_NO_OFFSET,
                   "PCK certificate: issued by neither the Platform CA nor "
                   "the Processor CA");
    }
}

enum assay_code
assay_collateral_need(const struct assay_quote *q, struct assay_slice pck_chain,
                      struct assay_collateral_need *out,
                      struct assay_error *err)
{
    const struct assay_quote_view *view = assay_quote_view(q);
    struct assay_collateral_need need = {.tdx =
                                             view->tee_type == ASSAY_TEE_TDX};
    struct assay_chain chain;
    struct assay_sgx_extension sgx;

    memset(out, 0, sizeof(*out));
    assay_error_clear(err);
    if (view->cert_type == ASSAY_CERT_PCK_CHAIN) {
        pck_chain = view->cert_data;
    }
    if (pck_chain.len == 0) {
        return assay_fail(err, ASSAY_MISSING, ASSAY_NO_OFFSET,
                          "quote: has no PCK chain (certification data type "
                          "%u), so its platform is unknown",
                          (unsigned)view->cert_type);
    }
    if (assay_chain_parse(pck_chain, 3, "PCK chain", &chain, err) != ASSAY_OK) {
        return err->code;
    }
    read_ca(&chain.cert[0], &need, err);
    if (err->code == ASSAY_OK &&
        assay_sgx_extension_parse(chain.cert[0].sgx_extension, &sgx, err) ==
            ASSAY_OK) {
        assay_hex_to(need.fmspc, ASSAY_SLICE(sgx.fmspc));
        *out = need;
    }
    assay_chain_free(&chain);
    return err->code;
}
