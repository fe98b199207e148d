/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * listen.c - accepting connections on TCP and Unix sockets.
 *
 * The socket is polled and accept4() called here: where descriptors run out,
 * libuv's own listener closes the connections that wait. Here they wait on.
 */
#define _GNU_SOURCE /* accept4 */
#include "io/listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "io/listen_socket.h"
#include "io/socket_name.h"

#define PAUSE_MS    100 /* where the system has no descriptor to give */
#define ACCEPTS_MAX 64  /* in a row, before others on the loop have a turn */

struct assay_listener {
    uv_loop_t *loop;
    uv_poll_t poll;
    uv_timer_t pause;
    int fd;
    bool is_unix;
    bool paused; /* by the owner */
    bool closing;
    unsigned handles; /* still to be closed */
    assay_accepted *accepted;
    void *user;
    struct assay_socket_file file; /* to be removed, if any */
    char address[ASSAY_PATH_MAX_BYTES + sizeof("unix:") +
                 ASSAY_SOCKET_NAME_BYTES];
};

static void
free_handle(uv_handle_t *handle)
{
    free(handle);
}

/* Hands the descriptor over, or closes it. */
static void
take(struct assay_listener *l, int fd)
{
    union uv_any_handle *handle = malloc(sizeof(*handle));
    struct assay_stream *stream = NULL;
    int rc;

    if (handle == NULL) {
        close(fd);
        return;
    }
    if (l->is_unix) {
        rc = uv_pipe_init(l->loop, &handle->pipe, 0);
        rc = rc != 0 ? rc : uv_pipe_open(&handle->pipe, fd);
    } else {
        rc = uv_tcp_init(l->loop, &handle->tcp);
        rc = rc != 0 ? rc : uv_tcp_open(&handle->tcp, fd);
    }
    if (rc != 0) {
        close(fd);
        uv_close(&handle->handle, free_handle);
        return;
    }
    stream = assay_stream_adopt(&handle->stream);
    if (stream != NULL) {
        l->accepted(l->user, stream);
    }
}

static void watch(struct assay_listener *l);

static void
on_pause_over(uv_timer_t *timer)
{
    watch(timer->data);
}

static void
pause_a_moment(struct assay_listener *l)
{
    uv_poll_stop(&l->poll);
    uv_timer_start(&l->pause, on_pause_over, PAUSE_MS, 0);
}

static void
on_connection(uv_poll_t *poll, int status, int events)
{
    struct assay_listener *l = poll->data;

    (void)events;
    (void)status; /* accept says it better */
    for (int i = 0; i < ACCEPTS_MAX && !l->closing && !l->paused; i++) {
        int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            take(l, fd);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            /* EMFILE, ENFILE, ENOMEM, ...: asking at once would only spin. */
            pause_a_moment(l);
            return;
        }
    }
}

static void
watch(struct assay_listener *l)
{
    if (!l->closing && !l->paused &&
        uv_poll_start(&l->poll, UV_READABLE, on_connection) != 0) {
        pause_a_moment(l);
    }
}

void
assay_listener_pause(struct assay_listener *l, bool pause)
{
    if (l->closing || pause == l->paused) {
        return;
    }
    l->paused = pause;
    uv_timer_stop(&l->pause);
    if (pause) {
        uv_poll_stop(&l->poll);
    } else {
        watch(l);
    }
}

/* --- life --------------------------------------------------------------- */

static void
name_address(struct assay_listener *l)
{
    struct sockaddr_un own = {.sun_family = AF_UNSPEC};
    struct sockaddr_storage any = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(any);

    (void)getsockname(l->fd, (struct sockaddr *)&any, &len);
    l->is_unix = any.ss_family == AF_UNIX;
    if (l->is_unix) {
        memcpy(&own, &any, sizeof(own));
        snprintf(l->address, sizeof(l->address), "unix:%.*s",
                 (int)sizeof(own.sun_path), own.sun_path);
    } else {
        assay_socket_name((struct sockaddr *)&any, l->address,
                          sizeof(l->address));
    }
}

static void
on_closed(uv_handle_t *handle)
{
    struct assay_listener *l = handle->data;

    if (--l->handles == 0) {
        free(l);
    }
}

/* Takes over the descriptor, also if it fails. */
static struct assay_listener *
listener_new(uv_loop_t *loop, int fd)
{
    struct assay_listener *l = calloc(1, sizeof(*l));

    if (l == NULL || uv_poll_init(loop, &l->poll, fd) != 0) {
        free(l);
        close(fd);
        return NULL;
    }
    uv_timer_init(loop, &l->pause); /* never fails */
    l->handles = 2;
    l->poll.data = l;
    l->pause.data = l;
    l->loop = loop;
    l->fd = fd;
    return l;
}

enum assay_code
assay_listen_on(uv_loop_t *loop, int fd, assay_accepted *accepted, void *user,
                struct assay_listener **out, struct assay_error *err)
{
    struct assay_listener *l = listener_new(loop, fd);

    *out = l;
    assay_error_clear(err);
    if (l == NULL) {
        return assay_fail(err, ASSAY_NO_MEMORY, ASSAY_NO_OFFSET,
                          "listen: out of memory");
    }
    l->accepted = accepted;
    l->user = user;
    name_address(l);
    watch(l);
    return ASSAY_OK;
}

enum assay_code
assay_listen(uv_loop_t *loop, const struct assay_address *at, unsigned mode,
             assay_accepted *accepted, void *user, struct assay_listener **out,
             struct assay_error *err)
{
    struct assay_socket_file file = {.path = ""};
    int fd;

    *out = NULL;
    assay_error_clear(err);
    if (assay_listen_socket(loop, at, mode, &fd, err) != ASSAY_OK) {
        return err->code;
    }
    if (at->is_unix) {
        assay_socket_file_note(&file, at->path);
    }
    if (assay_listen_on(loop, fd, accepted, user, out, err) == ASSAY_OK) {
        (*out)->file = file;
    } else {
        assay_socket_file_remove(&file);
    }
    return err->code;
}

const char *
assay_listener_address(const struct assay_listener *l)
{
    return l->address;
}

void
assay_listener_close(struct assay_listener *l)
{
    if (l == NULL || l->closing) {
        return;
    }
    l->closing = true;
    assay_socket_file_remove(&l->file);
    uv_poll_stop(&l->poll);
    uv_close((uv_handle_t *)&l->poll, on_closed);
    uv_close((uv_handle_t *)&l->pause, on_closed);
    close(l->fd); /* after uv_poll_stop: the port is free at once */
}
