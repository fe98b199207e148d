/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ask.h - collateral from its sources (assay/gather.h), over whatever does
 * HTTP: libcurl (io/pcs.h), or what a binding brings.
 */
#pragma once

#include "assay/gather.h"

struct assay_ask {
    /* Answers g until it wants nothing more: its sources are asked by one
     * call, so that their connections may be kept until it ends. A request that
     * fails is for assay_gather_fail(). Anything but ASSAY_OK, and *err says
     * why: nobody can be asked, or not any more. */
    enum assay_code (*answer)(void *user, struct assay_gather *g,
                              struct assay_error *err);
    void *user;
};

/* *bundle  initialised here; the collateral as a bundle file; freed by the
 *          caller, empty unless ASSAY_OK.
 * *out     the same, parsed; NULL unless ASSAY_OK.
 *
 * Errors of assay_gather_new(), of `answer` and of assay_gather_take(). */
ASSAY_MUST_CHECK enum assay_code
assay_ask(const struct assay_ctx *ctx,
          const struct assay_gather_request *request,
          const struct assay_ask *ask, struct assay_buf *bundle,
          struct assay_collateral **out, struct assay_error *err);
