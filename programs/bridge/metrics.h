/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * metrics.h - what the bridge counts; see daemon/counters.h.
 */
#pragma once

#include "daemon/counters.h"
#include "relay.h"
#include "visit.h"

enum metric {
    METRIC_CONNECTIONS,
    METRIC_TLS_REFUSED, /* in the handshake */
    METRIC_TLS_BROKEN,  /* behind it */
    METRIC_RELOADS,
    METRIC_RELOADS_FAILED,
    METRIC_LOG_LOST, /* lines of the access log */
    METRICS,
};

/* Of one thread. */
struct metrics {
    _Atomic uint64_t counts[METRICS];
    _Atomic uint64_t denied[DENIALS];
    _Atomic uint64_t ended[TUNNEL_WHYS];
};

extern const struct counters bridge_counters;

void metrics_add(struct metrics *m, enum metric what, uint64_t n);
/* A visit has ended. */
void metrics_visit(struct metrics *m, const struct visit_report *r);

struct metric_sums {
    uint64_t counts[METRICS];
    uint64_t denied[DENIALS];
    uint64_t ended[TUNNEL_WHYS];
    uint64_t up; /* of struct tunnels */
    uint64_t down;
};
void metrics_sum(struct metrics *m, struct metric_sums *to);
void metrics_put(const struct metric_sums *sums, struct assay_buf *to);
void metrics_put_relay(const struct relay_counts *c, struct assay_buf *to);
