/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lookup.h - one search for collateral (search/search.h) with its I/O, on any
 * thread: disk cache, memory of evaluations, and sources that somebody asks.
 *
 * Used by supply*.c, for the sessions of a loop, by `assay verify`, and by
 * bindings, which bring their own threads and their own HTTP.
 */
#pragma once

#include "io/ask.h"
#include "io/seen.h"
#include "search/search.h"

/* What did not work and did not matter, for people. */
enum assay_lookup_note {
    ASSAY_NOTE_SEARCH, /* with what was cached or stapled */
    ASSAY_NOTE_KEEP,   /* with the cache, afterwards */
    ASSAY_NOTE_LEARN,  /* with the memory of evaluations */
};
#define ASSAY_LOOKUP_NOTES 3u

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
     * struct assay_search_input. */
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
    struct assay_obtained obtained; /* all zero if there is none */
    char note[ASSAY_LOOKUP_NOTES][ASSAY_SEARCH_NOTE_BYTES]; /* or "" */
};

/* From cache or sources. What is authentic is kept on disk, and what is sound
 * teaches its evaluation; failing to is no error: the next run fetches again.
 * Errors of assay_search_new(), of `ask` and of assay_search_take(). */
void assay_lookup_run(struct assay_lookup *l);
/* What was stapled, if it is all that docs/formats.md asks of it; else
 * ASSAY_INVALID, or what the bundle's parser said. It is kept nowhere. */
void assay_lookup_staple(struct assay_lookup *l);
/* The last of the notes, or "". */
const char *assay_lookup_last_note(const struct assay_lookup *l);
