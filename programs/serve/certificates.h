/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * certificates.h - what the file has besides settings: [[certificate]] tables
 * with cert, key and names.
 */
#pragma once

#include "daemon/settings_file.h"
#include "options.h"

/* settings.other */
bool certificates_read(const struct settings_file *f, uint32_t node,
                       const char *key);
void certificates_fail_too_many(struct assay_error *err);
/* Those of the file, as tables of a file, appended. */
void certificates_dump(const struct options *o, struct assay_buf *to);
