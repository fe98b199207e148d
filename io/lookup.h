/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lookup.h - one search for collateral, on a thread of its own: what a server
 * has stapled, or cache and sources, tried on the quote that it is wanted for.
 * Used by supply.c only.
 */
#pragma once

#include "io/supply.h"

/* Collateral that is handed out, counted; one loop, so no atomics. */
struct assay_supplied {
    unsigned count; /* of holders */
    struct assay_collateral_need need;
    struct assay_obtained obtained;
    const struct assay_collateral *collateral; /* of it, or the fixed one */
    struct assay_quote *quote; /* what it was tried on; NULL for the fixed */
};

/* Everything that the worker needs, so that it never looks at the supply. */
struct assay_lookup {
    struct assay_supply_options o;
    const char *source[ASSAY_SOURCES_MAX];
    atomic_bool cancel;
    int64_t now_s;
    int64_t issued_after_s;    /* as in struct assay_obtain_input */
    struct assay_buf held;     /* likewise */
    struct assay_buf stapled;  /* bundle text; empty: cache and sources */
    struct assay_supplied *to; /* need and quote are set, the rest is filled */
    bool authentic;
    struct assay_error err;
    char note[320]; /* what did not work and did not matter; or empty */
};

/* From cache or sources. What is authentic is kept on disk, and what is sound
 * teaches its evaluation. */
void assay_lookup_run(struct assay_lookup *l);
/* What was stapled, if it is all that docs/formats.md asks of it; else
 * ASSAY_INVALID. It is kept nowhere. */
void assay_lookup_staple(struct assay_lookup *l);
