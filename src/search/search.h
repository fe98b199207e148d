/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * search.h - collateral for a quote, without I/O: from what the server has
 * stapled, else from the cache if it is in date there and fresh enough, else
 * from the sources, else stale if the policy's grace allows that.
 *
 * What was found is tried on the quote that it is wanted for. What is cached
 * and forged is passed by; it stands if nobody has better: the verdict says
 * what it is then.
 *
 *     assay_search_new(&input, &s, &err);
 *     g = assay_search_asks(s);
 *     while (g != NULL && assay_gather_wants(g)) {
 *         answer g, as assay/gather.h says;
 *     }
 *     assay_search_take(s, &obtained, &err);
 *     if (obtained.keep) put obtained.bundle into the cache, under
 *         assay_bundle_name() (bundle_name.h);
 *     if (obtained.learn) assay_marks_learn() (marks.h);
 */
#pragma once

#include "assay/gather.h"
#include "assay/verify.h"
#include "collateral/usable.h"

/* Where the policy has no max_collateral_age_secs: what a server brings is as
 * old as it likes to make it. */
#define ASSAY_STAPLE_MAX_AGE_S INT64_C(604800)

enum assay_origin {
    ASSAY_ORIGIN_CACHED,
    ASSAY_ORIGIN_FETCHED,
    ASSAY_ORIGIN_STALE,   /* no source answered; run out within the grace */
    ASSAY_ORIGIN_GIVEN,   /* by the caller; no search ends with it */
    ASSAY_ORIGIN_STAPLED, /* by the server, with its quote */
};

struct assay_search_input {
    const struct assay_ctx *ctx;
    struct assay_verifier *verifier;
    const struct assay_root *root;
    const struct assay_quote *quote; /* what it is tried on */
    /* need: of that quote; now_s: what "in date" is judged by; fresh: what the
     * cache must offer at least; seen: what the memory recalls. Without sources
     * nothing counts but what was stapled, if anything was. */
    struct assay_gather_request request;
    int64_t grace_s; /* seconds after nextUpdate; 0 for none */
    /* Bundles, or empty. They are copied as far as they are needed. */
    struct assay_slice stapled;
    struct assay_slice cached;
    const char *cached_name; /* for the note; or NULL */
    /* One that the caller has: counts where `cached` is none, so that an outage
     * hits no harder without a disk. */
    struct assay_slice held;
    /* A refresh: only what is newer than that will do, from the cache too,
     * where another process may have put it. */
    bool refresh;
    struct assay_issued newer_than;
};

#define ASSAY_SEARCH_NOTE_BYTES 320u

struct assay_obtained {
    struct assay_collateral *collateral;
    struct assay_buf bundle; /* the same as text; empty if it was stapled */
    enum assay_origin origin;
    bool authentic; /* all of it is signed as it should be; never said of what
                       was stapled, which serves one session only */
    bool damaged;   /* it is in the place of what was cached and is forged */
    bool keep;      /* it is worth keeping. What is stale on arrival, or of an
                       older evaluation than was seen, does not replace what is
                       there: that may be what is needed later. */
    bool learn;     /* everything is authentic, in date and for this quote, and
                       no server has chosen it: its evaluations are to be
                       remembered */
};
void assay_obtained_free(struct assay_obtained *o); /* a zeroed one is fine */

struct assay_search; /* opaque; belongs to one thread at a time */

/* What the input points to, but for bundles and cached_name, must outlive the
 * search, which is freed with assay_search_free(). ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code
assay_search_new(const struct assay_search_input *in, struct assay_search **out,
                 struct assay_error *err);
void assay_search_free(struct assay_search *s); /* NULL is fine */

/* What is to be asked of the sources, to be answered until it wants nothing
 * more; it stays the search's. NULL: what was given is good. */
struct assay_gather *assay_search_asks(struct assay_search *s);
/* Nobody can be asked, or not any more: that is why. */
void assay_search_give_up(struct assay_search *s,
                          const struct assay_error *why);

/* Once nothing is wanted any more, and only once. *out is all zero unless
 * ASSAY_OK; freed with assay_obtained_free(). Errors of assay_gather_new(),
 * assay_gather_take(), and what the search was given up for; without sources
 * ASSAY_INVALID, or what the parser said of what was stapled. ASSAY_INVALID:
 * it was taken before. */
ASSAY_MUST_CHECK enum assay_code assay_search_take(struct assay_search *s,
                                                   struct assay_obtained *out,
                                                   struct assay_error *err);
/* What of the things given was no use, and did not matter; or "". It stays the
 * search's. */
const char *assay_search_note(const struct assay_search *s);
