/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * health.c - what operators can ask.
 */
#include "health.h"

#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/text.h"
#include "daemon/counters.h"

#define DIAL_MS 2000u

static struct metric_sums
sum_all(const struct health *a)
{
    struct metric_sums sums = {.quotes_ms = 0};

    metrics_sum(a->metrics, &sums);
    for (unsigned i = 0; i < a->hall->count; i++) {
        metrics_sum(&a->hall->hands[i].metrics, &sums);
    }
    return sums;
}

/* --- metrics ------------------------------------------------------------ */

/* One that is shown for several lists of names is one row. */
static bool
is_repeated(const struct site *s, const struct assay_tls_identity *identity,
            const uint8_t sha256[32])
{
    for (const struct assay_tls_identity *i = s->identity; i != identity;
         i = assay_tls_identity_next(i)) {
        uint8_t other[32];

        assay_tls_identity_sha256(i, other);
        if (memcmp(other, sha256, sizeof(other)) == 0) {
            return true;
        }
    }
    return false;
}

static void
put_certificates(const struct site *s, struct assay_buf *to)
{
    counters_put_family(&serve_counters,
                        "certificate_not_after_timestamp_seconds", "gauge",
                        "When a certificate ends, in Unix time.", to);
    for (const struct assay_tls_identity *i = s->identity; i != NULL;
         i = assay_tls_identity_next(i)) {
        uint8_t sha256[32];
        char hex[65];
        int64_t from_s;
        int64_t until_s;

        assay_tls_identity_sha256(i, sha256);
        if (is_repeated(s, i, sha256)) {
            continue;
        }
        assay_hex_to(hex, ASSAY_SLICE(sha256));
        assay_tls_identity_dates(i, &from_s, &until_s);
        assay_buf_printf(to,
                         "assay_serve_certificate_not_after_timestamp_seconds"
                         "{sha256=\"%s\"} %lld\n",
                         hex, (long long)until_s);
    }
}

static void
put_metrics(void *user, struct assay_buf *to)
{
    struct health *a = user;
    struct metric_sums sums = sum_all(a);

    metrics_put(&sums, to);
    put_certificates(*a->site, to);
}

/* --- readiness ---------------------------------------------------------- */

static void
on_tried(void *user, const struct assay_quote_reply *reply,
         const struct assay_refusal *why)
{
    struct health *a = user;

    (void)reply;
    (void)why; /* it was counted, which is what quotes_work() looks at */
    a->trial = NULL;
}

/* A quote that proves nothing to anybody: its report data is zeros. It takes a
 * turn like a client's. Where there is none, nothing was tried, and what is
 * known of the platform stays as it is. */
static void
try_quote(struct health *a)
{
    static const uint8_t nothing[64];
    struct assay_refusal why;

    if (a->trial == NULL) {
        a->trial = quotes_order(a->quotes, nothing, NULL, on_tried, a, &why);
    }
}

/* From what quotes came to since it was last asked; those that were refused,
 * because there were too many, say nothing of the platform. */
static bool
quotes_work(struct health *a)
{
    struct metric_sums sums = sum_all(a);
    uint64_t made = sums.counts[METRIC_QUOTES_MADE];
    uint64_t failed = sums.counts[METRIC_QUOTES_FAILED];

    if (made != a->made) {
        a->working = true;
    } else if (failed != a->failed) {
        a->working = false;
    }
    a->made = made;
    a->failed = failed;
    return a->working;
}

static void
on_dialed(void *user, struct assay_stream *stream,
          const struct assay_error *err)
{
    struct health *a = user;

    (void)err;
    a->dial = NULL;
    a->backend_works = stream != NULL;
    if (stream != NULL) {
        assay_stream_close(stream);
    }
}

/* What the last try came to; each asking has another one begin. */
static bool
backend_works(struct health *a)
{
    struct assay_dial_options options = {
        .to = (*a->site)->options.backend,
        .timeout_ms = DIAL_MS,
    };

    if (a->dial == NULL) {
        a->dial = assay_dial_start(a->loop, &options, on_dialed, a);
    }
    return a->backend_works;
}

static const char *
unready(void *user)
{
    struct health *a = user;

    if (!quotes_work(a)) {
        try_quote(a);
        return "quotes: none has been made, or the last one failed";
    }
    if ((*a->site)->options.ready_backend && !backend_works(a)) {
        return "backend: it could not be reached, or was not tried yet";
    }
    return NULL;
}

/* --- life --------------------------------------------------------------- */

enum assay_code
health_open(struct health *a, const struct keeper *k,
            const struct assay_address *at, struct assay_error *err)
{
    a->admin = (struct admin){
        .keeper = k,
        .counters = &serve_counters,
        .put_metrics = put_metrics,
        .unready = unready,
        .user = a,
    };
    return admin_open(&a->admin, a->loop, at, err);
}

void
health_close(struct health *a)
{
    if (a->trial != NULL) {
        quotes_withdraw(a->trial);
        a->trial = NULL;
    }
    if (a->dial != NULL) {
        assay_dial_cancel(a->dial);
        a->dial = NULL;
    }
    admin_close(&a->admin);
}
