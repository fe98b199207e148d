/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cache.h - bundles kept on disk until they run out.
 *
 * Only a saving of time: what is read back is parsed and verified like
 * anything else from outside, so a tampered file can at worst be refused.
 * Directories are made with mode 0700, files with 0600.
 */
#pragma once

#include "assay/gather.h"

/* The file for this request (search/bundle_name.h) below $XDG_CACHE_HOME/assay,
 * or ~/.cache/assay. NULL if there is no such place (or no memory); freed with
 * free(). */
char *assay_cache_path(const struct assay_gather_request *request);

/* The folder that these are in; likewise. */
char *assay_cache_folder(void);

#define ASSAY_NO_CACHE_WORDS                                                   \
    "there is no place for a cache: set XDG_CACHE_HOME or HOME"

/* The kinds of platform that bundles are kept for, each once, as their names
 * say it; those of an update parameter are left out. A folder that is not
 * there has none. ASSAY_IO. */
ASSAY_MUST_CHECK enum assay_code
assay_cache_needs(struct assay_collateral_need *out, size_t max, size_t *count,
                  struct assay_error *err);

/* What the file holds, not read yet; empty where there is no such file, and
 * unless ASSAY_OK. *bundle is initialised here, and freed by the caller. Errors
 * of assay_file_read_plain(), and ASSAY_TRUNCATED (an empty one): what is
 * fetched replaces it. */
ASSAY_MUST_CHECK enum assay_code assay_cache_load(const char *path,
                                                  struct assay_buf *bundle,
                                                  struct assay_error *err);

/* Makes the directories too, and removes the oldest bundles where there are too
 * many (cache_prune.h). Failure costs the next run a fetch, no more. */
ASSAY_MUST_CHECK enum assay_code assay_cache_store(const char *path,
                                                   struct assay_slice bundle,
                                                   struct assay_error *err);
