/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * inout.c - standard input and output, by the threads of libuv.
 */
#include "io/inout.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/error.h"

struct assay_inout {
    uv_loop_t *loop;
    uv_work_t work;
    int fd;
    assay_inout_done *done;
    void *user;
    bool busy;
    bool orphan; /* freed while a thread was at it */
    /* the thread's, while busy */
    bool writes;
    size_t len; /* to be written, or that was read */
    int failure;
    uint8_t piece[ASSAY_INOUT_PIECE_BYTES];
};

struct assay_inout *
assay_inout_new(uv_loop_t *loop, int fd, assay_inout_done *done, void *user)
{
    struct assay_inout *x = calloc(1, sizeof(*x));

    if (x != NULL) {
        x->loop = loop;
        x->work.data = x;
        x->fd = fd;
        x->done = done;
        x->user = user;
    }
    return x;
}

/* --- in the thread ------------------------------------------------------ */

/* Whoever gave us the descriptor may have made it non-blocking. False: it is no
 * use to try again. */
static bool
wait_for(int fd, short what)
{
    struct pollfd p = {.fd = fd, .events = what};

    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return poll(&p, 1, -1) >= 0 || errno == EINTR;
    }
    return errno == EINTR;
}

static void
do_read(struct assay_inout *x)
{
    ssize_t n;

    do {
        n = read(x->fd, x->piece, sizeof(x->piece));
    } while (n < 0 && wait_for(x->fd, POLLIN));
    x->failure = n < 0 ? errno : 0;
    x->len = n < 0 ? 0 : (size_t)n;
}

static void
do_write(struct assay_inout *x)
{
    size_t at = 0;

    while (at < x->len && x->failure == 0) {
        ssize_t n = write(x->fd, x->piece + at, x->len - at);

        if (n >= 0) {
            at += (size_t)n;
        } else if (!wait_for(x->fd, POLLOUT)) {
            x->failure = errno;
        }
    }
}

static void
on_work(uv_work_t *work)
{
    struct assay_inout *x = work->data;

    if (x->writes) {
        do_write(x);
    } else {
        do_read(x);
    }
}

/* --- in the loop -------------------------------------------------------- */

static void
on_after(uv_work_t *work, int status)
{
    struct assay_inout *x = work->data;
    struct assay_slice data = ASSAY_EMPTY;
    struct assay_error err;

    (void)status; /* nothing is cancelled */
    x->busy = false;
    if (x->orphan) {
        free(x);
        return;
    }
    assay_error_clear(&err);
    if (x->failure != 0) {
        assay_fail(&err, ASSAY_IO, ASSAY_NO_OFFSET, "standard %s: %s",
                   x->writes ? "output" : "input", strerror(x->failure));
    } else if (!x->writes) {
        data = (struct assay_slice){x->piece, x->len};
    }
    x->done(x->user, data, &err);
}

static void
start(struct assay_inout *x)
{
    x->busy = true;
    x->failure = 0;
    /* Fails only without a function to run. */
    (void)uv_queue_work(x->loop, &x->work, on_work, on_after);
}

void
assay_inout_read(struct assay_inout *x)
{
    if (!x->busy) {
        x->writes = false;
        start(x);
    }
}

void
assay_inout_write(struct assay_inout *x, struct assay_slice data)
{
    if (!x->busy && data.len <= sizeof(x->piece)) {
        assay_copy(x->piece, data);
        x->len = data.len;
        x->writes = true;
        start(x);
    }
}

bool
assay_inout_is_busy(const struct assay_inout *x)
{
    return x != NULL && x->busy;
}

void
assay_inout_free(struct assay_inout *x)
{
    if (x == NULL) {
        return;
    }
    if (x->busy) {
        x->orphan = true;
    } else {
        free(x);
    }
}
