/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * stream.c - a connected socket, TCP or Unix, on a libuv loop.
 *
 * What a call of this file finds out (all is written; the peer is gone) is
 * told by an idle handle in the next turn of the loop, never by the call. The
 * loop does not wait before it, but it does look: a system call, which those
 * who want `drained_if_waited` are spared.
 */
#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "io/chunks.h"
#include "io/socket_name.h"

struct assay_stream {
    uv_stream_t *handle;
    uv_idle_t later; /* tells what calls found out */
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct assay_stream_events events;
    void *user;
    struct assay_chunk *flying; /* with libuv */
    struct assay_chunks waiting;
    struct assay_error error; /* the first failure */
    int unwritable;   /* why nothing can be written any more; 0 if it can */
    unsigned handles; /* still to be closed */
    bool reading;
    bool in_data; /* the callback is being called */
    bool eof;
    bool owes_drained;
    bool owes_failed;
    bool shutdown_wanted;
    bool shutdown_begun;
    bool closing;
    char peer[ASSAY_SOCKET_NAME_BYTES];
};

/* --- telling ------------------------------------------------------------ */

static void
tell_drained(struct assay_stream *s)
{
    if (s->owes_drained && assay_stream_queued(s) == 0) {
        s->owes_drained = false;
        if (s->events.drained != NULL) {
            s->events.drained(s->user);
        }
    }
}

static void
on_later(uv_idle_t *idle)
{
    struct assay_stream *s = idle->data;

    uv_idle_stop(idle);
    if (s->owes_failed) {
        s->owes_failed = false;
        if (s->events.failed != NULL) {
            s->events.failed(s->user, &s->error);
        }
    } else if (s->error.code == ASSAY_OK) {
        tell_drained(s);
    }
}

static void
tell_later(struct assay_stream *s)
{
    uv_idle_start(&s->later, on_later); /* no failure: it has a callback */
}

/* After a failure was recorded: nothing more happens but being told. */
static void
stop(struct assay_stream *s)
{
    s->owes_failed = true;
    s->reading = false;
    uv_read_stop(s->handle);
    tell_later(s);
}

static void
fail(struct assay_stream *s, int status)
{
    if (s->error.code == ASSAY_OK && !s->closing) {
        assay_fail_uv(&s->error, ASSAY_NETWORK, status, "%s", s->peer);
        stop(s);
    }
}

static void
fail_own(struct assay_stream *s, enum assay_code code, const char *why)
{
    if (s->error.code == ASSAY_OK) {
        assay_fail(&s->error, code, ASSAY_NO_OFFSET, "%s: %s", s->peer, why);
        stop(s);
    }
}

/* The peer takes nothing more. It may have said why before it went (a server
 * that refuses a large body answers and closes), so what it said is read first
 * where somebody reads; the end of that tells of the failure. */
static void
fail_writing(struct assay_stream *s, int status)
{
    if (!s->reading) {
        fail(s, status);
    } else if (s->unwritable == 0) {
        s->unwritable = status;
        s->owes_drained = false;
        assay_chunks_free(s->waiting.first);
        s->waiting = (struct assay_chunks){.first = NULL};
    }
}

/* --- reading ------------------------------------------------------------ */

/* One buffer a thread: a slice lives as long as its callback, and a thread
 * runs one callback at a time. */
static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static _Thread_local char room[ASSAY_STREAM_READ_BYTES];

    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(room, sizeof(room));
}

static void
stop_reading(struct assay_stream *s)
{
    uv_read_stop(s->handle);
    if (s->unwritable != 0) {
        fail(s, s->unwritable); /* nobody reads what it said */
    }
}

/* Reading that is switched off and on again meanwhile costs nothing. */
static void
tell_data(struct assay_stream *s, struct assay_slice data)
{
    if (s->events.data == NULL) {
        return;
    }
    s->in_data = true;
    s->events.data(s->user, data);
    s->in_data = false;
    if (!s->closing && !s->reading && s->error.code == ASSAY_OK) {
        stop_reading(s);
    }
}

static void
on_read(uv_stream_t *handle, ssize_t n, const uv_buf_t *buf)
{
    struct assay_stream *s = handle->data;

    if (n > 0) {
        tell_data(s,
                  (struct assay_slice){(const uint8_t *)buf->base, (size_t)n});
    } else if (n < 0 && s->unwritable != 0) {
        fail(s, s->unwritable);
    } else if (n == UV_EOF) {
        s->eof = true;
        s->reading = false;
        uv_read_stop(handle);
        if (s->events.eof != NULL) {
            s->events.eof(s->user);
        }
    } else if (n < 0) {
        fail(s, (int)n);
    }
}

void
assay_stream_read(struct assay_stream *s, bool on)
{
    int rc;

    if (s->closing || s->eof || s->error.code != ASSAY_OK || on == s->reading) {
        return;
    }
    s->reading = on;
    if (s->in_data) {
        return; /* seen to behind the callback */
    }
    if (!on) {
        stop_reading(s);
        return;
    }
    rc = uv_read_start(s->handle, on_alloc, on_read);
    if (rc != 0) {
        fail(s, rc);
    }
}

/* --- writing ------------------------------------------------------------ */

static void on_written(uv_write_t *req, int status);

static void
on_shutdown(uv_shutdown_t *req, int status)
{
    /* A peer that is gone already needs no last byte: reading shows it. */
    if (status != 0 && status != UV_ENOTCONN) {
        fail(req->handle->data, status);
    }
}

/* Hands waiting chunks to libuv, if it has none; then the shutdown. */
static void
flush(struct assay_stream *s)
{
    uv_buf_t bufs[ASSAY_CHUNK_FLIGHT_MAX];
    unsigned count;
    int rc = 0;

    if (s->flying != NULL || s->error.code != ASSAY_OK || s->unwritable != 0) {
        return;
    }
    s->flying = assay_chunks_take(&s->waiting, bufs, &count);
    if (count > 0) {
        rc = uv_write(&s->write, s->handle, bufs, count, on_written);
    } else if (s->shutdown_wanted && !s->shutdown_begun) {
        s->shutdown_begun = true;
        rc = uv_shutdown(&s->shutdown, s->handle, on_shutdown);
        rc = rc == UV_ENOTCONN ? 0 : rc;
    }
    if (rc != 0) {
        fail_writing(s, rc);
    }
}

static void
on_written(uv_write_t *req, int status)
{
    struct assay_stream *s = req->handle->data;

    assay_chunks_free(s->flying);
    s->flying = NULL;
    if (s->closing) {
        return;
    }
    if (status != 0) {
        fail_writing(s, status);
        return;
    }
    flush(s);
    tell_drained(s);
}

static void
enqueue(struct assay_stream *s, struct assay_slice bytes)
{
    if (bytes.len > ASSAY_STREAM_QUEUE_MAX_BYTES - assay_stream_queued(s)) {
        fail_own(s, ASSAY_TOO_LARGE,
                 "the peer reads too slowly: more than 64 MiB wait for it");
        return;
    }
    if (!assay_chunks_add(&s->waiting, bytes)) {
        fail_own(s, ASSAY_NO_MEMORY, "no memory for what is to be sent");
        return;
    }
    flush(s);
}

/* What the system takes at once; the rest is left in *bytes. */
static void
write_now(struct assay_stream *s, struct assay_slice *bytes)
{
    /* More is refused for its length anyway, and libuv counts in unsigned. */
    size_t len = bytes->len < ASSAY_STREAM_QUEUE_MAX_BYTES
                     ? bytes->len
                     : ASSAY_STREAM_QUEUE_MAX_BYTES;
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes->ptr, (unsigned)len);
    int n;

    if (len == 0 || s->flying != NULL || s->waiting.bytes > 0) {
        return;
    }
    n = uv_try_write(s->handle, &buf, 1);
    if (n > 0) {
        bytes->ptr += n;
        bytes->len -= (size_t)n;
    } else if (n < 0 && n != UV_EAGAIN) {
        fail_writing(s, n);
    }
}

void
assay_stream_write(struct assay_stream *s, struct assay_slice bytes)
{
    if (s->closing || s->error.code != ASSAY_OK || s->unwritable != 0) {
        return;
    }
    if (s->shutdown_wanted) {
        fail_own(s, ASSAY_INVALID, "written to after its shutdown");
        return;
    }
    s->owes_drained = true;
    write_now(s, &bytes);
    if (bytes.len > 0 && s->error.code == ASSAY_OK && s->unwritable == 0) {
        enqueue(s, bytes);
    } else if (s->events.drained_if_waited) {
        s->owes_drained = assay_stream_queued(s) > 0;
    } else {
        tell_later(s);
    }
}

size_t
assay_stream_queued(const struct assay_stream *s)
{
    return s->error.code != ASSAY_OK || s->unwritable != 0 || s->closing
               ? 0
               : s->waiting.bytes + uv_stream_get_write_queue_size(s->handle);
}

bool
assay_stream_is_quiet(const struct assay_stream *s)
{
    uv_os_fd_t fd;
    char byte;

    return !s->closing && !s->eof && !s->shutdown_wanted &&
           s->error.code == ASSAY_OK && s->unwritable == 0 &&
           assay_stream_queued(s) == 0 &&
           uv_fileno((const uv_handle_t *)s->handle, &fd) == 0 &&
           recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == -1 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool
assay_stream_is_reset(const struct assay_stream *s)
{
    struct pollfd p = {.fd = -1};

    return !s->closing && !s->shutdown_wanted &&
           uv_fileno((const uv_handle_t *)s->handle, &p.fd) == 0 &&
           poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP)) != 0;
}

void
assay_stream_shutdown(struct assay_stream *s)
{
    if (!s->closing && s->error.code == ASSAY_OK) {
        s->shutdown_wanted = true;
        flush(s);
    }
}

/* --- life --------------------------------------------------------------- */

void
assay_stream_tell(struct assay_stream *s,
                  const struct assay_stream_events *events, void *user)
{
    s->events = *events;
    s->user = user;
}

const char *
assay_stream_peer(const struct assay_stream *s)
{
    return s->peer;
}

void
assay_stream_set_peer(struct assay_stream *s, const char *name)
{
    snprintf(s->peer, sizeof(s->peer), "%s", name);
}

void
assay_stream_local(const struct assay_stream *s, char *out, size_t out_size)
{
    struct sockaddr_storage own = {.ss_family = AF_UNIX};
    int len = sizeof(own);

    if (s->handle->type == UV_TCP) {
        own.ss_family = AF_UNSPEC; /* stays if it is not connected any more */
        (void)uv_tcp_getsockname((const uv_tcp_t *)s->handle,
                                 (struct sockaddr *)&own, &len);
    }
    assay_socket_name((struct sockaddr *)&own, out, out_size);
}

static void
on_closed(uv_handle_t *handle)
{
    struct assay_stream *s = handle->data;

    if (--s->handles == 0) {
        assay_chunks_free(s->flying);
        assay_chunks_free(s->waiting.first);
        free(s->handle);
        free(s);
    }
}

void
assay_stream_close(struct assay_stream *s)
{
    if (s == NULL || s->closing) {
        return;
    }
    s->closing = true;
    s->events = (struct assay_stream_events){.data = NULL};
    uv_close((uv_handle_t *)s->handle, on_closed);
    uv_close((uv_handle_t *)&s->later, on_closed);
}

/* ThreadSanitizer does not see libuv close a descriptor, nor F_DUPFD make one,
 * and takes it for that of another thread which had the same number before. So
 * it is shown how one is made. */
static int
duplicate(int fd)
{
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
    return dup2(fd, eventfd(0, EFD_CLOEXEC));
#endif
#endif
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* The loop keeps its own descriptor, of the same connection. */
int
assay_stream_share(const struct assay_stream *s)
{
    uv_os_fd_t fd;

    if (uv_fileno((const uv_handle_t *)s->handle, &fd) != 0) {
        return -1;
    }
    return duplicate(fd);
}

int
assay_stream_release(struct assay_stream *s)
{
    int own = assay_stream_share(s);

    assay_stream_close(s);
    return own;
}

static void
ignore_sigpipe(void)
{
    struct sigaction old;

    if (sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler == SIG_DFL) {
        struct sigaction ignore = {.sa_handler = SIG_IGN};

        (void)sigaction(SIGPIPE, &ignore, NULL);
    }
}

/* Neither is needed for it to work: no error is told. */
static void
tune_tcp(uv_tcp_t *tcp)
{
    int unsent = ASSAY_STREAM_UNSENT_MAX_BYTES;
    uv_os_fd_t fd;

    (void)uv_tcp_nodelay(tcp, 1);
    if (uv_fileno((uv_handle_t *)tcp, &fd) == 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent,
                         sizeof(unsent));
    }
}

static void
name_peer(struct assay_stream *s)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNIX};
    int len = sizeof(peer);

    if (s->handle->type == UV_TCP) {
        uv_tcp_t *tcp = (uv_tcp_t *)s->handle;

        peer.ss_family = AF_UNSPEC; /* stays if the peer is gone again */
        (void)uv_tcp_getpeername(tcp, (struct sockaddr *)&peer, &len);
        tune_tcp(tcp);
    }
    assay_socket_name((struct sockaddr *)&peer, s->peer, sizeof(s->peer));
}

static void
free_handle(uv_handle_t *handle)
{
    free(handle);
}

struct assay_stream *
assay_stream_adopt(uv_stream_t *connected)
{
    static uv_once_t once = UV_ONCE_INIT;
    struct assay_stream *s = calloc(1, sizeof(*s));

    uv_once(&once, ignore_sigpipe);
    if (s == NULL) {
        uv_close((uv_handle_t *)connected, free_handle);
        return NULL;
    }
    assay_error_clear(&s->error);
    s->handle = connected;
    s->handle->data = s;
    uv_idle_init(connected->loop, &s->later); /* never fails */
    s->later.data = s;
    s->handles = 2;
    name_peer(s);
    return s;
}
