/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * audit.h - one line of JSON for each request: who asked whom, and what that
 * one had proven. Never what was asked or answered, and no key.
 */
#pragma once

#include "daemon/journal.h"
#include "visit.h"

/* "whole", "cut", ...; static. */
const char *audit_end_name(enum visit_end e);
/* The line, with its LF. */
void audit_put(const struct visit_report *r, int64_t now_s,
               struct assay_buf *to);
/* False: it is lost. */
bool audit_write(struct journal *to, const struct visit_report *r,
                 int64_t now_s);
