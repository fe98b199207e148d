/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pcs.c - collateral from Intel's PCS or from a PCCS, by libcurl.
 */
#include "io/pcs.h"

#include "base/buf.h"
#include "base/error.h"

static void
ask(struct assay_fetcher *fetcher, struct assay_gather *g)
{
    struct assay_response r;
    struct assay_error err;

    if (assay_fetch(fetcher, assay_gather_url(g), assay_gather_max_body(g), &r,
                    &err) == ASSAY_OK) {
        assay_gather_give(g, assay_buf_slice(&r.headers),
                          assay_buf_slice(&r.body));
    } else {
        assay_gather_fail(g, &err);
    }
    assay_response_free(&r);
}

enum assay_code
assay_pcs_fetch(const struct assay_ctx *ctx,
                const struct assay_gather_request *request,
                const struct assay_fetch_options *fetch,
                struct assay_buf *bundle, struct assay_collateral **out,
                struct assay_error *err)
{
    struct assay_fetcher *fetcher = NULL;
    struct assay_gather *g = NULL;

    *out = NULL;
    assay_buf_init(bundle, ASSAY_BUNDLE_MAX_BYTES);
    if (assay_gather_new(ctx, request, &g, err) == ASSAY_OK &&
        assay_fetcher_new(fetch, &fetcher, err) == ASSAY_OK) {
        while (assay_gather_wants(g)) {
            ask(fetcher, g);
        }
        (void)!assay_gather_take(g, bundle, out, err);
    }
    assay_fetcher_free(fetcher);
    assay_gather_free(g);
    return err->code;
}
