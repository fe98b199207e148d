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
/* How a command ends that judges: with the error, if there is one, else by the
 * verdict. */
enum exit_code report_exit(const struct command *c, bool json,
                           const struct assay_verdict *v,
                           const struct assay_error *err);
/* The document of report_json_error(), appended. */
void report_json_error_to(struct assay_buf *to, const struct assay_error *err);
