/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * isv_levels.h - the TCB levels of a quoting enclave or a TDX module: one
 * security version number each.
 */
#pragma once

#include "collateral/fields.h"

#define ASSAY_ISV_LEVELS_MAX 64u

struct assay_isv_level {
    uint16_t isvsvn;
    struct assay_level_tail tail;
};

struct assay_isv_levels {
    size_t count;
    struct assay_isv_level *level; /* descending by isvsvn; owned */
};

/* Member "tcbLevels" of f: at least one, none twice. */
void assay_isv_levels_read(const struct assay_fields *f,
                           struct assay_isv_levels *out);
void assay_isv_levels_free(struct assay_isv_levels *l);
/* The highest level that svn reaches; NULL if none. */
const struct assay_isv_level *
assay_isv_levels_match(const struct assay_isv_levels *l, uint16_t svn);
