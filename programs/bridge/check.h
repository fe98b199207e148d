/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * check.h - what --check says, and what a start warns of.
 */
#pragma once

#include "assay/assay.h"
#include "daemon/log.h"
#include "site.h"

struct assay_buf;

/* Files that are read when they are used: can they be? ASSAY_IO,
 * ASSAY_TOO_LARGE, ASSAY_INVALID, ASSAY_NO_MEMORY. */
ASSAY_MUST_CHECK enum assay_code check_files(const struct site *s,
                                             const struct assay_ctx *ctx,
                                             struct assay_error *err);
/* The main settings, as they were understood. */
void check_describe(const struct site *s, struct assay_buf *to);
/* What is allowed, but perhaps not meant. */
void check_warn(const struct site *s, const struct log *log);
