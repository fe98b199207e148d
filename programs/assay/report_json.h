/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report_json.h - the verdict document where there is no verdict.
 */
#pragma once

#include "cli.h"

/* Every member of the verdict's JSON that programs rely on, with trusted
 * false, null for what is not known, and `error`. Returns EXIT_UNREADABLE. */
enum exit_code report_json_error(const struct assay_error *err);
/* The same document, appended. */
void report_json_error_to(struct assay_buf *to, const struct assay_error *err);
