/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "collateral/parts.h"

/* Hex doubles a CRL. */
#define CRL_TEXT_MAX (2u * ASSAY_CRL_MAX_BYTES)

const struct assay_part_row assay_part_rows[ASSAY_PART_COUNT] = {
#define PART(field, max, required, crl)                                        \
    {#field, offsetof(struct assay_collateral_parts, field), max, required, crl}
    PART(tcb_info, ASSAY_TCB_INFO_MAX_BYTES, true, false),
    PART(tcb_info_issuer_chain, ASSAY_CHAIN_MAX_BYTES, true, false),
    PART(qe_identity, ASSAY_QE_IDENTITY_MAX_BYTES, true, false),
    PART(qe_identity_issuer_chain, ASSAY_CHAIN_MAX_BYTES, true, false),
    PART(pck_crl, CRL_TEXT_MAX, true, true),
    PART(root_ca_crl, CRL_TEXT_MAX, true, true),
    PART(pck_certificate_chain, ASSAY_CHAIN_MAX_BYTES, false, false),
    PART(pck_crl_issuer_chain, ASSAY_CHAIN_MAX_BYTES, false, false),
#undef PART
};

struct assay_slice *
assay_part(struct assay_collateral_parts *parts, size_t row)
{
    return (struct assay_slice *)(void *)((char *)parts +
                                          assay_part_rows[row].offset);
}
