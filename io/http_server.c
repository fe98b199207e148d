/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * http_server.c - small HTTP/1.1 servers: who is connected.
 */
#include "io/http_server.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "io/http_conn.h"

static void
on_accepted(void *user, struct assay_stream *stream)
{
    struct assay_http_server *s = user;

    if (assay_http_conn_new(s, stream) != NULL) {
        s->count++;
    }
    if (s->count >= s->limits.connections) {
        assay_listener_pause(s->listener, true);
    }
}

static void
tell_drained(struct assay_http_server *s)
{
    if (s->count == 0 && s->drained != NULL) {
        s->drained(s->drained_user);
    }
}

void
assay_http_server_left(struct assay_http_server *s)
{
    s->count--;
    if (s->listener != NULL) {
        assay_listener_pause(s->listener, false);
    }
    tell_drained(s);
}

void
assay_http_server_drain(struct assay_http_server *s,
                        void (*drained)(void *user), void *user)
{
    struct assay_http_conn *next;

    assay_listener_close(s->listener);
    s->listener = NULL;
    s->draining = true;
    for (struct assay_http_conn *c = s->first; c != NULL; c = next) {
        next = assay_http_conn_next(c);
        assay_http_conn_close_idle(c);
    }
    s->drained = drained;
    s->drained_user = user;
    tell_drained(s);
}

enum assay_code
assay_http_server_new(uv_loop_t *loop, const struct assay_address *at,
                      unsigned mode,
                      const struct assay_http_server_limits *limits,
                      assay_http_handler *handler, void *user,
                      struct assay_http_server **out, struct assay_error *err)
{
    struct assay_http_server *s = calloc(1, sizeof(*s));

    *out = NULL;
    assay_error_clear(err);
    if (s == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "HTTP server: out of memory");
    }
    s->loop = loop;
    s->limits = *limits;
    s->handler = handler;
    s->user = user;
    if (assay_listen(loop, at, mode, on_accepted, s, &s->listener, err) !=
        ASSAY_OK) {
        free(s);
        return err->code;
    }
    *out = s;
    return ASSAY_OK;
}

const char *
assay_http_server_address(const struct assay_http_server *s)
{
    return assay_listener_address(s->listener);
}

void
assay_http_server_close(struct assay_http_server *s)
{
    if (s == NULL) {
        return;
    }
    s->drained = NULL;
    assay_listener_close(s->listener);
    s->listener = NULL;
    while (s->first != NULL) {
        assay_http_conn_close(s->first);
    }
    free(s);
}
