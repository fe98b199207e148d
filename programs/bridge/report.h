/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report.h - where it is told how a visit has gone: the access log and the
 * counters of a thread. Never a token, a field or an octet of payload.
 */
#pragma once

#include "daemon/journal.h"
#include "metrics.h"

struct reports {
    const struct log *log;
    struct journal *access;
    bool json;
    struct metrics *metrics;
    struct losses losses; /* of the access log */
};

void report_tell(struct reports *to, const struct visit_report *r,
                 uint64_t now_ms);
