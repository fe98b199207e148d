/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pcs.c - Intel's PCS, or a PCCS, is asked by libcurl.
 */
#include "io/pcs.h"

#include "base/buf.h"

static void
answer_one(struct assay_fetcher *fetcher, struct assay_gather *g)
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

static enum assay_code
answer(void *user, struct assay_gather *g, struct assay_error *err)
{
    const struct assay_fetch_options *fetch = user;
    struct assay_fetcher *fetcher = NULL;

    if (assay_fetcher_new(fetch, &fetcher, err) == ASSAY_OK) {
        while (assay_gather_wants(g)) {
            answer_one(fetcher, g);
        }
    }
    assay_fetcher_free(fetcher);
    return err->code;
}

struct assay_ask
assay_pcs_ask(const struct assay_fetch_options *fetch)
{
    return (struct assay_ask){answer, (void *)fetch}; /* only read */
}
