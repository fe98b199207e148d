/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * metrics.c - what is counted, and how it is shown.
 */
#include "metrics.h"

#include "base/buf.h"

const unsigned metric_bucket_ms[METRIC_BUCKETS] = {5,   10,  25,   50,   100,
                                                   250, 500, 1000, 2500, 10000};

static void
add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void
metrics_add(struct metrics *m, enum metric what, uint64_t n)
{
    add(&m->counts[what], n);
}

void
metrics_quote(struct metrics *m, uint64_t ms)
{
    unsigned bucket = 0;

    while (bucket < METRIC_BUCKETS && ms > metric_bucket_ms[bucket]) {
        bucket++;
    }
    add(&m->counts[METRIC_QUOTES_MADE], 1);
    add(&m->quotes[bucket], 1);
    add(&m->quotes_ms, ms);
}

void
metrics_request(struct metrics *m, unsigned status, bool whole)
{
    enum metric what = METRIC_REQUESTS_CUT;

    if (whole && status >= 100 && status < 600) {
        what = (enum metric)(METRIC_REQUESTS_1XX + status / 100 - 1);
    }
    add(&m->counts[what], 1);
}

void
metrics_sum(const struct metrics *m, struct metric_sums *to)
{
    for (unsigned i = 0; i < METRICS; i++) {
        to->counts[i] +=
            atomic_load_explicit(&m->counts[i], memory_order_relaxed);
    }
    for (unsigned i = 0; i <= METRIC_BUCKETS; i++) {
        to->quotes[i] +=
            atomic_load_explicit(&m->quotes[i], memory_order_relaxed);
    }
    to->quotes_ms += atomic_load_explicit(&m->quotes_ms, memory_order_relaxed);
}

/* --- text --------------------------------------------------------------- */

/* A family that has several rows is described before its first one. */
static const struct {
    enum metric what;
    const char *name;   /* behind "assay_serve_" */
    const char *labels; /* "" for none */
    const char *help;   /* NULL: as the row before */
} rows[] = {
    {METRIC_CONNECTIONS, "connections_total", "", "Connections accepted."},
    {METRIC_HANDSHAKES_FAILED, "handshakes_failed_total", "",
     "Connections that ended before TLS was set up."},
    {METRIC_REQUESTS_1XX, "requests_total", "{class=\"1xx\"}",
     "Requests that were answered, by class of status, or cut."},
    {METRIC_REQUESTS_2XX, "requests_total", "{class=\"2xx\"}", NULL},
    {METRIC_REQUESTS_3XX, "requests_total", "{class=\"3xx\"}", NULL},
    {METRIC_REQUESTS_4XX, "requests_total", "{class=\"4xx\"}", NULL},
    {METRIC_REQUESTS_5XX, "requests_total", "{class=\"5xx\"}", NULL},
    {METRIC_REQUESTS_CUT, "requests_total", "{class=\"cut\"}", NULL},
    {METRIC_RECEIVED_BYTES, "received_bytes_total", "",
     "Bytes from clients, as TLS has them."},
    {METRIC_SENT_BYTES, "sent_bytes_total", "",
     "Bytes to clients, as TLS has them."},
    {METRIC_QUOTES_MADE, "quotes_total", "{result=\"made\"}",
     "Quotes that were asked for."},
    {METRIC_QUOTES_REFUSED, "quotes_total", "{result=\"refused\"}", NULL},
    {METRIC_QUOTES_FAILED, "quotes_total", "{result=\"failed\"}", NULL},
    {METRIC_CLIENTS_TRUSTED, "client_evidence_total", "{result=\"trusted\"}",
     "Evidence of clients that was judged, or could not be."},
    {METRIC_CLIENTS_REFUSED, "client_evidence_total", "{result=\"refused\"}",
     NULL},
    {METRIC_BACKEND_FAILURES, "backend_failures_total", "",
     "Requests that the backend did not answer, or not to the end."},
    {METRIC_RELOADS, "reloads_total", "{result=\"ok\"}",
     "Reloads of the settings."},
    {METRIC_RELOADS_FAILED, "reloads_total", "{result=\"failed\"}", NULL},
    {METRIC_LOG_LOST, "access_log_lost_total", "",
     "Lines of the access log that could not be written."},
};

void
metrics_put_family(struct assay_buf *to, const char *name, const char *type,
                   const char *help)
{
    assay_buf_printf(to, "# HELP assay_serve_%s %s\n# TYPE assay_serve_%s %s\n",
                     name, help, name, type);
}

static void
put_histogram(const struct metric_sums *sums, struct assay_buf *to)
{
    uint64_t below = 0;

    metrics_put_family(to, "quote_seconds", "histogram",
                       "How long making a quote took.");
    for (unsigned i = 0; i < METRIC_BUCKETS; i++) {
        below += sums->quotes[i];
        assay_buf_printf(
            to, "assay_serve_quote_seconds_bucket{le=\"%g\"} %llu\n",
            metric_bucket_ms[i] / 1000.0, (unsigned long long)below);
    }
    below += sums->quotes[METRIC_BUCKETS];
    assay_buf_printf(to,
                     "assay_serve_quote_seconds_bucket{le=\"+Inf\"} %llu\n"
                     "assay_serve_quote_seconds_sum %.3f\n"
                     "assay_serve_quote_seconds_count %llu\n",
                     (unsigned long long)below,
                     (double)sums->quotes_ms / 1000.0,
                     (unsigned long long)below);
}

void
metrics_put(const struct metric_sums *sums, struct assay_buf *to)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].help != NULL) {
            metrics_put_family(to, rows[i].name, "counter", rows[i].help);
        }
        assay_buf_printf(to, "assay_serve_%s%s %llu\n", rows[i].name,
                         rows[i].labels,
                         (unsigned long long)sums->counts[rows[i].what]);
    }
    put_histogram(sums, to);
}
