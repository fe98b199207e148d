/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * gather.h - collateral from Intel's PCS or from a PCCS (Intel's caching
 * server), without the network: it says what to ask for next, and takes what
 * was answered.
 *
 * Intel PCS API version 4: four requests, of which three bring an issuer chain
 * in a header. Nothing that arrives is trusted: it is checked for form here and
 * for authenticity when a quote is verified.
 *
 *     while (assay_gather_wants(g)) {
 *         GET assay_gather_url(g), at most assay_gather_max_body(g) octets,
 *             no redirects followed;
 *         assay_gather_give(g, headers, body) after status 200,
 *             or assay_gather_fail(g, &why);
 *     }
 *     assay_gather_take(g, &bundle, &collateral, &err);
 */
#pragma once

#include "assay/collateral.h"
#include "assay/policy.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_SOURCE_INTEL "" /* names Intel's PCS as a source */
/* Asked before Intel where a policy names no source. */
#define ASSAY_SOURCE_PHALA             "https://pccs.phala.network"
#define ASSAY_SOURCES_MAX              16u
#define ASSAY_GATHER_HEADERS_MAX_BYTES (96u * 1024u)

struct assay_gather_request {
    const struct assay_collateral_need *need;
    const char *const *sources; /* base URLs, asked in this order */
    size_t source_count;        /* 1 to ASSAY_SOURCES_MAX */
    bool early;                 /* update=early: the newest TCB recovery */
    uint32_t evaluation;        /* tcbEvaluationDataNumber; 0: not asked for */
    /* A source that has less than this is passed by, and one whose collateral
     * has run out at now_s or is not as fresh as that; what it has is taken
     * only if no source has better. */
    struct assay_evaluations seen;
    int64_t now_s; /* Unix seconds; 0: dates and freshness do not count */
    struct assay_freshness fresh;
};

struct assay_gather; /* opaque; belongs to one thread at a time */

/* The request is copied; what it points to must outlive the object, which is
 * freed with assay_gather_free(). ASSAY_INVALID (a source's URL, or their
 * number), ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_gather_new(const struct assay_ctx *ctx,
                 const struct assay_gather_request *request,
                 struct assay_gather **out, struct assay_error *err);
ASSAY_API void assay_gather_free(struct assay_gather *g); /* NULL is fine */

/* Sources are asked one after the other until one has delivered all four parts
 * in a form that can be read, and as good as the request says; parts of several
 * sources are never mixed. False: nothing more is to be asked. */
ASSAY_API bool assay_gather_wants(const struct assay_gather *g);
/* The next request, where one is wanted; valid until it is answered. */
ASSAY_API const char *assay_gather_url(const struct assay_gather *g);
ASSAY_API size_t assay_gather_max_body(const struct assay_gather *g);
/* Its answer (status 200): fields as lines with LF or CR LF, at most
 * ASSAY_GATHER_HEADERS_MAX_BYTES, and the body, decoded. Both are copied as far
 * as they are needed. Does nothing where nothing is wanted. */
ASSAY_API void assay_gather_give(struct assay_gather *g,
                                 struct assay_slice headers,
                                 struct assay_slice body);
/* It was not answered so, and this source is not asked any more. The message
 * should begin with the URL, without user name and password. */
ASSAY_API void assay_gather_fail(struct assay_gather *g,
                                 const struct assay_error *why);

/* Once nothing is wanted any more, and only once: the best that was found, as a
 * bundle file, appended to *bundle, and parsed.
 *
 * The message says what each source said. ASSAY_INVALID (something is still
 * wanted, or it was taken); ASSAY_TIMEOUT, ASSAY_NOT_FOUND, ASSAY_NETWORK,
 * ASSAY_TOO_LARGE, ... (if all sources failed alike; ASSAY_NETWORK otherwise).
 */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_gather_take(struct assay_gather *g, struct assay_buf *bundle,
                  struct assay_collateral **out, struct assay_error *err);

#ifdef __cplusplus
}
#endif
