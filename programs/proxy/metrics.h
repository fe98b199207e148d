/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * metrics.h - what the proxy counts; see daemon/counters.h.
 */
#pragma once

#include "daemon/counters.h"
#include "failure.h"
#include "visit.h"

enum metric {
    METRIC_CONNECTIONS,
    METRIC_REQUESTS,
    METRIC_TRANSLATED,
    METRIC_BYTES_IN,
    METRIC_BYTES_OUT,
    METRIC_RELOADS,
    METRIC_RELOADS_FAILED,
    METRIC_LOG_LOST, /* lines of the audit log */
    METRIC_EVIDENCE_KEPT,
    METRIC_EVIDENCE_LOST,
    METRIC_VERDICTS_TRUSTED,
    METRIC_VERDICTS_REFUSED,
    METRIC_VERDICTS_FAILED,
    METRICS,
};

#define METRIC_STATUSES 6u /* "none", 1xx ... 5xx */
#define METRIC_ENDS     (VISIT_SWITCHED + 1u)

/* Of one thread. */
struct metrics {
    _Atomic uint64_t counts[METRICS];
    _Atomic uint64_t statuses[METRIC_STATUSES];
    _Atomic uint64_t ends[METRIC_ENDS];
};

extern const struct counters proxy_counters;

void metrics_add(struct metrics *m, enum metric what, uint64_t n);
/* A request has ended. */
void metrics_visit(struct metrics *m, const struct visit_report *r);
/* A session was judged, or could not be. */
void metrics_judged(struct metrics *m, const struct assay_error *why,
                    bool peer);

struct metric_sums {
    uint64_t counts[METRICS];
    uint64_t statuses[METRIC_STATUSES];
    uint64_t ends[METRIC_ENDS];
};
void metrics_sum(struct metrics *m, struct metric_sums *to);
void metrics_put(const struct metric_sums *sums, struct assay_buf *to);
