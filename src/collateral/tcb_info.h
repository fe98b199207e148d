/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tcb_info.h - Intel's TCB info, versions 2 (SGX only) and 3.
 */
#pragma once

#include "collateral/isv_levels.h"
#include "collateral/signed_json.h"

#define ASSAY_TCB_LEVELS_MAX        256u
#define ASSAY_MODULE_IDENTITIES_MAX 32u
#define ASSAY_TCB_COMPONENTS        16u

struct assay_tcb_level {
    uint8_t sgx[ASSAY_TCB_COMPONENTS];
    uint16_t pcesvn;
    uint8_t tdx[ASSAY_TCB_COMPONENTS]; /* zero in SGX TCB info */
    struct assay_level_tail tail;
};

struct assay_tdx_module {
    uint8_t mrsigner[48];
    uint8_t attributes[8];
    uint8_t attributes_mask[8]; /* read; Intel's algorithm has no use for it */
};

struct assay_module_identity {
    uint8_t version; /* of "TDX_%02X" */
    struct assay_tdx_module module;
    struct assay_isv_levels levels;
};

struct assay_tcb_info {
    struct assay_signed_json json; /* owned */
    bool tdx;
    uint32_t version;
    int64_t issue_s;       /* issueDate */
    int64_t next_update_s; /* nextUpdate */
    uint8_t fmspc[6];
    uint8_t pce_id[2];
    uint32_t evaluation; /* tcbEvaluationDataNumber */
    struct assay_tdx_module module;
    size_t identity_count;
    struct assay_module_identity *identity; /* owned */
    size_t level_count;
    struct assay_tcb_level *level; /* descending; owned */
};

/* text: the PCS answer; must outlive *out. Freed with assay_tcb_info_free(),
 * which is fine with a zeroed one. */
ASSAY_MUST_CHECK enum assay_code
assay_tcb_info_parse(const struct assay_ctx *ctx, struct assay_slice text,
                     struct assay_tcb_info *out, struct assay_error *err);
void assay_tcb_info_free(struct assay_tcb_info *t);
/* NULL if the list has no such version. */
const struct assay_module_identity *
assay_tcb_info_identity(const struct assay_tcb_info *t, uint8_t version);
