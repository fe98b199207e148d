/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * admin.c - what operators can ask.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/text.h"

#define ADMIN_MODE        0660u /* of a Unix socket */
#define ADMIN_CONNECTIONS 16u
#define ADMIN_MS          10000u
#define ADMIN_IDLE_MS     60000u
#define DIAL_MS           2000u

static struct metric_sums
sum_all(const struct admin *a)
{
    struct metric_sums sums = {.quotes_ms = 0};

    metrics_sum(a->metrics, &sums);
    for (unsigned i = 0; i < a->crew->count; i++) {
        metrics_sum(&a->crew->workers[i].metrics, &sums);
    }
    return sums;
}

/* --- metrics ------------------------------------------------------------ */

static void
put_gauge(struct assay_buf *to, const char *name, const char *help,
          uint64_t value)
{
    metrics_put_family(to, name, "gauge", help);
    assay_buf_printf(to, "assay_serve_%s %llu\n", name,
                     (unsigned long long)value);
}

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
    metrics_put_family(to, "certificate_not_after_timestamp_seconds", "gauge",
                       "When a certificate ends, in Unix time.");
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
put_metrics(const struct admin *a, struct assay_buf *to)
{
    const struct crew *c = a->crew;
    struct metric_sums sums = sum_all(a);

    metrics_put(&sums, to);
    put_gauge(to, "connections_open", "Clients that are connected.",
              atomic_load(&c->clients));
    put_gauge(to, "connections_limit", "How many clients are let in.",
              atomic_load(&c->max_clients));
    put_gauge(to, "workers", "Threads that serve.", c->count);
    put_gauge(to, "draining", "1 when it is about to end.", *a->draining);
    put_gauge(to, "start_timestamp_seconds", "When it started, in Unix time.",
              (uint64_t)a->started_s);
    put_certificates(*a->site, to);
    metrics_put_family(to, "build_info", "gauge", "What is running.");
    assay_buf_printf(to, "assay_serve_build_info{version=\"%s\"} 1\n",
                     ASSAY_VERSION);
}

/* --- readiness ---------------------------------------------------------- */

static void
on_tried(void *user, const struct assay_quote_reply *reply,
         const struct assay_refusal *why)
{
    struct admin *a = user;

    (void)reply;
    (void)why; /* it was counted, which is what quotes_work() looks at */
    a->trial = NULL;
}

/* A quote that proves nothing to anybody: its report data is zeros. It takes a
 * turn like a client's. Where there is none, nothing was tried, and what is
 * known of the platform stays as it is. */
static void
try_quote(struct admin *a)
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
quotes_work(struct admin *a)
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
    struct admin *a = user;

    (void)err;
    a->dial = NULL;
    a->backend_works = stream != NULL;
    if (stream != NULL) {
        assay_stream_close(stream);
    }
}

/* What the last try came to; each asking has another one begin. */
static bool
backend_works(struct admin *a)
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

/* NULL if it is ready. */
static const char *
unready(struct admin *a)
{
    if (*a->draining) {
        return "draining: it is about to end";
    }
    if (a->crew->count == 0) {
        return "starting: nobody is let in yet";
    }
    if (!quotes_work(a)) {
        try_quote(a);
        return "quotes: none has been made, or the last one failed";
    }
    if ((*a->site)->options.ready_backend && !backend_works(a)) {
        return "backend: it could not be reached, or was not tried yet";
    }
    return NULL;
}

/* --- answers ------------------------------------------------------------ */

static void
put_text(struct assay_http_answer *answer, unsigned status, const char *text)
{
    answer->status = status;
    answer->content_type = "text/plain; charset=utf-8";
    assay_buf_printf(&answer->body, "%s\n", text);
}

static void
on_request(void *user, const struct assay_http_request *r,
           struct assay_http_answer *answer)
{
    struct admin *a = user;
    bool head = assay_slice_is(r->head->method, "HEAD");
    const char *why;

    if (!head && !assay_slice_is(r->head->method, "GET")) {
        struct assay_error err;

        assay_error_clear(&err);
        (void)!assay_http1_put_field(&answer->fields, assay_slice_of("Allow"),
                                     assay_slice_of("GET, HEAD"), &err);
        assay_http_answer_error(answer, 405, "method_not_allowed",
                                "only GET and HEAD are served here", NULL);
    } else if (assay_slice_is(r->path, "/metrics")) {
        answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
        put_metrics(a, &answer->body);
    } else if (assay_slice_is(r->path, "/healthz")) {
        put_text(answer, 200, "ok");
    } else if (assay_slice_is(r->path, "/readyz")) {
        why = unready(a);
        put_text(answer, why == NULL ? 200 : 503, why == NULL ? "ok" : why);
    } else {
        assay_http_answer_error(answer, 404, "not_found",
                                "there are /metrics, /healthz and /readyz",
                                NULL);
    }
}

/* --- life --------------------------------------------------------------- */

enum assay_code
admin_open(struct admin *a, const struct assay_address *at,
           struct assay_error *err)
{
    static const struct assay_http_server_limits limits = {
        .body_bytes = 0,
        .connections = ADMIN_CONNECTIONS,
        .request_ms = ADMIN_MS,
        .idle_ms = ADMIN_IDLE_MS,
    };

    a->started_s = (int64_t)time(NULL);
    return assay_http_server_new(a->loop, at, ADMIN_MODE, &limits, on_request,
                                 a, &a->server, err);
}

const char *
admin_address(const struct admin *a)
{
    return assay_http_server_address(a->server);
}

void
admin_close(struct admin *a)
{
    if (a->trial != NULL) {
        quotes_withdraw(a->trial);
        a->trial = NULL;
    }
    if (a->dial != NULL) {
        assay_dial_cancel(a->dial);
        a->dial = NULL;
    }
    assay_http_server_close(a->server);
    a->server = NULL;
}
