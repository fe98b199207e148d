/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_prune.h - the folder of bundles stays small: what is oldest goes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Removes the oldest bundles of the folder until it is within both limits.
 * `newest`, the file that was written last, stays whatever the clock says.
 * Files that are not called as bundles are (io/evidence_file.h) are left alone.
 */
void evidence_prune(const char *folder, size_t max_files, uint64_t max_bytes,
                    const char *newest);
