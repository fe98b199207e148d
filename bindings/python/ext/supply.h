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
    char note[ASSAY_SEEN_NOTE_BYTES];
};

/* Without the GIL, which is taken as `thread` while `fetch` works: the thread
 * state that released it. (Not PyGILState_Ensure(), which would be the main
 * interpreter's where another one searches.) What `fetch` raised, other than
 * AssayError, is in *raised afterwards (or NULL): then nothing else counts. */
void supply_run(struct supply *s, struct assay_lookup *l, PyThreadState *thread,
                PyObject **raised);
