/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pipes.c - pipes of the kernel.
 */
#define _GNU_SOURCE /* pipe2, F_SETPIPE_SZ */
#include "pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool
make(struct pipe *out)
{
    int fds[2];

    if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0) {
        return false;
    }
    *out = (struct pipe){.in = fds[1], .out = fds[0]};
    /* Users have a limit in all: then it stays as large as it is. */
    (void)fcntl(out->in, F_SETPIPE_SZ, PIPE_BYTES);
    return true;
}

bool
pipes_take(struct pipes *p, struct pipe *out)
{
    if (p->count > 0) {
        *out = p->spare[--p->count];
        return true;
    }
    *out = (struct pipe){.in = -1, .out = -1};
    return make(out);
}

static void
drop(struct pipe *pipe)
{
    close(pipe->in);
    close(pipe->out);
}

void
pipes_give_back(struct pipes *p, struct pipe *pipe, bool empty)
{
    if (pipe->in < 0) {
        return;
    }
    if (empty && p->count < PIPES_SPARE_MAX) {
        p->spare[p->count++] = *pipe;
    } else {
        drop(pipe);
    }
    *pipe = (struct pipe){.in = -1, .out = -1};
}

void
pipes_close(struct pipes *p)
{
    while (p->count > 0) {
        drop(&p->spare[--p->count]);
    }
}
