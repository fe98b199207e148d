/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lookup.h - one search for collateral, on any thread: what a server has
 * stapled, or cache and sources, tried on the quote that it is wanted for.
 *
 * Used by supply*.c, for the sessions of a loop, and by bindings, which bring
 * their own threads and their own HTTP.
 */
#pragma once

#include "io/obtain.h"
#include "io/seen.h"

/* Where the policy has no max_collateral_age_secs. */
#define ASSAY_STAPLE_MAX_AGE_S INT64_C(604800)

/* What it is given, and what the inputs point to, belongs to the caller and
 * must stay as it is until the search has ended. The outputs are written anew
 * by each; `obtained` is the caller's to free with assay_obtained_free(),
 * whatever the search ended with. */
struct assay_lookup {
    const struct assay_ctx *ctx;
    struct assay_verifier *verifier;
    const struct assay_root *root;
    const struct assay_quote *quote;          /* what it is tried on */
    const struct assay_collateral_need *need; /* of that quote */
    struct assay_seen *seen;                  /* NULL: none are known */
    struct assay_freshness fresh;
    int64_t now_s;
    /* assay_lookup_run(): as in struct assay_gather_request and
     * struct assay_obtain_input. */
    const char *const *sources;
    size_t source_count;
    struct assay_ask ask;
    bool use_cache;
    int64_t grace_s;
    struct assay_slice held;
    bool refresh;
    struct assay_issued newer_than;
    /* assay_lookup_staple(): bundle text. */
    struct assay_slice stapled;

    /* --- outputs --- */
    struct assay_error err;         /* or ASSAY_OK: there is collateral */
    struct assay_obtained obtained; /* may be used only if there is no error */
    bool authentic; /* assay_obtain_is_authentic(); of cache and sources */
    char note[320]; /* what did not work and did not matter; or "" */
};

/* From cache or sources. What is authentic is kept on disk, and what is sound
 * teaches its evaluation. Errors of assay_obtain_collateral(). */
void assay_lookup_run(struct assay_lookup *l);
/* What was stapled, if it is all that docs/formats.md asks of it; else
 * ASSAY_INVALID, or what the bundle's parser said. It is kept nowhere. */
void assay_lookup_staple(struct assay_lookup *l);
