/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * counters.h - what is counted, and the text of /metrics: Prometheus's format,
 * with OpenMetrics' conventions for names. Each thread counts for itself,
 * without waiting for another; they are added up when somebody asks.
 */
#pragma once

#include <stdatomic.h>

#include "assay/bytes.h"

/* A family that has several rows is described before its first one. */
struct counter {
    unsigned what;      /* index of the program's */
    const char *name;   /* behind the prefix */
    const char *labels; /* "" for none, or {name="value"} */
    const char *help;   /* NULL: as the row before */
};

struct counters {
    const char *prefix; /* "assay_serve_" */
    const struct counter *rows;
    size_t count;
};

void counter_add(_Atomic uint64_t *counter, uint64_t n);
/* Adds `count` of them to as many sums. */
void counters_sum(_Atomic uint64_t *counters, size_t count, uint64_t *sums);
/* All rows, from the sums by their `what`. */
void counters_put(const struct counters *c, const uint64_t *sums,
                  struct assay_buf *to);

/* "# HELP" and "# TYPE" of one more. */
void counters_put_family(const struct counters *c, const char *name,
                         const char *type, const char *help,
                         struct assay_buf *to);
/* A gauge without labels, whole. */
void counters_put_gauge(const struct counters *c, const char *name,
                        const char *help, uint64_t value, struct assay_buf *to);
