/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * metrics.c - what is counted, and how it is shown.
 */
#include "metrics.h"

#include "base/buf.h"

static const struct counter rows[] = {
    {METRIC_CONNECTIONS, "connections_total", "", "Connections accepted."},
    {METRIC_TLS_REFUSED, "tls_failures_total", "{stage=\"handshake\"}",
     "TLS connections that failed."},
    {METRIC_TLS_BROKEN, "tls_failures_total", "{stage=\"open\"}", NULL},
    {METRIC_RELOADS, "reloads_total", "{result=\"ok\"}",
     "Reloads of the settings."},
    {METRIC_RELOADS_FAILED, "reloads_total", "{result=\"failed\"}", NULL},
    {METRIC_LOG_LOST, "access_log_lost_total", "",
     "Lines of the access log that could not be written."},
};

const struct counters bridge_counters = {
    .prefix = "assay_bridge_",
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
    if (r->denial != ADMITTED) {
        counter_add(&m->denied[r->denial], 1);
        return;
    }
    counter_add(&m->ended[r->tunnel.why], 1);
}

void
metrics_sum(struct metrics *m, struct metric_sums *to)
{
    counters_sum(m->counts, METRICS, to->counts);
    counters_sum(m->denied, DENIALS, to->denied);
    counters_sum(m->ended, TUNNEL_WHYS, to->ended);
}

/* --- text ---------------------------------------------------------------- */

static void
put_row(const char *family, const char *label, const char *value, uint64_t n,
        struct assay_buf *to)
{
    assay_buf_printf(to, "%s%s{%s=\"%s\"} %llu\n", bridge_counters.prefix,
                     family, label, value, (unsigned long long)n);
}

static void
put_denied(const struct metric_sums *sums, struct assay_buf *to)
{
    counters_put_family(&bridge_counters, "denied_total", "counter",
                        "Requests that got no tunnel, by why.", to);
    for (unsigned i = ADMITTED + 1; i < DENIALS; i++) {
        if (i == RELAYED) {
            continue; /* which the relay counts itself */
        }
        put_row("denied_total", "reason", denial_code((enum denial)i),
                sums->denied[i], to);
    }
}

static void
put_ended(const struct metric_sums *sums, struct assay_buf *to)
{
    counters_put_family(&bridge_counters, "tunnels_ended_total", "counter",
                        "Tunnels that have ended, by why.", to);
    for (unsigned i = 0; i < TUNNEL_WHYS; i++) {
        put_row("tunnels_ended_total", "reason",
                tunnel_why_name((enum tunnel_why)i), sums->ended[i], to);
    }
}

void
metrics_put(const struct metric_sums *sums, struct assay_buf *to)
{
    counters_put(&bridge_counters, sums->counts, to);
    put_denied(sums, to);
    put_ended(sums, to);
    counters_put_family(
        &bridge_counters, "payload_bytes_total", "counter",
        "Octets that went through tunnels: up is to the target.", to);
    put_row("payload_bytes_total", "direction", "up", sums->up, to);
    put_row("payload_bytes_total", "direction", "down", sums->down, to);
}

static void
put_count(const char *name, const char *help, uint64_t n, struct assay_buf *to)
{
    counters_put_family(&bridge_counters, name, "counter", help, to);
    assay_buf_printf(to, "%s%s %llu\n", bridge_counters.prefix, name,
                     (unsigned long long)n);
}

void
metrics_put_relay(const struct relay_counts *c, struct assay_buf *to)
{
    counters_put_family(&bridge_counters, "relay_answers_total", "counter",
                        "Answers about collateral, by where they came from.",
                        to);
    for (unsigned i = 0; i < RELAY_HOWS; i++) {
        put_row("relay_answers_total", "source",
                relay_how_name((enum relay_how)i), atomic_load(&c->answers[i]),
                to);
    }
    put_count("relay_fetches_total", "Questions that sources were asked.",
              atomic_load(&c->fetches), to);
    put_count("relay_fetch_failures_total",
              "Questions that no source has answered.",
              atomic_load(&c->failures), to);
}
