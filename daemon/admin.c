/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * admin.c - what operators can ask.
 */
#include "daemon/admin.h"

#include <time.h>

#include "assay/version.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "daemon/counters.h"

#define ADMIN_MODE        0660u /* of a Unix socket */
#define ADMIN_CONNECTIONS 16u
#define ADMIN_MS          10000u
#define ADMIN_IDLE_MS     60000u

static void
put_metrics(const struct admin *a, struct assay_buf *to)
{
    const struct crew *crew = &a->keeper->crew;
    const struct counters *c = a->counters;

    a->put_metrics(a->user, to);
    counters_put_gauge(c, "connections_open", "Clients that are connected.",
                       atomic_load(&crew->clients), to);
    counters_put_gauge(c, "connections_limit", "How many clients are let in.",
                       atomic_load(&crew->max_clients), to);
    counters_put_gauge(c, "workers", "Threads that serve.", crew->count, to);
    counters_put_gauge(c, "draining", "1 when it is about to end.",
                       a->keeper->draining, to);
    counters_put_gauge(c, "start_timestamp_seconds",
                       "When it started, in Unix time.", (uint64_t)a->started_s,
                       to);
    counters_put_family(c, "build_info", "gauge", "What is running.", to);
    assay_buf_printf(to, "%sbuild_info{version=\"%s\"} 1\n", c->prefix,
                     ASSAY_VERSION);
}

static const char *
unready(const struct admin *a)
{
    if (a->keeper->draining) {
        return "draining: it is about to end";
    }
    if (a->keeper->crew.count == 0) {
        return "starting: nobody is let in yet";
    }
    return a->unready(a->user);
}

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

enum assay_code
admin_open(struct admin *a, uv_loop_t *loop, const struct assay_address *at,
           struct assay_error *err)
{
    static const struct assay_http_server_limits limits = {
        .body_bytes = 0,
        .connections = ADMIN_CONNECTIONS,
        .request_ms = ADMIN_MS,
        .idle_ms = ADMIN_IDLE_MS,
    };

    a->started_s = (int64_t)time(NULL);
    return assay_http_server_new(loop, at, ADMIN_MODE, &limits, on_request, a,
                                 &a->server, err);
}

const char *
admin_address(const struct admin *a)
{
    return a->server != NULL ? assay_http_server_address(a->server) : NULL;
}

void
admin_close(struct admin *a)
{
    assay_http_server_close(a->server);
    a->server = NULL;
}
