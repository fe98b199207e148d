/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * mark_folder.h - marks kept as the names of empty files. Used by seen.c only.
 */
#pragma once

#include "search/mark.h"

#define ASSAY_MARKS_READ_MAX 4096u

/* What else there is to say of a folder. */
struct assay_marks_found {
    size_t strange; /* names that are no marks */
    bool more;      /* not all names were read: there are too many */
    bool others;    /* somebody else owns it or the one above, or may write
                       there */
};

/* Calls `each` for the names of a folder that are marks. Returns 0 or an
 * errno. */
int assay_marks_load(const char *path,
                     void (*each)(void *user, const struct assay_mark *m),
                     void *user, struct assay_marks_found *found);
/* Makes the mark, then removes those of its key that it overtakes; and one of
 * another root than Intel's, the oldest, if there are more than others_max.
 * The folder must be there. ASSAY_IO. */
ASSAY_MUST_CHECK enum assay_code assay_marks_store(const char *path,
                                                   const struct assay_mark *m,
                                                   size_t others_max,
                                                   struct assay_error *err);
