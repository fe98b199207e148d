/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * ask.c - collateral from its sources, over whatever does HTTP.
 */
#include "io/ask.h"

#include "base/buf.h"

enum assay_code
assay_ask(const struct assay_ctx *ctx,
          const struct assay_gather_request *request,
          const struct assay_ask *ask, struct assay_buf *bundle,
          struct assay_collateral **out, struct assay_error *err)
{
    struct assay_gather *g = NULL;

    *out = NULL;
    assay_buf_init(bundle, ASSAY_BUNDLE_MAX_BYTES);
    if (assay_gather_new(ctx, request, &g, err) == ASSAY_OK &&
        ask->answer(ask->user, g, err) == ASSAY_OK) {
        (void)!assay_gather_take(g, bundle, out, err);
    }
    assay_gather_free(g);
    return err->code;
}
