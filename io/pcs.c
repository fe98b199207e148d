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

size_t
assay_pcs_sources(const char *const *given, size_t given_count,
                  const struct assay_policy *p,
                  const char *out[ASSAY_SOURCES_MAX])
{
    size_t of_policy = p != NULL ? assay_policy_pccs_count(p) : 0;
    size_t count = 0;

    if (given_count > 0) {
        for (; count < given_count && count < ASSAY_SOURCES_MAX; count++) {
            out[count] = given[count];
        }
        return count;
    }
    for (; count < of_policy && count < ASSAY_SOURCES_MAX; count++) {
        out[count] = assay_policy_pccs(p, count);
    }
    if (count == 0) {
        out[count++] = ASSAY_SOURCE_PHALA;
        out[count++] = ASSAY_SOURCE_INTEL;
    }
    return count;
}
