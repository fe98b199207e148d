/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * dial.c - connecting: names, several addresses, proxies, time limits.
 *
 * One step after the other: look up, race, CONNECT. A step that ends calls
 * the next one, or finish(), which is the only way out but to be cancelled.
 */
#include "io/dial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "io/proxy.h"
#include "io/race.h"
#include "io/resolve.h"
#include "io/socket_name.h"

struct assay_dial {
    uv_loop_t *loop;
    struct assay_dial_options options;
    assay_dialed *done;
    void *user;
    uv_timer_t timer;
    uv_getaddrinfo_t lookup;
    uv_connect_t connect;        /* of a Unix socket */
    uv_pipe_t *pipe;             /* a Unix socket that is not connected yet */
    struct assay_race *race;     /* under way */
    struct assay_stream *stream; /* to a proxy */
    struct assay_tunnel *tunnel; /* under way */
    struct assay_proxy proxy;
    const struct assay_address *hop; /* the target, or the proxy */
    bool looking_up;
    bool over;
    unsigned held; /* what libuv has to give back */
};

/* --- the end ------------------------------------------------------------ */

static void
release(struct assay_dial *d)
{
    if (--d->held == 0) {
        assay_proxy_free(&d->proxy);
        free(d);
    }
}

static void
on_timer_closed(uv_handle_t *timer)
{
    release(timer->data);
}

static void
free_handle(uv_handle_t *handle)
{
    free(handle);
}

void
assay_dial_cancel(struct assay_dial *d)
{
    if (d == NULL || d->over) {
        return;
    }
    d->over = true;
    assay_race_cancel(d->race);
    assay_tunnel_cancel(d->tunnel);
    assay_stream_close(d->stream);
    if (d->pipe != NULL) {
        uv_close((uv_handle_t *)d->pipe, free_handle);
    }
    if (d->looking_up) {
        (void)uv_cancel((uv_req_t *)&d->lookup); /* or wait for it */
    }
    uv_close((uv_handle_t *)&d->timer, on_timer_closed);
}

/* The stream, or NULL and the reason. */
static void
finish(struct assay_dial *d, struct assay_stream *stream,
       const struct assay_error *err)
{
    assay_dial_cancel(d); /* d lives until its timer is closed */
    d->done(d->user, stream, err);
}

static void
finish_ok(struct assay_dial *d, struct assay_stream *stream)
{
    struct assay_error err;

    assay_error_clear(&err);
    finish(d, stream, &err);
}

static const char *
hop_kind(const struct assay_dial *d)
{
    return d->hop == &d->proxy.at ? "proxy " : "";
}

/* "connect to x.example:443" and what is given, which brings its colon. */
static void
finish_failed(struct assay_dial *d, enum assay_code code, const char *why)
{
    const struct assay_address *hop = d->hop;
    struct assay_error err;
    bool ip6 = strchr(hop->host, ':') != NULL;

    assay_error_clear(&err);
    if (hop->is_unix) {
        assay_fail(&err, code, ASSAY_NO_OFFSET, "connect to unix:%s%s",
                   hop->path, why);
    } else {
        assay_fail(&err, code, ASSAY_NO_OFFSET, "connect to %s%s%s%s:%s%s",
                   hop_kind(d), ip6 ? "[" : "", hop->host, ip6 ? "]" : "",
                   hop->port, why);
    }
    finish(d, NULL, &err);
}

static void
finish_failed_uv(struct assay_dial *d, enum assay_code code, int status)
{
    char why[96] = ": ";

    uv_strerror_r(status, why + 2, sizeof(why) - 2);
    finish_failed(d, status == UV_ENOMEM ? ASSAY_NO_MEMORY : code, why);
}

static void
finish_no_memory(struct assay_dial *d)
{
    finish_failed(d, ASSAY_NO_MEMORY, ": out of memory");
}

/* Who gave an address need not read it twice. */
static bool
is_ip(const struct assay_address *a)
{
    struct sockaddr_storage ip;

    return assay_resolve_ip(a->host, a->port, &ip);
}

static void
on_timeout(uv_timer_t *timer)
{
    struct assay_dial *d = timer->data;
    double limit_s = (double)d->options.timeout_ms / 1000.0;
    char tried[120] = "";
    char why[240];

    if (d->race != NULL && !is_ip(d->hop)) {
        assay_race_trying(d->race, tried, sizeof(tried));
    }
    (void)snprintf(why, sizeof(why), "%s%s: %s within %.1f s",
                   tried[0] != '\0' ? " " : "", tried,
                   d->looking_up       ? "the name was not found"
                   : d->tunnel != NULL ? "no answer to CONNECT"
                                       : "no answer",
                   limit_s);
    finish_failed(d, ASSAY_TIMEOUT, why);
}

/* --- CONNECT ------------------------------------------------------------ */

static void
on_tunnelled(void *user, const struct assay_error *err)
{
    struct assay_dial *d = user;
    struct assay_stream *stream = d->stream;

    d->tunnel = NULL;
    if (err->code != ASSAY_OK) {
        finish(d, NULL, err);
        return;
    }
    d->stream = NULL; /* handed to the caller */
    finish_ok(d, stream);
}

static void
on_raced(void *user, struct assay_stream *stream, bool own, const char *tried)
{
    struct assay_dial *d = user;
    char why[240];

    d->race = NULL;
    if (stream == NULL) {
        const char *rest = is_ip(d->hop) ? strchr(tried, ')') : NULL;

        (void)snprintf(why, sizeof(why), "%s%s", rest != NULL ? "" : " ",
                       rest != NULL ? rest + 1 : tried);
        finish_failed(d, own ? ASSAY_NO_MEMORY : ASSAY_NETWORK, why);
        return;
    }
    if (d->hop == &d->options.to) {
        finish_ok(d, stream);
        return;
    }
    d->stream = stream;
    d->tunnel =
        assay_tunnel_start(stream, &d->proxy, &d->options.to, on_tunnelled, d);
    if (d->tunnel == NULL) {
        finish_no_memory(d);
    }
}

/* --- addresses ---------------------------------------------------------- */

static void
leave_out(const struct assay_dial *d, struct assay_addresses *addresses)
{
    size_t kept = 0;

    for (size_t i = 0; i < addresses->count; i++) {
        const struct sockaddr_storage *a = &addresses->list[i];

        if (d->options.may_connect == NULL ||
            d->options.may_connect(d->user, (const struct sockaddr *)a)) {
            addresses->list[kept++] = *a;
        }
    }
    addresses->count = kept;
}

static void
race(struct assay_dial *d, struct assay_addresses *addresses)
{
    bool named = addresses->count > 0;

    leave_out(d, addresses);
    if (addresses->count == 0) {
        finish_failed(d, ASSAY_NOT_FOUND,
                      named ? ": none of its addresses may be connected to"
                            : ": the name has no address");
        return;
    }
    d->race = assay_race_start(d->loop, addresses->list, addresses->count,
                               on_raced, d);
    if (d->race == NULL) {
        finish_no_memory(d);
    }
}

static void
on_looked_up(uv_getaddrinfo_t *req, int status, struct addrinfo *found)
{
    struct assay_dial *d = req->data;
    struct assay_addresses addresses;

    d->looking_up = false;
    if (!d->over && status == 0) {
        assay_resolve_interleave(found, &addresses);
        race(d, &addresses);
    } else if (!d->over &&
               (status == UV_EAI_NONAME || status == UV_EAI_NODATA)) {
        finish_failed(d, ASSAY_NOT_FOUND, ": no such name");
    } else if (!d->over) {
        finish_failed_uv(d, ASSAY_NETWORK, status);
    }
    uv_freeaddrinfo(found);
    release(d);
}

static void
look_up(struct assay_dial *d)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV};
    int rc;

    d->lookup.data = d;
    rc = uv_getaddrinfo(d->loop, &d->lookup, on_looked_up, d->hop->host,
                        d->hop->port, &hints);
    if (rc != 0) {
        finish_failed_uv(d, ASSAY_NETWORK, rc);
        return;
    }
    d->looking_up = true;
    d->held++;
}

/* --- Unix sockets ------------------------------------------------------- */

static void
on_pipe_connected(uv_connect_t *req, int status)
{
    struct assay_dial *d = req->data;

    if (!d->over && status != 0) {
        finish_failed_uv(d, ASSAY_NETWORK, status);
    } else if (!d->over) {
        struct assay_stream *stream =
            assay_stream_adopt((uv_stream_t *)d->pipe);

        d->pipe = NULL; /* the stream's */
        if (stream != NULL) {
            finish_ok(d, stream);
        } else {
            finish_no_memory(d);
        }
    }
    release(d);
}

static void
connect_pipe(struct assay_dial *d)
{
    d->pipe = malloc(sizeof(*d->pipe));
    if (d->pipe == NULL) {
        finish_no_memory(d);
        return;
    }
    uv_pipe_init(d->loop, d->pipe, 0); /* never fails */
    d->connect.data = d;
    d->held++;
    uv_pipe_connect(&d->connect, d->pipe, d->options.to.path,
                    on_pipe_connected);
}

/* --- the beginning ------------------------------------------------------ */

/* In the loop, where done() may be called. */
static void
on_begin(uv_timer_t *timer)
{
    struct assay_dial *d = timer->data;
    struct assay_addresses addresses;
    struct assay_error err;

    assay_error_clear(&err);
    uv_timer_start(timer, on_timeout, d->options.timeout_ms, 0);
    if (d->options.to.is_unix) {
        connect_pipe(d);
        return;
    }
    if (d->options.proxy != NULL) {
        if (assay_proxy_parse(d->options.proxy, &d->proxy, &err) != ASSAY_OK) {
            finish(d, NULL, &err);
            return;
        }
        d->hop = &d->proxy.at;
    }
    if (assay_resolve_known(d->hop, d->options.resolve,
                            d->options.resolve_count, &addresses,
                            &err) != ASSAY_OK) {
        finish(d, NULL, &err);
    } else if (addresses.count > 0) {
        race(d, &addresses);
    } else {
        look_up(d);
    }
}

struct assay_dial *
assay_dial_start(uv_loop_t *loop, const struct assay_dial_options *options,
                 assay_dialed *done, void *user)
{
    struct assay_dial *d = calloc(1, sizeof(*d));

    if (d == NULL) {
        return NULL;
    }
    d->loop = loop;
    d->options = *options;
    if (d->options.timeout_ms == 0) {
        d->options.timeout_ms = ASSAY_DIAL_TIMEOUT_MS;
    }
    d->done = done;
    d->user = user;
    d->hop = &d->options.to;
    d->held = 1;                    /* the timer */
    uv_timer_init(loop, &d->timer); /* never fails */
    d->timer.data = d;
    uv_timer_start(&d->timer, on_begin, 0, 0);
    return d;
}
