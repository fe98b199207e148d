/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * obtain.h - collateral for a quote: from the cache if it is in date there and
 * fresh enough, else from the sources, else stale if the policy's grace allows
 * that.
 */
#pragma once

#include "assay/verify.h"
#include "collateral/usable.h"
#include "io/ask.h"

enum assay_origin {
    ASSAY_ORIGIN_CACHED,
    ASSAY_ORIGIN_FETCHED,
    ASSAY_ORIGIN_STALE,   /* no source answered; run out within the grace */
    ASSAY_ORIGIN_GIVEN,   /* by the caller: see assay_supply_options */
    ASSAY_ORIGIN_STAPLED, /* by the server, with its quote */
};

struct assay_obtain_input {
    const struct assay_gather_request *request;
    struct assay_ask ask;
    bool use_cache;
    bool pass_by_cache; /* ask the sources though the cache has an answer */
    int64_t now_s;      /* Unix seconds: what "in date" is judged by */
    int64_t grace_s;    /* seconds after nextUpdate; 0 for none */
    struct assay_freshness fresh; /* what the cache must offer at least */
    /* The highest evaluations that were ever verified. Less than that, from
     * cache or source, is handed out only if nobody has better: the verdict
     * says what it is then. */
    struct assay_evaluations seen;
    /* A bundle that the caller has, or empty: counts where the cache has none,
     * so that an outage hits no harder without a disk. */
    struct assay_slice held;
    /* A refresh: only what is newer than that will do, from the cache too,
     * where another process may have put it. */
    bool refresh;
    struct assay_issued newer_than;
};

struct assay_obtained {
    struct assay_collateral *collateral;
    enum assay_origin origin;
    struct assay_buf bundle; /* the same as text */
    char note[320]; /* what is wrong with the cache, for people; or empty */
};

/* *out is all zero unless ASSAY_OK; freed with assay_obtained_free(). Errors of
 * assay_ask(). */
ASSAY_MUST_CHECK enum assay_code
assay_obtain_collateral(const struct assay_ctx *ctx,
                        const struct assay_obtain_input *in,
                        struct assay_obtained *out, struct assay_error *err);
void assay_obtained_free(struct assay_obtained *o); /* a zeroed one is fine */

/* Puts what was fetched into the cache, if the input wants that. To be called
 * once a verdict has shown that it is authentic, so that what a source made up
 * does not stay. Failing to is no error: the next run fetches again; the note
 * says why. */
void assay_obtain_keep(const struct assay_obtain_input *in,
                       struct assay_obtained *o);

/* What a verdict says of the collateral: all of it is signed as it should be;
 * or some of it is forged, damaged, another's or signed by a revoked key.
 * Neither, if the quote did not
 * let it be judged. */
bool assay_obtain_is_authentic(const struct assay_verdict *v);
bool assay_obtain_is_forged(const struct assay_verdict *v);
/* Everything is authentic, in date and for this quote: what counts as verified
 * where evaluations are remembered, and what a server must bring. */
bool assay_obtain_is_sound(const struct assay_verdict *v);

/* The same of a quote's own verification; the relying party's rules play no
 * part in it. All false if it could not be tried. */
struct assay_trial {
    bool authentic;
    bool forged;
    bool sound;
    char summary[160];
};
void assay_obtain_try(struct assay_verifier *verifier,
                      const struct assay_root *root,
                      const struct assay_quote *quote,
                      const struct assay_collateral *c, int64_t now_s,
                      struct assay_trial *out);
