/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * metrics.h - what assay-serve counts; see daemon/counters.h.
 */
#pragma once

#include <stdatomic.h>

#include "assay/bytes.h"

struct counters;
extern const struct counters serve_counters;

enum metric {
    METRIC_CONNECTIONS,
    METRIC_HANDSHAKES_FAILED,
    METRIC_REQUESTS_1XX, /* protocols switched */
    METRIC_REQUESTS_2XX,
    METRIC_REQUESTS_3XX,
    METRIC_REQUESTS_4XX,
    METRIC_REQUESTS_5XX,
    METRIC_REQUESTS_CUT, /* without an answer, or in its middle */
    METRIC_RECEIVED_BYTES,
    METRIC_SENT_BYTES,
    METRIC_QUOTES_MADE,
    METRIC_QUOTES_REFUSED, /* too many */
    METRIC_QUOTES_FAILED,
    METRIC_CLIENTS_TRUSTED, /* evidence of theirs */
    METRIC_CLIENTS_REFUSED,
    METRIC_BACKEND_FAILURES,
    METRIC_RELOADS,
    METRIC_RELOADS_FAILED,
    METRIC_LOG_LOST, /* lines of the access log */
    METRICS,
};

/* Upper ends of the histogram of how long quotes take; then what is longer. */
#define METRIC_BUCKETS 10u
extern const unsigned metric_bucket_ms[METRIC_BUCKETS];

/* Of one thread. */
struct metrics {
    _Atomic uint64_t counts[METRICS];
    _Atomic uint64_t quotes[METRIC_BUCKETS + 1]; /* in this bucket */
    _Atomic uint64_t quotes_ms;                  /* all together */
};

void metrics_add(struct metrics *m, enum metric what, uint64_t n);
/* One quote was made, and took so long. */
void metrics_quote(struct metrics *m, uint64_t ms);
/* One request has ended; status 0, or whole false: it was cut. */
void metrics_request(struct metrics *m, unsigned status, bool whole);

struct metric_sums {
    uint64_t counts[METRICS];
    uint64_t quotes[METRIC_BUCKETS + 1];
    uint64_t quotes_ms;
};
void metrics_sum(struct metrics *m, struct metric_sums *to);
void metrics_put(const struct metric_sums *sums, struct assay_buf *to);
