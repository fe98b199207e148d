/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * folder.h - the folder in which everything happens.
 */
#pragma once

#include "assay/bytes.h"

#define FOLDER_PATH_MAX 4096

struct folder {
    char path[FOLDER_PATH_MAX]; /* absolute */
    bool keep;
};

/* Makes `keep`, which must not exist, or (NULL) a temporary one, for its owner
 * alone, and goes there. ASSAY_IO. */
ASSAY_MUST_CHECK enum assay_code
folder_enter(struct folder *f, const char *keep, struct assay_error *err);
/* Removes it, unless it is to be kept. */
void folder_leave(const struct folder *f);
