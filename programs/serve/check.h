/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * check.h - what --check says, and what the log is told about certificates.
 */
#pragma once

#include "daemon/log.h"
#include "io/quoter.h"
#include "site.h"

/* What a start would do and --check does not: write the files that the settings
 * name, make sockets, and be confined. Could it? ASSAY_IO, ASSAY_UNSUPPORTED.
 */
ASSAY_MUST_CHECK enum assay_code check_start(const struct options *o,
                                             struct assay_error *err);
/* Lines for a person: what was read, and what looks wrong with it. */
void check_describe(const struct site *s, const struct assay_quoter *quoter,
                    int64_t now_s, struct assay_buf *to);
/* The same of the mode behind nginx. */
void check_describe_ekm(const struct options *o,
                        const struct assay_quoter *quoter,
                        struct assay_buf *to);
/* A warning for each certificate that is out of its dates, and for each key
 * that every user may read. */
void check_certificates(const struct site *s, int64_t now_s,
                        const struct log *log);
