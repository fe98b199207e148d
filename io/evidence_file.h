/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * evidence_file.h - bundles of evidence on disk.
 */
#pragma once

#include "assay/evidence.h"

/* SERVER-TIME-NONCE.json, of a long name no more than the beginning; appended.
 * Of the view, server_name, time_s and nonce are used. */
void assay_evidence_name(const struct assay_evidence_view *v,
                         struct assay_buf *to);
/* Is a file called so? */
bool assay_evidence_is_name(const char *name);

/* Writes the bundle to the file `where`, or into the folder of that name under
 * the name above. The file is there as a whole or not at all, and for its owner
 * alone. *path: what was written, NUL-terminated; initialised here, freed by
 * the caller. Errors of assay_evidence_write() and assay_file_write(). */
ASSAY_MUST_CHECK enum assay_code
assay_evidence_save(const struct assay_evidence_view *v, const char *where,
                    struct assay_buf *path, struct assay_error *err);
