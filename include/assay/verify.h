/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * verify.h - evidence, endorsements, policy and a time in; a verdict out.
 */
#pragma once

#include "assay/collateral.h"
#include "assay/eventlog.h"
#include "assay/policy.h"
#include "assay/quote.h"
#include "assay/root.h"
#include "assay/verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The cryptographic library, set up once; immutable, shared by threads, and
 * must outlive everything made with it. ASSAY_CRYPTO, ASSAY_NO_MEMORY. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_ctx_new(struct assay_ctx **out, struct assay_error *err);
ASSAY_API void assay_ctx_free(struct assay_ctx *ctx); /* NULL is fine */

/* A verifier remembers which key signed which bytes, nothing else: root,
 * revocation, dates, TCB and policy are judged anew in every call. So one
 * verifier may serve several roots, policies and times, and several threads
 * at once. */
struct assay_verifier;

#define ASSAY_DEFAULT_PLATFORMS 1024u

/* max_platforms: how many platforms to remember (at most 4 KiB each, the least
 * recently used is forgotten); 0 remembers nothing. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_verifier_new(const struct assay_ctx *ctx, uint32_t max_platforms,
                   struct assay_verifier **out, struct assay_error *err);
ASSAY_API void assay_verifier_free(struct assay_verifier *v); /* or NULL */
/* The newest date of issue among the collateral that this verifier has found
 * to be authentic, Unix seconds; 0 before the first. A clock that shows an
 * earlier time is wrong: live programs refuse to judge by it. */
ASSAY_API int64_t assay_verifier_newest_date(const struct assay_verifier *v);

/* What ties a quote to one TLS session. */
struct assay_binding {
    enum assay_wire wire;
    uint8_t report_data[64];        /* what the quote must report */
    uint8_t certificate_sha256[32]; /* of the server's leaf, whole DER */
    bool client; /* the evidence is a TLS client's, which has no certificate:
                    no event about one is asked for */
};

struct assay_verify_input {
    const struct assay_quote *quote;           /* required */
    const struct assay_collateral *collateral; /* required */
    const struct assay_root *root;             /* required: no default */
    const struct assay_policy *policy;         /* required: no default */
    int64_t now_s;                             /* Unix seconds */
    /* Further evidence, as a server gives it with its quote; NULL or empty
     * where there is none. */
    const struct assay_eventlog *event_log;
    struct assay_slice app_compose; /* raw text; believed only if measured */
    struct assay_slice vm_config;   /* JSON text; likewise */
    /* NULL: the quote is judged alone, and the verdict says that its freshness
     * and session were not. */
    const struct assay_binding *binding;
};

/* Verify a quote: is it genuine, how healthy is its TCB, and does it meet the
 * policy. *out is a new verdict whenever ASSAY_OK is returned, trusted or not;
 * freed with assay_verdict_free().
 * ASSAY_OK; ASSAY_INVALID (an input is NULL, the time is not between the
 * years 1970 and 9999, the policy's compose_file was not given, or an event
 * log was given for a quote that is not from TDX); ASSAY_MISSING (no PCK chain
 * in the quote nor in the collateral); ASSAY_MALFORMED, ASSAY_TRUNCATED,
 * ASSAY_UNSUPPORTED, ASSAY_TOO_LARGE (the quote's PCK chain cannot be read);
 * ASSAY_NO_MEMORY; ASSAY_CRYPTO. */
ASSAY_API ASSAY_MUST_CHECK enum assay_code
assay_verify(struct assay_verifier *v, const struct assay_verify_input *in,
             struct assay_verdict **out, struct assay_error *err);

#ifdef __cplusplus
}
#endif
