/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pcs.h - collateral from Intel's PCS or from a PCCS (assay/gather.h), by
 * libcurl.
 */
#pragma once

#include "assay/gather.h"
#include "io/fetch.h"

/* *bundle  initialised here; the collateral as a bundle file; freed by the
 *          caller, empty unless ASSAY_OK.
 * *out     the same, parsed; NULL unless ASSAY_OK.
 *
 * Errors of assay_gather_new(), assay_fetcher_new() and assay_gather_take(). */
ASSAY_MUST_CHECK enum assay_code assay_pcs_fetch(
    const struct assay_ctx *ctx, const struct assay_gather_request *request,
    const struct assay_fetch_options *fetch, struct assay_buf *bundle,
    struct assay_collateral **out, struct assay_error *err);
