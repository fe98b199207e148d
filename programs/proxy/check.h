/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * check.h - what --check says, and what a start warns of.
 */
#pragma once

#include "daemon/log.h"
#include "options.h"

/* Files that are read when they are used: can they be? ASSAY_IO,
 * ASSAY_TOO_LARGE, ASSAY_INVALID, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code check_files(const struct options *o,
                                             const struct assay_ctx *ctx,
                                             struct assay_error *err);
/* Of them, what a reload changes. */
ASSAY_MUST_CHECK enum assay_code check_roots(const struct options *o,
                                             const struct assay_ctx *ctx,
                                             struct assay_error *err);
/* The main settings and every upstream, as they were understood. */
void check_describe(const struct options *o, const struct providers *p,
                    struct assay_buf *to);
/* What is allowed, but perhaps not meant. */
void check_warn(const struct options *o, const struct providers *p,
                const struct log *log);
