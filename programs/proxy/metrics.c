/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * metrics.c - what is counted, and how it is shown.
 */
#include "metrics.h"

#include "audit.h"
#include "base/buf.h"

static const struct counter rows[] = {
    {METRIC_CONNECTIONS, "connections_total", "",
     "Connections of clients that were accepted."},
    {METRIC_REQUESTS, "requests_total", "", "Requests of clients."},
    {METRIC_TRANSLATED, "translated_requests_total", "",
     "Requests that were translated from Responses to Chat Completions."},
    {METRIC_BYTES_IN, "payload_bytes_total", "{direction=\"up\"}",
     "Octets of bodies: up is to providers."},
    {METRIC_BYTES_OUT, "payload_bytes_total", "{direction=\"down\"}", NULL},
    {METRIC_VERDICTS_TRUSTED, "verdicts_total", "{result=\"trusted\"}",
     "Attestations of providers' servers, by what they came to."},
    {METRIC_VERDICTS_REFUSED, "verdicts_total", "{result=\"refused\"}", NULL},
    {METRIC_VERDICTS_FAILED, "verdicts_total", "{result=\"failed\"}", NULL},
    {METRIC_EVIDENCE_KEPT, "evidence_kept_total", "",
     "Bundles of evidence that were kept."},
    {METRIC_EVIDENCE_LOST, "evidence_lost_total", "",
     "Bundles of evidence that could not be kept."},
    {METRIC_RELOADS, "reloads_total", "{result=\"ok\"}",
     "Reloads of the settings."},
    {METRIC_RELOADS_FAILED, "reloads_total", "{result=\"failed\"}", NULL},
    {METRIC_LOG_LOST, "audit_log_lost_total", "",
     "Lines of the audit log that could not be written."},
};

const struct counters proxy_counters = {
    .prefix = "assay_proxy_",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
};

/* --- counting ------------------------------------------------------------ */

void
metrics_add(struct metrics *m, enum metric what, uint64_t n)
{
    counter_add(&m->counts[what], n);
}

void
metrics_visit(struct metrics *m, const struct visit_report *r)
{
    unsigned status = r->status / 100;

    metrics_add(m, METRIC_REQUESTS, 1);
    metrics_add(m, METRIC_TRANSLATED, r->translated ? 1 : 0);
    metrics_add(m, METRIC_BYTES_IN, r->bytes_in);
    metrics_add(m, METRIC_BYTES_OUT, r->bytes_out);
    counter_add(&m->statuses[status < METRIC_STATUSES ? status : 0], 1);
    counter_add(&m->ends[r->ended], 1);
}

void
metrics_judged(struct metrics *m, const struct assay_error *why, bool peer)
{
    metrics_add(m,
                why->code == ASSAY_OK ? METRIC_VERDICTS_TRUSTED
                : peer                ? METRIC_VERDICTS_REFUSED
                                      : METRIC_VERDICTS_FAILED,
                1);
}

void
metrics_sum(struct metrics *m, struct metric_sums *to)
{
    counters_sum(m->counts, METRICS, to->counts);
    counters_sum(m->statuses, METRIC_STATUSES, to->statuses);
    counters_sum(m->ends, METRIC_ENDS, to->ends);
}

/* --- text ---------------------------------------------------------------- */

static void
put_row(const char *family, const char *label, const char *value, uint64_t n,
        struct assay_buf *to)
{
    assay_buf_printf(to, "%s%s{%s=\"%s\"} %llu\n", proxy_counters.prefix,
                     family, label, value, (unsigned long long)n);
}

void
metrics_put(const struct metric_sums *sums, struct assay_buf *to)
{
    static const char *const statuses[METRIC_STATUSES] = {"none", "1xx", "2xx",
                                                          "3xx",  "4xx", "5xx"};

    counters_put(&proxy_counters, sums->counts, to);
    counters_put_family(&proxy_counters, "responses_total", "counter",
                        "Requests, by the status that was answered.", to);
    for (unsigned i = 0; i < METRIC_STATUSES; i++) {
        put_row("responses_total", "status", statuses[i], sums->statuses[i],
                to);
    }
    counters_put_family(&proxy_counters, "requests_ended_total", "counter",
                        "Requests, by how they have ended.", to);
    for (unsigned i = 0; i < METRIC_ENDS; i++) {
        put_row("requests_ended_total", "how",
                audit_end_name((enum visit_end)i), sums->ends[i], to);
    }
}
