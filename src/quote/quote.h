/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * quote.h - inside the floor: the pieces of a quote.
 */
#pragma once

#include "assay/quote.h"
#include "base/bytes.h"

#define ASSAY_QUOTE_HEADER_BYTES 48u
#define ASSAY_SGX_REPORT_BYTES   384u
#define ASSAY_TD10_BYTES         584u
#define ASSAY_TD15_BYTES         648u
#define ASSAY_TD15EX_BYTES       885u

/* Enclave report body, 384 bytes (Intel SGX: sgx_report_body_t). */
void assay_quote_read_sgx_report(struct assay_reader *r,
                                 struct assay_sgx_report *out);
/* TD report body of the given type. */
void assay_quote_read_td_report(struct assay_reader *r,
                                enum assay_body_type type,
                                struct assay_td_report *out);
/* Signature section: what the signature length counts. */
void assay_quote_read_signature(struct assay_reader *r,
                                struct assay_quote_view *q);
