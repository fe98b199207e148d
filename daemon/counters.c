/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * counters.c - what is counted, and how it is shown.
 */
#include "daemon/counters.h"

#include "base/buf.h"

void
counter_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void
counters_sum(_Atomic uint64_t *counters, size_t count, uint64_t *sums)
{
    for (size_t i = 0; i < count; i++) {
        sums[i] += atomic_load_explicit(&counters[i], memory_order_relaxed);
    }
}

void
counters_put_family(const struct counters *c, const char *name,
                    const char *type, const char *help, struct assay_buf *to)
{
    assay_buf_printf(to, "# HELP %s%s %s\n# TYPE %s%s %s\n", c->prefix, name,
                     help, c->prefix, name, type);
}

void
counters_put_gauge(const struct counters *c, const char *name, const char *help,
                   uint64_t value, struct assay_buf *to)
{
    counters_put_family(c, name, "gauge", help, to);
    assay_buf_printf(to, "%s%s %llu\n", c->prefix, name,
                     (unsigned long long)value);
}

void
counters_put(const struct counters *c, const uint64_t *sums,
             struct assay_buf *to)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct counter *row = &c->rows[i];

        if (row->help != NULL) {
            counters_put_family(c, row->name, "counter", row->help, to);
        }
        assay_buf_printf(to, "%s%s%s %llu\n", c->prefix, row->name, row->labels,
                         (unsigned long long)sums[row->what]);
    }
}
