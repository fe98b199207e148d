/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * check.h - what --check says, and what the log is told about certificates.
 */
#pragma once

#include "io/quoter.h"
#include "log.h"
#include "site.h"

/* Lines for a person: what was read, and what looks wrong with it. */
void check_describe(const struct site *s, const struct assay_quoter *quoter,
                    int64_t now_s, struct assay_buf *to);
/* A warning for each certificate that is out of its dates. */
void check_dates(const struct site *s, int64_t now_s, const struct log *log);
