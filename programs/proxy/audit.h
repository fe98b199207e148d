/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * audit.h - one line of JSON for each request (who asked whom, and what that
 * one had proven) and for each verdict. Never what was asked or answered, and
 * no key.
 */
#pragma once

#include "daemon/journal.h"
#include "visit.h"

/* "whole", "cut", ...; static. */
const char *audit_end_name(enum visit_end e);
/* A line, with its LF. */
void audit_put(const struct visit_report *r, int64_t now_s,
               struct assay_buf *to);
/* The same of a verdict, or of why there is none: as `judged` of struct
 * upstream_options has it (audit_verdict.c). */
void audit_put_verdict(const struct provider *provider,
                       struct assay_attested *a, const struct assay_error *why,
                       bool peer, int64_t now_s, struct assay_buf *to);
