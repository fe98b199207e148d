/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * cache_prune.h - the cache stays small: what is oldest goes.
 */
#pragma once

#define ASSAY_CACHE_FILES_MAX 64u
#define ASSAY_CACHE_BYTES_MAX (64u * 1024u * 1024u)

/* Removes the oldest bundles of the folder at path until it is within both
 * limits; the newest one stays whatever its size. Files that assay did not make
 * stay. */
void assay_cache_prune(const char *path);
