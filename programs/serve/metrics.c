/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * metrics.c - what is counted, and how it is shown.
 */
#include "metrics.h"

#include "base/buf.h"
#include "daemon/counters.h"

const unsigned metric_bucket_ms[METRIC_BUCKETS] = {5,   10,  25,   50,   100,
                                                   250, 500, 1000, 2500, 10000};

void
metrics_add(struct metrics *m, enum metric what, uint64_t n)
{
    counter_add(&m->counts[what], n);
}

void
metrics_quote(struct metrics *m, uint64_t ms)
{
    unsigned bucket = 0;

    while (bucket < METRIC_BUCKETS && ms > metric_bucket_ms[bucket]) {
        bucket++;
    }
    counter_add(&m->counts[METRIC_QUOTES_MADE], 1);
    counter_add(&m->quotes[bucket], 1);
    counter_add(&m->quotes_ms, ms);
}

void
metrics_request(struct metrics *m, unsigned status, bool whole)
{
    enum metric what = METRIC_REQUESTS_CUT;

    if (whole && status >= 100 && status < 600) {
        what = (enum metric)(METRIC_REQUESTS_1XX + status / 100 - 1);
    }
    counter_add(&m->counts[what], 1);
}

void
metrics_sum(struct metrics *m, struct metric_sums *to)
{
    counters_sum(m->counts, METRICS, to->counts);
    counters_sum(m->quotes, METRIC_BUCKETS + 1, to->quotes);
    counters_sum(&m->quotes_ms, 1, &to->quotes_ms);
}

/* --- text --------------------------------------------------------------- */

static const struct counter rows[] = {
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

const struct counters serve_counters = {
    .prefix = "assay_serve_",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
};

static void
put_histogram(const struct metric_sums *sums, struct assay_buf *to)
{
    uint64_t below = 0;

    counters_put_family(&serve_counters, "quote_seconds", "histogram",
                        "How long making a quote took.", to);
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
    counters_put(&serve_counters, sums->counts, to);
    put_histogram(sums, to);
}
