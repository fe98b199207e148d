/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * qe_identity.h - Intel's identity of the quoting enclave (version 2).
 */
#pragma once

#include "collateral/isv_levels.h"
#include "collateral/signed_json.h"

struct assay_qe_identity {
    struct assay_signed_json json; /* owned */
    bool tdx;                      /* TD_QE rather than QE */
    int64_t issue_s;
    int64_t next_update_s;
    uint32_t evaluation;   /* tcbEvaluationDataNumber */
    uint8_t miscselect[4]; /* octets in the order of the report */
    uint8_t miscselect_mask[4];
    uint8_t attributes[16];
    uint8_t attributes_mask[16];
    uint8_t mrsigner[32];
    uint16_t isvprodid;
    struct assay_isv_levels levels; /* owned */
};

/* As assay_tcb_info_parse(). */
ASSAY_MUST_CHECK enum assay_code
assay_qe_identity_parse(const struct assay_ctx *ctx, struct assay_slice text,
                        struct assay_qe_identity *out, struct assay_error *err);
void assay_qe_identity_free(struct assay_qe_identity *q);
