/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * lines.c - lines to a descriptor, without waiting for their reader.
 *
 * The descriptor stays as it is: O_NONBLOCK would be set for all others who
 * have standard error, too. It is asked before each write whether there is
 * room; a pipe has then room for PIPE_BUF octets, and nobody else of this
 * process takes it meanwhile.
 */
#include "daemon/lines.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "base/bytes.h"

struct lines lines_stderr = {PTHREAD_MUTEX_INITIALIZER, STDERR_FILENO, false};

static bool
has_room(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int n;

    do {
        n = poll(&p, 1, 0);
    } while (n < 0 && errno == EINTR);
    return n == 1 && (p.revents & POLLOUT) != 0;
}

/* How many of them could be written at once. */
static size_t
write_now(int fd, struct assay_slice octets)
{
    size_t at = 0;

    while (at < octets.len && has_room(fd)) {
        size_t left = octets.len - at;
        ssize_t n =
            write(fd, octets.ptr + at, left < PIPE_BUF ? left : PIPE_BUF);

        if (n > 0) {
            at += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            break;
        }
    }
    return at;
}

bool
lines_write(struct lines *to, struct assay_slice line)
{
    size_t written = 0;

    pthread_mutex_lock(&to->turn);
    if (!to->torn || write_now(to->fd, assay_slice_of("\n")) == 1) {
        written = write_now(to->fd, line);
        to->torn = written > 0 && written < line.len;
    }
    pthread_mutex_unlock(&to->turn);
    return written == line.len;
}
