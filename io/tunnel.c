/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tunnel.c - asking a proxy by CONNECT (RFC 9110, section 9.3.6).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "http1/http1.h"
#include "io/proxy.h"

struct assay_tunnel {
    struct assay_stream *stream;
    assay_tunnelled *done;
    void *user;
    struct assay_buf answer;
    size_t scanned;
    /* "proxy p.example:3128: CONNECT x.example:443" */
    char what[2 * ASSAY_HOST_MAX_BYTES + 64];
    char target[ASSAY_HOST_MAX_BYTES + sizeof("[]:65535")];
};

void
assay_tunnel_cancel(struct assay_tunnel *t)
{
    static const struct assay_stream_events nobody = {.data = NULL};

    if (t != NULL) {
        assay_stream_read(t->stream, false);
        assay_stream_tell(t->stream, &nobody, NULL);
        assay_buf_free(&t->answer);
        free(t);
    }
}

static void
finish(struct assay_tunnel *t, const struct assay_error *err)
{
    assay_tunnelled *done = t->done;
    void *user = t->user;

    assay_tunnel_cancel(t);
    done(user, err);
}

static void
finish_failed(struct assay_tunnel *t, const char *why)
{
    struct assay_error err;

    assay_error_clear(&err);
    assay_fail(&err, ASSAY_NETWORK, ASSAY_NO_OFFSET, "%s: %s", t->what, why);
    finish(t, &err);
}

/* What the status and the bytes behind the head mean. */
static void
judge(struct assay_tunnel *t, const struct assay_http1_head *head, size_t extra)
{
    char why[160];
    struct assay_error err;

    if (head->status / 100 == 2 && extra > 0) {
        /* TLS servers wait for the client, and so do those of SSH proxies: it
         * is the proxy that talks, and the stream must not begin with that. */
        finish_failed(t, "the proxy sent more than an answer");
    } else if (head->status / 100 == 2) {
        assay_error_clear(&err);
        finish(t, &err);
    } else if (head->status == 407) {
        finish_failed(t, "the proxy asks for other credentials (407)");
    } else {
        snprintf(why, sizeof(why), "the proxy refused: %u %.*s", head->status,
                 head->reason.len < 80 ? (int)head->reason.len : 80,
                 head->reason.len > 0 ? (const char *)head->reason.ptr : "");
        finish_failed(t, why);
    }
}

/* False if t is no more. */
static bool
drop_interim(struct assay_tunnel *t, const struct assay_http1_head *head,
             size_t used)
{
    if (head->status / 100 != 1 || head->status == 101) {
        judge(t, head, t->answer.len - used);
        return false;
    }
    memmove(t->answer.ptr, t->answer.ptr + used, t->answer.len - used);
    t->answer.len -= used;
    t->scanned = 0;
    return true;
}

static void
on_data(void *user, struct assay_slice data)
{
    struct assay_tunnel *t = user;
    struct assay_http1_head head;
    struct assay_error err;
    size_t used;

    assay_error_clear(&err);
    assay_buf_add(&t->answer, data);
    if (assay_buf_check(&t->answer, "the proxy's answer", &err) != ASSAY_OK) {
        finish_failed(t, err.msg);
        return;
    }
    do {
        if (assay_http1_response(assay_buf_slice(&t->answer), "CONNECT",
                                 &t->scanned, &head, &used, &err) != ASSAY_OK) {
            assay_error_prefix(&err, "the proxy's answer is no HTTP");
            finish_failed(t, err.msg);
            return;
        }
    } while (used > 0 && drop_interim(t, &head, used));
}

static void
on_eof(void *user)
{
    struct assay_tunnel *t = user;

    finish_failed(t, t->answer.len > 0
                         ? "the proxy's answer broke off"
                         : "the proxy closed the connection unanswered");
}

static void
on_failed(void *user, const struct assay_error *err)
{
    finish_failed(user, err->msg);
}

static void
put_request(struct assay_tunnel *t, const struct assay_proxy *proxy,
            struct assay_buf *to, struct assay_error *err)
{
    struct assay_slice target = assay_slice_of(t->target);

    if (assay_http1_put_request(to, assay_slice_of("CONNECT"), target, err) !=
            ASSAY_OK ||
        assay_http1_put_field(to, assay_slice_of("Host"), target, err) !=
            ASSAY_OK) {
        return;
    }
    if (proxy->authorization.len > 0 &&
        assay_http1_put_field(to, assay_slice_of("Proxy-Authorization"),
                              assay_buf_slice(&proxy->authorization),
                              err) != ASSAY_OK) {
        return;
    }
    assay_http1_put_end(to);
    assay_buf_check(to, "CONNECT", err);
}

static void
name(struct assay_tunnel *t, const struct assay_proxy *proxy,
     const struct assay_address *to)
{
    bool ip6 = strchr(to->host, ':') != NULL;

    snprintf(t->target, sizeof(t->target), "%s%s%s:%s", ip6 ? "[" : "",
             to->host, ip6 ? "]" : "", to->port);
    snprintf(t->what, sizeof(t->what), "proxy %s:%s: CONNECT %s",
             proxy->at.host, proxy->at.port, t->target);
}

struct assay_tunnel *
assay_tunnel_start(struct assay_stream *stream, const struct assay_proxy *proxy,
                   const struct assay_address *to, assay_tunnelled *done,
                   void *user)
{
    static const struct assay_stream_events events = {
        .data = on_data, .eof = on_eof, .failed = on_failed};
    struct assay_tunnel *t = calloc(1, sizeof(*t));
    struct assay_buf request;
    struct assay_error err;

    if (t == NULL) {
        return NULL;
    }
    assay_error_clear(&err);
    assay_buf_init(&request, ASSAY_PROXY_ANSWER_MAX_BYTES);
    assay_buf_init(&t->answer, ASSAY_PROXY_ANSWER_MAX_BYTES);
    t->stream = stream;
    t->done = done;
    t->user = user;
    name(t, proxy, to);
    put_request(t, proxy, &request, &err);
    if (err.code == ASSAY_OK) {
        assay_stream_tell(stream, &events, t);
        assay_stream_write(stream, assay_buf_slice(&request));
        assay_stream_read(stream, true);
    } else {
        free(t);
        t = NULL; /* an address holds nothing else that a head refuses */
    }
    assay_buf_free(&request);
    return t;
}
