/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * sgx_extension.h - what Intel writes about a platform into its PCK
 * certificate (extension 1.2.840.113741.1.13.1; Intel SGX PCK certificate and
 * CRL profile, section 1.3.5).
 */
#pragma once

#include "base/bytes.h"

struct assay_sgx_extension {
    uint8_t ppid[16];
    uint8_t component_svn[16]; /* SGX TCB component SVNs */
    uint16_t pce_svn;
    uint8_t cpu_svn[16];
    uint8_t pce_id[2];
    uint8_t fmspc[6];
    uint32_t sgx_type; /* 0 Standard, 1 Scalable, 2 Scalable with Integrity */
    bool has_platform; /* the members below: Platform CA only */
    uint8_t platform_instance_id[16];
    bool dynamic_platform;
    bool cached_keys;
    bool smt_enabled;
};

/* value: the extension's octets. ASSAY_MALFORMED, ASSAY_TRUNCATED or
 * ASSAY_UNSUPPORTED (an unknown entry). */
ASSAY_MUST_CHECK enum assay_code
assay_sgx_extension_parse(struct assay_slice value,
                          struct assay_sgx_extension *out,
                          struct assay_error *err);
