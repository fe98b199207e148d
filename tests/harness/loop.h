/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * loop.h - a libuv loop for one test: it must run empty within a limit, and
 * nothing may be left on it. Also pairs of connected streams.
 */
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include "harness/unit.h"
#include "io/stream.h"

#define LOOP_LIMIT_MS 30000u

struct trial_loop {
    uv_loop_t uv;
    uv_timer_t watchdog;
    bool expired;
};

static inline void
loop_on_watchdog(uv_timer_t *timer)
{
    struct trial_loop *t = timer->data;

    t->expired = true;
    uv_stop(timer->loop);
}

static inline void
loop_open(struct trial_loop *t)
{
    t->expired = false;
    assert_int_equal(uv_loop_init(&t->uv), 0);
    assert_int_equal(uv_timer_init(&t->uv, &t->watchdog), 0);
    t->watchdog.data = t;
    uv_timer_start(&t->watchdog, loop_on_watchdog, LOOP_LIMIT_MS, 0);
    uv_unref((uv_handle_t *)&t->watchdog);
}

/* Until nothing is left that could happen. */
static inline void
loop_run(struct trial_loop *t)
{
    uv_run(&t->uv, UV_RUN_DEFAULT);
    if (t->expired) {
        fail_msg("the loop did not run empty within %u ms", LOOP_LIMIT_MS);
    }
}

/* Runs it empty; a handle that was not closed fails the test. */
static inline void
loop_close(struct trial_loop *t)
{
    loop_run(t);
    uv_close((uv_handle_t *)&t->watchdog, NULL);
    uv_run(&t->uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&t->uv), 0);
}

/* A plain socket. */
static inline int
loop_socket(int family, int flags)
{
    int fd = socket(family, SOCK_STREAM | flags, 0);

    if (fd < 0) {
        abort(); /* an analyser knows that this does not return */
    }
    return fd;
}

/* A stream around a connected Unix socket, which it takes over. */
static inline struct assay_stream *
loop_adopt(struct trial_loop *t, int fd)
{
    uv_pipe_t *pipe = malloc(sizeof(*pipe));
    struct assay_stream *s;

    assert_non_null(pipe);
    assert_int_equal(uv_pipe_init(&t->uv, pipe, 0), 0);
    assert_int_equal(uv_pipe_open(pipe, fd), 0);
    s = assay_stream_adopt((uv_stream_t *)pipe);
    assert_non_null(s);
    return s;
}

static inline void
loop_pair(struct trial_loop *t, struct assay_stream *pair[2])
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    pair[0] = loop_adopt(t, fds[0]);
    pair[1] = loop_adopt(t, fds[1]);
}
