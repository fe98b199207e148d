/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * supply.h - Supply: what it owns, and one search.
 */
#pragma once

#include "core.h"
#include "io/lookup.h"

#define SUPPLY_KEPT 32u /* kinds of platform */

struct kept {
    struct assay_collateral_need need;
    struct collateral *what; /* NULL: free */
    int64_t asked_s; /* when nobody had better; INT64_MIN: it was good */
};

/* What a search came to that found nothing. */
struct failure {
    struct assay_collateral_need need;
    double patience; /* seconds; NaN: nobody knows */
    struct assay_error why;
};

struct supply {
    PyObject_HEAD struct context *context;
    struct policy *policy;
    struct root *root;
    PyObject *fetch;
    PyObject *texts; /* that `source` points into */
    const char *source[ASSAY_SOURCES_MAX];
    size_t source_count;
    bool use_cache;
    PyThread_type_lock lock; /* one search at a time */
    struct kept kept[SUPPLY_KEPT];
    unsigned next;
    struct failure failure; /* the last of so many */
    unsigned long failures;
    char note[ASSAY_SEEN_NOTE_BYTES];
};

/* Gives up the GIL, but for `fetch`. False, with an exception: it raised
 * something other than AssayError, and nothing else counts. */
bool supply_run(struct supply *s, struct assay_lookup *l);
